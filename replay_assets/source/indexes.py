"""Whether the source has the indexes that reading a day needs, in the team's own names.

They are looked for, never made: the source is not ours.
"""

import sqlalchemy as sa

from replay_assets.contracts.finding import Finding
from replay_assets.source.creating import indexed_column
from replay_assets.source.database import IncidentDatabase
from replay_assets.source.privileges import qualified
from replay_assets.source.tables import (
    AGENT_SESSIONS,
    AUTO_REPAIR_EXECUTIONS,
    INCIDENT_EVIDENCE,
    SESSION_MESSAGES,
    LogicalTable,
)

CHECK = "indexes"
READ_BY_INDEX = (INCIDENT_EVIDENCE, AGENT_SESSIONS, AUTO_REPAIR_EXECUTIONS, SESSION_MESSAGES)
IS_TABLE = sa.text("SELECT relkind IN ('r', 'p', 'm') FROM pg_class WHERE oid = to_regclass(:name)")
LED_BY = sa.text(
    """
    SELECT count(*) > 0 FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = to_regclass(:name) AND a.attname = :column
      AND i.indisvalid AND i.indpred IS NULL
    """
)


def index_findings(connection: sa.Connection, database: IncidentDatabase) -> list[Finding]:
    """Return which tables a day is found in quickly, and the statements that cure the others."""
    findings = []
    for logical in READ_BY_INDEX:
        source = database.mapping.source_of(logical, indexed_column(logical))
        present = database.real_columns(connection, logical)
        if source is None or present is None or source.column not in present:
            continue  # told by another check
        table = qualified(connection, database.mapping.table(logical))
        column = connection.dialect.identifier_preparer.quote(source.column)
        led = has_index(connection, database, logical)
        if led is None:
            says = f"{table} is no table: the indexes of what lies behind it can't be seen"
            findings.append(Finding(CHECK, "ok", says))
        elif led:
            findings.append(Finding(CHECK, "ok", f"{table} has an index that begins with {column}"))
        else:
            findings.append(_missing(connection, table, column))
    return findings


def has_index(
    connection: sa.Connection, database: IncidentDatabase, logical: LogicalTable
) -> bool | None:
    """Tell whether a whole index begins with the column a table is read by; null for a view."""
    source = database.mapping.source_of(logical, indexed_column(logical))
    if source is None:
        raise AssertionError("tables that are read by an index are always mapped")
    table = database.mapping.table(logical)
    if connection.dialect.name == "postgresql":
        named = {"name": qualified(connection, table)}
        if not connection.execute(IS_TABLE, named).scalar():
            return None
        return bool(connection.execute(LED_BY, {**named, "column": source.column}).scalar_one())
    schema, _, name = table.rpartition(".")
    inspector = sa.inspect(connection)
    if name in inspector.get_view_names(schema=schema or None):
        return None
    key = inspector.get_pk_constraint(name, schema=schema or None)["constrained_columns"]
    led = [
        one["column_names"][0]
        for one in inspector.get_indexes(name, schema=schema or None, include_auto_indexes=True)
        if one["column_names"] and "sqlite_where" not in one.get("dialect_options", {})
    ]
    return source.column in [*key[:1], *led]


def _missing(connection: sa.Connection, table: str, column: str) -> Finding:
    postgres = connection.dialect.name == "postgresql"
    return Finding(
        CHECK,
        "warn",
        f"{table} has no index that begins with {column}: every day reads the whole table",
        "create it; reading and writing go on meanwhile" if postgres else "create it",
        f"CREATE INDEX {'CONCURRENTLY ' if postgres else _sqlite_name(table, column)}"
        f"ON {table} ({column});",
    )


def _sqlite_name(table: str, column: str) -> str:
    """Return the name that SQLite, unlike PostgreSQL, does not find by itself."""
    bare = "_".join(part for part in f"{table}_{column}".replace('"', "").split(".") if part)
    return f'"ix_{bare}" '
