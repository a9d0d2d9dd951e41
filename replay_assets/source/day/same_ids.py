"""Ids of two tables, compared: as text if their types differ, which PostgreSQL can't compare.

A database may have `uuid` in one table and `varchar` in another, or integers and text.
"""

from typing import Any

import sqlalchemy as sa

from replay_assets.source.connection import MappedTable

UUID = "uuid"


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
    return compared(table.native(name), table, name, other, other_name)


def compared(
    column: sa.ColumnElement[Any],
    table: MappedTable,
    name: str,
    other: MappedTable,
    other_name: str,
) -> sa.ColumnElement[Any]:
    """Return a column that holds an id of a table in the form in which `id_like` returns it."""
    # PostgreSQL spells a uuid in small letters, others may not.
    return (
        sa.func.lower(sa.cast(column, sa.Text))
        if is_cast(table, name, other, other_name)
        else column
    )


def is_cast(table: MappedTable, name: str, other: MappedTable, other_name: str) -> bool:
    """Return whether an id is compared in another form than it has: no index is then used."""
    own, others = _kind(table, name), _kind(other, other_name)
    return own != others and (own != "text" or others == UUID)


def differ(left: MappedTable, right: MappedTable, name: str = "incident_id") -> bool:
    """Return whether an id is not compared as both tables have it."""
    return is_cast(left, name, right, name) or is_cast(right, name, left, name)


def _kind(table: MappedTable, name: str) -> str:
    real = table.type_of(name)
    if isinstance(real, sa.String):
        return "text"
    if isinstance(real, sa.Uuid):
        return UUID
    return "number" if isinstance(real, sa.Integer | sa.Numeric) else str(real)
