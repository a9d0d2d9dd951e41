"""What a database is like beyond its columns: which indexes help, where a row can be found again.

We do not own the source. A missing index changes the statement, never the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from replay_assets.source.schema.table_names import TableName

LAYOUTS = sa.text(
    """
    SELECT CASE WHEN c.relhassubclass AND c.relkind = 'r' THEN 'inherited'
                ELSE c.relkind::text END,
        ARRAY(SELECT a.attname::text FROM pg_index i
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
              WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL),
        ARRAY(SELECT a.attname::text FROM pg_index i
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
              WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
                AND i.indisunique AND i.indnkeyatts = 1)
    FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS n(name, position)
    LEFT JOIN pg_class c ON c.oid = to_regclass(n.name)
    ORDER BY n.position
    """
)
"""One round trip for all tables. An index left invalid by a failed build, or one of some rows only,
neither finds all rows nor makes all of them unique."""


POSTGRES_LOCATORS = {
    "r": "{row}.ctid",
    "m": "{row}.ctid",
    **dict.fromkeys(("p", "inherited"), "({row}.tableoid::text || {row}.ctid::text)"),
}
"""By kind of relation: in two partitions, rows may have the same `ctid`."""


@dataclass(frozen=True)
class TablePhysical:
    """A table's layout.

    Attributes:
        led_by: the columns that an index begins with.
        unique: the columns of which no two rows share a value.
        locator: SQL that finds a row of `{row}` again, by system columns; None for a view.
        version: the system column that changes with each update of a row (`xmin`); None if
            there is none.
    """

    led_by: frozenset[str]
    unique: frozenset[str]
    locator: str | None
    version: str | None


def layouts_of(connection: sa.Connection, tables: Sequence[TableName]) -> list[TablePhysical]:
    """Look at the indexes and system columns of tables, by their real names, in their order."""
    if connection.dialect.name != "postgresql":
        return [_sqlite_layout(connection, table) for table in tables]
    names = [qualified(connection, table) for table in tables]
    return [
        TablePhysical(
            led_by=frozenset(led_by),
            # An index holds for the table's own rows, not for those of the tables that inherit.
            unique=frozenset(unique if kind != "inherited" else ()),
            locator=POSTGRES_LOCATORS.get(kind),
            version="xmin" if kind in ("r", "p", "inherited") else None,
        )
        for kind, led_by, unique in connection.execute(LAYOUTS, {"names": names})
    ]


def _sqlite_layout(connection: sa.Connection, table: TableName) -> TablePhysical:
    schema, name = table
    inspector = sa.inspect(connection)
    # SQLite finds a table in any case, its inspector does not.
    names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
    name = next((one for one in names if one.casefold() == name.casefold()), name)
    key = inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
    whole = [
        index
        # Also SQLite's own indexes for UNIQUE, which the inspector leaves out by default.
        for index in inspector.get_indexes(name, schema=schema, include_auto_indexes=True)
        if "sqlite_where" not in index.get("dialect_options", {})
    ]
    columns: list[Sequence[str | None]] = [key, *(index["column_names"] for index in whole)]
    unique: list[Sequence[str | None]] = [
        key,
        *(index["column_names"] for index in whole if index["unique"]),
    ]
    return TablePhysical(
        led_by=frozenset(names[0] for names in columns if names and names[0]),
        unique=frozenset(names[0] for names in unique if len(names) == 1 and names[0]),
        locator=_sqlite_locator(connection, schema, name),
        version=None,
    )


def _sqlite_locator(connection: sa.Connection, schema: str | None, name: str) -> str | None:
    if name in sa.inspect(connection).get_view_names(schema=schema):
        return None
    table = sa.table(name, schema=schema)
    try:
        connection.execute(sa.select(sa.literal_column("rowid")).select_from(table).limit(0))
    except DatabaseError:  # a table WITHOUT ROWID
        return None
    return "{row}.rowid"


def qualified(connection: sa.Connection, table: TableName) -> str:
    """Return a table's name as SQL spells it, with its schema where one is given."""
    quote = connection.dialect.identifier_preparer
    return ".".join(quote.quote(part) for part in table if part is not None)
