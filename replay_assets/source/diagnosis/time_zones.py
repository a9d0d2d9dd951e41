"""Whether the source's timestamps say when something was: with a zone, or with one declared."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.errors import SourceError
from replay_assets.parsing.instants import is_naive, parse_instant
from replay_assets.source.connection.database import IncidentDatabase, MappedTable
from replay_assets.source.connection.instants import FIRST, LAST
from replay_assets.source.day.instant_columns import InstantColumns
from replay_assets.source.schema.tables import TABLES
from replay_assets.source.schema.types import instant_text

CHECK = "time zone"
LARGEST_DRIFT_S = 60.0
"""A clock that is off by more puts rows into another day than people expect."""
SAMPLE = 200
"""Values of a text column that are looked at."""
CANONICAL = "fixed-width UTC, such as 2026-09-21T06:10:00.000000+00:00"
PLAIN, OTHER, NAIVE, NO_TIME = "canonical", "another form", "no zone", "no time"


def zone_findings(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    """Return the server's zone and clock, and how each column of instants is read."""
    postgres = connection.dialect.name == "postgresql"
    findings = _server(connection) if postgres else []
    for logical in TABLES.values():
        present = database.real_columns(connection, logical)
        if present is None:
            continue
        table = MappedTable(logical, database.mapping, present, connection.dialect)
        for column in logical.columns:
            if column.kind != "instant" or not table.has(column.name):
                continue
            look = _declared if postgres else _written
            findings.append(look(connection, database, table, column.name))
    return findings


def _server(connection: sa.Connection) -> list[Diagnosis]:
    zone, now = connection.exec_driver_sql("SELECT current_setting('TimeZone'), now()").one()
    drift_s = abs((datetime.now(UTC) - now).total_seconds())
    findings = [
        Diagnosis(CHECK, "ok", f"the session shows times in {zone}; instants are read in UTC")
    ]
    if drift_s > LARGEST_DRIFT_S:
        says = f"the server's clock and this machine's are {drift_s:.0f} s apart"
        findings.append(Diagnosis(CHECK, "warn", says, "set them by NTP"))
    return findings


def _declared(
    _: sa.Connection, database: IncidentDatabase, table: MappedTable, name: str
) -> Diagnosis:
    """Judge a column of PostgreSQL by its type: it holds nothing else."""
    column = f"{database.mapping.table(table.logical)}.{table.native(name).name}"
    try:
        zone = InstantColumns(postgres=True, mapping=database.mapping).zone(table, name)
    except SourceError as error:
        return Diagnosis(
            CHECK, "fail", str(error), "declare the zone in the mapping file, or a view"
        )
    holds = "instants" if zone is None else f"times without a zone, read as {zone}"
    return Diagnosis(CHECK, "ok", f"{column} holds {holds}")


def _written(
    connection: sa.Connection, database: IncidentDatabase, table: MappedTable, name: str
) -> Diagnosis:
    """Judge a column of SQLite by its first values."""
    real = table.native(name).name
    column = f"{database.mapping.table(table.logical)}.{real}"
    zone = database.mapping.timezone_of(table.logical, name)
    # Without a type, because ours would turn texts into instants before we see their form.
    value: sa.ColumnElement[Any] = sa.type_coerce(table.native(name), sa.types.NullType())
    statement = sa.select(value).where(value.is_not(None)).limit(SAMPLE)
    forms = {_form_of(one) for one in connection.execute(statement).scalars()}
    if NO_TIME in forms:
        says = f"{column} holds texts that are not instants: such rows are quarantined"
        return Diagnosis(CHECK, "warn", says, f"write {CANONICAL}")
    if NAIVE in forms and zone is None:
        return Diagnosis(
            CHECK,
            "fail",
            f"{column} holds times without a zone: which day they belong to is unknown",
            "declare it in the mapping file, such as timezone: Asia/Taipei",
        )
    if NAIVE in forms:
        return Diagnosis(CHECK, "ok", f"{column} holds times without a zone, read as {zone}")
    if OTHER in forms:
        says = f"{column} holds instants in several or other forms, which are slower to find"
        return Diagnosis(CHECK, "warn", says, f"write {CANONICAL}")
    return Diagnosis(CHECK, "ok", f"{column} holds instants" if forms else f"{column} is empty")


def _form_of(value: Any) -> str:  # noqa: ANN401 - SQLite's columns hold anything
    text = str(value)
    instant = parse_instant(text, None)
    if instant is None:
        return NAIVE if is_naive(text) else NO_TIME
    if not FIRST <= instant < LAST:  # no day reads it
        return NO_TIME
    return PLAIN if instant_text(instant) == value else OTHER
