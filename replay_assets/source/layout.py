"""What a database is like beyond its columns: which indexes help, where a row can be found again.

We do not own the source. A missing index changes the statement, never the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from replay_assets.source.database import MappedTable

PLAIN_TABLES = ("r", "p")
"""PostgreSQL's kinds of relation that have rows of their own: tables, also partitioned ones."""


@dataclass(frozen=True)
class Layout:
    """A table's layout.

    Attributes:
        led_by: the columns that an index begins with.
        unique: the columns of which no two rows share a value.
        locator: the system column that finds a row again (`ctid`, `rowid`); null for a view.
        version: the system column that changes with each update of a row (`xmin`); null where
            there is none.
    """

    led_by: frozenset[str]
    unique: frozenset[str]
    locator: str | None
    version: str | None


def layout_of(connection: sa.Connection, table: MappedTable) -> Layout:
    """Look at a table's indexes and system columns."""
    schema = table.table.schema
    inspector = sa.inspect(connection)
    indexes = inspector.get_indexes(table.table.name, schema=schema)
    key = inspector.get_pk_constraint(table.table.name, schema=schema)["constrained_columns"]
    constraints = inspector.get_unique_constraints(table.table.name, schema=schema)
    # A partial index holds some rows only: it neither finds nor keeps apart all of them.
    whole = [
        index
        for index in indexes
        if not any(name.endswith("_where") for name in index.get("dialect_options", {}))
    ]
    columns = [index["column_names"] for index in whole]
    unique: list[Sequence[str | None]] = [
        index["column_names"] for index in whole if index["unique"]
    ]
    unique += [constraint["column_names"] for constraint in constraints]
    locator, version = _system_columns(connection, table)
    return Layout(
        led_by=frozenset(names[0] for names in [*columns, *unique, key] if names and names[0]),
        unique=frozenset(names[0] for names in [*unique, key] if len(names) == 1 and names[0]),
        locator=locator,
        version=version,
    )


def _system_columns(connection: sa.Connection, table: MappedTable) -> tuple[str | None, str | None]:
    if connection.dialect.name == "postgresql":
        name = ".".join(
            connection.dialect.identifier_preparer.quote(part)
            for part in (table.table.schema, table.table.name)
            if part
        )
        kind = connection.execute(
            sa.text("SELECT relkind::text FROM pg_class WHERE oid = to_regclass(:name)"),
            {"name": name},
        ).scalar()
        return ("ctid", "xmin") if kind in PLAIN_TABLES else (None, None)
    try:
        is_table = table.table.name in sa.inspect(connection).get_table_names()
        connection.execute(sa.select(sa.literal_column("rowid")).select_from(table.table).limit(0))
    except DatabaseError:  # a view, or a table WITHOUT ROWID
        return None, None
    return ("rowid" if is_table else None), None
