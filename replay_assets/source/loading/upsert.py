"""Rows written by key, so that writing twice is writing once.

INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy does not share, if a
unique key backs it; else an UPDATE, then an INSERT of what is not there. Both are executed
with one set of parameters per row.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

PREFIX = "value_"
"""Of parameters: SQLAlchemy reserves a column's own name in an UPDATE."""


def upsert_rows(
    connection: sa.Connection,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[dict[str, Any]],
    *,
    by_conflict: bool = True,
) -> None:
    """Write rows, given by the keys of the table's columns; all rows have the same ones."""
    if by_conflict:
        connection.execute(_on_conflict(connection, table, key, rows[0]), list(rows))
        return
    values = {name: sa.bindparam(PREFIX + name, type_=table.c[name].type) for name in rows[0]}
    same = sa.and_(*(table.c[name] == values[name] for name in key))
    changed = {table.c[name]: value for name, value in values.items() if name not in key}
    absent = sa.select(*values.values()).where(~sa.exists().where(same))
    parameters = [{PREFIX + name: value for name, value in row.items()} for row in rows]
    # UPDATE first: after the INSERT it would write the new rows again.
    if changed:
        connection.execute(sa.update(table).where(same).values(changed), parameters)
    insert = sa.insert(table).from_select(list(values), absent)
    connection.execute(insert, parameters)


def has_unique_key(connection: sa.Connection, table: sa.Table, key: Sequence[str]) -> bool:
    """Return whether the live table has a primary key, constraint or index on exactly the key."""
    inspector = sa.inspect(connection)
    wanted = {table.c[name].name for name in key}
    unique: list[Sequence[str | None]] = [
        inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"],
        *(
            one["column_names"]
            for one in inspector.get_unique_constraints(table.name, schema=table.schema)
        ),
        *(
            one["column_names"]
            for one in inspector.get_indexes(table.name, schema=table.schema)
            # A partial index does not keep all rows apart, so ON CONFLICT can't use it.
            if one["unique"] and not any("where" in name for name in one["dialect_options"])
        ),
    ]
    return any(set(columns) == wanted for columns in unique if columns)


def _on_conflict(
    connection: sa.Connection, table: sa.Table, key: Sequence[str], row: dict[str, Any]
) -> sa.Insert:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    changed = {name: statement.excluded[name] for name in row if name not in key}
    conflict = [table.c[name] for name in key]
    # DO UPDATE needs a column to set; a row may consist of its key only.
    upsert: sa.Insert = (
        statement.on_conflict_do_update(index_elements=conflict, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=conflict)
    )
    return upsert
