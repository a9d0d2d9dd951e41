"""Whether the source's timestamps say when something was: with a zone, or with one declared."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.finding import Finding
from replay_assets.source.database import IncidentDatabase
from replay_assets.source.tables import TABLES

CHECK = "time zone"
LARGEST_DRIFT_S = 60.0
"""A clock that is off by more puts rows into another day than people expect."""
SAMPLE = 200
"""Values of a text column that are looked at."""


def zone_findings(connection: sa.Connection, database: IncidentDatabase) -> list[Finding]:
    """Return the server's zone and clock, and how each column of instants is read."""
    findings = _server(connection) if connection.dialect.name == "postgresql" else []
    for logical in TABLES.values():
        present = database.real_columns(connection, logical) or {}
        for column in logical.columns:
            source = database.mapping.source_of(logical, column.name)
            if column.kind != "instant" or source is None or source.column not in present:
                continue
            name = f"{database.mapping.table(logical)}.{source.column}"
            zone = database.mapping.timezone_of(logical, column.name)
            real = present[source.column]
            if isinstance(real, sa.DateTime) and connection.dialect.name == "postgresql":
                form = "zoned" if real.timezone else "naive"
            else:
                form = _form(connection, database.mapping.table(logical), source.column)
            findings.append(_column(name, form, zone))
    return findings


def _server(connection: sa.Connection) -> list[Finding]:
    zone, now = connection.exec_driver_sql("SELECT current_setting('TimeZone'), now()").one()
    drift_s = abs((datetime.now(UTC) - now).total_seconds())
    findings = [
        Finding(CHECK, "ok", f"the session shows times in {zone}; instants are read in UTC")
    ]
    if drift_s > LARGEST_DRIFT_S:
        says = f"the server's clock and this machine's are {drift_s:.0f} s apart"
        findings.append(Finding(CHECK, "warn", says, "set them by NTP"))
    return findings


def _column(name: str, form: str, zone: str | None) -> Finding:
    if form == "naive" and zone is None:
        return Finding(
            CHECK,
            "fail",
            f"{name} holds times without a zone: nobody knows which day they are in",
            "declare it in the mapping file, such as timezone: Asia/Taipei",
        )
    if form == "naive":
        return Finding(CHECK, "ok", f"{name} holds times without a zone, read as {zone}")
    if form == "zoned":
        return Finding(CHECK, "ok", f"{name} holds instants")
    if form == "empty":
        return Finding(CHECK, "ok", f"{name} is empty")
    return Finding(
        CHECK,
        "warn",
        f"{name} is text in {form}: such rows sort into the wrong day, or into none",
        "write fixed-width UTC, such as 2026-09-21T06:10:00.000000+00:00",
    )


def _form(connection: sa.Connection, table: str, column: str) -> str:
    """Say what a text column holds, by its first values that are not null."""
    schema, _, name = table.rpartition(".")
    one: sa.ColumnClause[Any] = sa.column(column)
    statement = (
        sa.select(one)
        .select_from(sa.table(name, one, schema=schema or None))
        .where(one.is_not(None))
        .limit(SAMPLE)
    )
    forms = {_form_of(value) for value in islice(connection.execute(statement).scalars(), SAMPLE)}
    if not forms:
        return "empty"
    return forms.pop() if len(forms) == 1 else "several forms"


def _form_of(value: Any) -> str:  # noqa: ANN401 - SQLite's columns hold anything
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        return "a form that is no time"
    if instant.tzinfo is None:
        return "naive"
    canonical = instant.astimezone(UTC).isoformat(timespec="microseconds") == value
    return "zoned" if canonical else "another form than UTC"
