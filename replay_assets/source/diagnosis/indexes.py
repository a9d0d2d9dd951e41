"""Whether the source has the indexes that reading a day needs, in the team's own names.

They are looked for, never made: the source is not ours.
"""

import sqlalchemy as sa

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.source.connection import IncidentDatabase
from replay_assets.source.loading import indexed_column
from replay_assets.source.schema import (
    AGENT_SESSIONS,
    AUTO_REPAIR_EXECUTIONS,
    INCIDENT_EVIDENCE,
    SESSION_MESSAGES,
    LogicalTable,
    layouts_of,
    qualified,
)

CHECK = "indexes"
READ_BY_INDEX = (INCIDENT_EVIDENCE, AGENT_SESSIONS, AUTO_REPAIR_EXECUTIONS, SESSION_MESSAGES)


def index_findings(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    """Return which tables a day is found in quickly, and how to make the missing indexes."""
    findings = []
    for logical in READ_BY_INDEX:
        source = database.mapping.source_of(logical, indexed_column(logical))
        present = database.real_columns(connection, logical)
        if source is None or present is None or source.column not in present:
            continue  # another check reports it
        table = qualified(connection, database.mapping.table(logical))
        column = connection.dialect.identifier_preparer.quote(source.column)
        led = has_index(connection, database, logical)
        if led is None:
            says = f"{table} is not a table: the indexes behind it can't be seen"
            findings.append(Diagnosis(CHECK, "ok", says))
        elif led:
            findings.append(
                Diagnosis(CHECK, "ok", f"{table} has an index that begins with {column}")
            )
        else:
            findings.append(_missing(connection, table, column))
    return findings


def has_index(
    connection: sa.Connection, database: IncidentDatabase, logical: LogicalTable
) -> bool | None:
    """Return whether a whole index begins with the column a table is read by; None for a view."""
    source = database.mapping.source_of(logical, indexed_column(logical))
    if source is None:
        raise AssertionError("tables that are read by an index are always mapped")
    (layout,) = layouts_of(connection, [database.mapping.table(logical)])
    return None if layout.locator is None else source.column in layout.led_by


def _missing(connection: sa.Connection, table: str, column: str) -> Diagnosis:
    postgres = connection.dialect.name == "postgresql"
    return Diagnosis(
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
