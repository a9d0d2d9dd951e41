"""Ids of two tables, compared: as text where their types differ, because PostgreSQL has no such =.

A database may have `uuid` in one table and `varchar` in another, or integers and text.
"""

from typing import Any

import sqlalchemy as sa

from replay_assets.source.connection.database import MappedTable


def same_id(
    left: MappedTable, right: MappedTable, name: str = "incident_id", other: str | None = None
) -> sa.ColumnElement[bool]:
    """Return whether two rows have the same id; `other` is the column of the right table."""
    other = other or name
    return id_like(left, name, right, other) == id_like(right, other, left, name)


def id_like(
    table: MappedTable, name: str, other: MappedTable, other_name: str
) -> sa.ColumnElement[Any]:
    """Return an id in the form in which it is compared with the id of another table."""
    column = table.native(name)
    return sa.cast(column, sa.Text) if is_cast(table, name, other, other_name) else column


def is_cast(table: MappedTable, name: str, other: MappedTable, other_name: str) -> bool:
    """Return whether an id is compared as text though it is not text: no index is then used."""
    own = _kind(table, name)
    return own != "text" and own != _kind(other, other_name)


def _kind(table: MappedTable, name: str) -> str:
    real = table.type_of(name)
    if isinstance(real, sa.String):
        return "text"
    return "number" if isinstance(real, sa.Integer | sa.Numeric) else str(real)
