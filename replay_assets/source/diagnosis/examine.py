"""What is right and wrong with the incident database as a source, and how to fix it.

Nothing is changed. Findings contain ids, counts and lengths of rows, never their texts; of labels
also the words that the vocabulary does not have.
"""

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.contracts.vocabulary import Vocabulary, load_vocabulary
from replay_assets.errors import SourceError
from replay_assets.parsing.urls import HOW_TO_ENCODE
from replay_assets.source.connection import IncidentDatabase, MappedTable, repeated
from replay_assets.source.day import InstantColumns, refuse_where
from replay_assets.source.diagnosis.indexes import index_findings
from replay_assets.source.diagnosis.labels import label_findings
from replay_assets.source.diagnosis.privileges import privilege_findings
from replay_assets.source.diagnosis.time_zones import zone_findings
from replay_assets.source.schema import INCIDENT_EVIDENCE, LABELS, TABLES, missing_of, nearest_table

Check = Callable[[sa.Connection, IncidentDatabase], list[Diagnosis]]


def examine_source(
    database: IncidentDatabase, vocabulary: Vocabulary | None = None
) -> list[Diagnosis]:
    """Return every finding on the database; only the first where it can't be reached.

    Args:
        database: the source.
        vocabulary: the words that labels must use; the shipped one if it is not given.
    """
    labels = partial(label_findings, vocabulary=vocabulary or load_vocabulary())
    checks: dict[str, Check] = {**CHECKS, "labels": labels}
    findings = _attempt("connection", _connection, database)
    if findings[0].status == "fail":
        return findings
    for name, check in checks.items():
        findings += _attempt(name, check, database)
    return findings


def _attempt(name: str, check: Check, database: IncidentDatabase) -> list[Diagnosis]:
    """Run a check in a separate transaction: one that fails must not stop the next."""

    def attempt() -> list[Diagnosis]:
        with database.snapshot() as connection:
            return check(connection, database)

    try:
        return repeated(attempt)
    except SourceError as error:
        return [Diagnosis(name, "fail", str(error), _cure(name))]


def _cure(name: str) -> str:
    if name == "connection":
        return f"check REPLAY_SOURCE_URL, the network and the role's password. {HOW_TO_ENCODE}"
    return "see the findings above; a role needs SELECT on every table of the mapping"


def _connection(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    name = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(connection.dialect.name)
    says = f"{database.name} is {name or connection.dialect.name} {version}"
    if name is None:
        return [Diagnosis("connection", "warn", says, "only PostgreSQL and SQLite are tested")]
    return [Diagnosis("connection", "ok", says)]


def _tables(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    findings = []
    for logical in TABLES.values():
        if logical is LABELS and database.mapping.label_file:
            continue
        present = database.real_columns(connection, logical)
        table = database.mapping.table(logical)
        lacking = missing_of(connection, database.mapping, logical, present)
        for problem in lacking:
            cure = "name what it has, or a `value`, in the mapping file (REPLAY_MAPPING)"
            findings.append(Diagnosis("tables", "fail", problem, cure))
        if not lacking and present is None:
            near = nearest_table(connection, database.mapping, logical)
            says = f"no {table}{near}: optional, read as empty"
            findings.append(Diagnosis("tables", "ok", says))
        elif not lacking and present is not None:
            mapped = MappedTable(logical, database.mapping, present, connection.dialect)
            absent = [one.name for one in logical.columns if mapped.type_of(one.name) is None]
            says = f"{table} has every column" if not absent else f"{table} has what is required"
            nulls = f"; read as null: {', '.join(absent)}" if absent else ""
            findings.append(Diagnosis("tables", "ok", says + nulls))
    return findings


def _sample(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    """Read the newest row as a day would, and report its ids and lengths."""
    evidence = database.selectable(connection, INCIDENT_EVIDENCE)
    if evidence is None:
        raise AssertionError("the evidence is required")
    instants = InstantColumns(connection.dialect.name == "postgresql", database.mapping)
    collected_at = instants.instant(evidence, "collected_at")
    statement = (
        sa.select(
            evidence.value("id").label("id"),
            evidence.value("incident_id").label("incident_id"),
            # As the database spells it: drivers can't hold infinity.
            collected_at.text.label("collected_at"),
            sa.func.length(evidence.value("evidence_summary")).label("characters"),
        )
        .where(*evidence.conditions)
        # Times that no day holds are last: they are another finding.
        .order_by(collected_at.in_no_day, collected_at.newest_first, evidence.order("id").desc())
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        refuse_where(connection, evidence)
        says = f"{database.mapping.table(INCIDENT_EVIDENCE)} has no row"
        return [Diagnosis("sample", "warn", says, "load incidents")]
    says = (
        f"the newest evidence: id {row.id}, incident {row.incident_id}, {row.characters or 0} "
        f"characters, collected at {row.collected_at}"
    )
    return [Diagnosis("sample", "ok", says)]


CHECKS: dict[str, Check] = {
    "tables": _tables,
    "permissions": privilege_findings,
    "indexes": index_findings,
    "time zone": zone_findings,
    "sample": _sample,
}
