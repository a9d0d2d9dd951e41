"""Whether the source's timestamps say when something was: with a zone, or with one declared."""

from datetime import UTC, datetime

import sqlalchemy as sa

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.contracts.thresholds import is_too_many
from replay_assets.errors import SourceError
from replay_assets.source.connection import IncidentDatabase, MappedTable
from replay_assets.source.day import (
    CANONICAL,
    READABLE,
    InstantColumns,
    cure_of,
    forms_of,
    reason_of,
    worst_of,
)
from replay_assets.source.schema import TABLES, missing_of

CHECK = "time zone"
LARGEST_DRIFT_S = 60.0
"""A clock that is off by more puts rows into another day than people expect."""


def zone_findings(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    """Return the server's zone and clock, and how each column of instants is read."""
    postgres = connection.dialect.name == "postgresql"
    findings = _server(connection) if postgres else []
    instants = InstantColumns(postgres, database.mapping)
    for logical in TABLES.values():
        present = database.real_columns(connection, logical)
        if present is None or missing_of(connection, database.mapping, logical, present):
            continue  # another check reports it
        table = MappedTable(logical, database.mapping, present, connection.dialect)
        for column in logical.columns:
            if column.kind != "instant" or not table.has(column.name):
                continue
            findings.append(_column_finding(connection, instants, table, column.name))
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


def _column_finding(
    connection: sa.Connection, instants: InstantColumns, table: MappedTable, name: str
) -> Diagnosis:
    """Judge a column by all its values, as reading a day does.

    In PostgreSQL by its type, except where an index finds the other values: tables may be large.
    """
    column = f"{instants.mapping.table(table.logical)}.{table.native(name).name}"
    try:
        if instants.postgres and name != "collected_at":
            return Diagnosis(CHECK, "ok", f"{column} {_holds(instants, table, name)}")
        forms = forms_of(connection, instants, table, name)
    except SourceError as error:
        cure = "declare the zone or the unit in the mapping file, or a view"
        return Diagnosis(CHECK, "fail", str(error), cure)
    if name != "collected_at":
        del forms["null"]  # allowed: this column does not decide the row's day
    total = sum(forms.values())
    bad = total - sum(forms[one] for one in READABLE)
    if bad:
        worst = worst_of(forms)
        says = f"{bad} of {total} values of {column} can't be read as times: {reason_of(worst)}"
        # As with quarantined rows: a few do not make a source unusable.
        few = bad < total and not is_too_many(bad, total)
        return Diagnosis(CHECK, "warn" if few else "fail", says, cure_of(worst, table, name))
    if forms["readable"] and not instants.postgres and not _is_declared(instants, table, name):
        says = f"{column} holds instants in several or other forms, which are slower to find"
        return Diagnosis(CHECK, "warn", says, f"write {CANONICAL}")
    return Diagnosis(
        CHECK, "ok", f"{column} {_holds(instants, table, name) if total else 'is empty'}"
    )


def _is_declared(instants: InstantColumns, table: MappedTable, name: str) -> bool:
    """Return whether the mapping says how the column is read: then its form is known."""
    mapping, logical = instants.mapping, table.logical
    return (mapping.unit_of(logical, name) or mapping.timezone_of(logical, name)) is not None


def _holds(instants: InstantColumns, table: MappedTable, name: str) -> str:
    unit, zone = instants.mapping.unit_of(table.logical, name), instants.zone(table, name)
    if unit is not None:
        return f"holds numbers, read as {unit} since 1970"
    return "holds instants" if zone is None else f"holds times without a zone, read as {zone}"
