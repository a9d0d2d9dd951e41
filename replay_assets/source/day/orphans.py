"""Rows that no day will ever read: counted over the whole tables, so that none is silent."""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow, day_window
from replay_assets.source.connection import FIRST_INSTANT, IncidentDatabase, MappedTable, repeated
from replay_assets.source.day.instant_columns import InstantColumns
from replay_assets.source.day.same_ids import id_like
from replay_assets.source.schema import (
    AGENT_SESSIONS,
    AUTO_REPAIR_EXECUTIONS,
    INCIDENT_EVIDENCE,
)


@dataclass(frozen=True)
class Orphans:
    """How many rows no partition can contain.

    Attributes:
        evidence_without_a_day: `collected_at` is null, infinite or not a valid instant.
        evidence_before_the_first_day: collected before the first partition.
        sessions_without_evidence: of an incident that has no evidence.
        repairs_without_evidence: likewise.
    """

    evidence_without_a_day: int
    evidence_before_the_first_day: int
    sessions_without_evidence: int
    repairs_without_evidence: int

    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)

    @property
    def lost_evidence(self) -> int:
        """How many rows of evidence no partition can hold."""
        return self.evidence_without_a_day + self.evidence_before_the_first_day


def count_orphans(database: IncidentDatabase, first_day: str, timezone: str) -> Orphans:
    """Count the rows that belong to no partition.

    Args:
        database: the source.
        first_day: ISO day of the first partition.
        timezone: the time zone of the days.
    """
    return repeated(lambda: _count(database, day_window(first_day, timezone)))


def _count(database: IncidentDatabase, window: DayWindow) -> Orphans:
    with database.snapshot() as connection:
        evidence = database.required(connection, INCIDENT_EVIDENCE)
        # Not the shortcut for texts of one form: texts of other forms are counted here.
        instants = InstantColumns(connection.dialect.name == "postgresql", database.mapping)
        collected_at = instants.instant(evidence, "collected_at")
        without, before = (
            sa.select(sa.func.count()).select_from(evidence.sql).where(one, *evidence.conditions)
            for one in (
                collected_at.in_no_day,
                collected_at.within(FIRST_INSTANT, window.start),
            )
        )
        sessions, repairs = (
            _without_evidence(evidence, database.required(connection, table), instants)
            for table in (AGENT_SESSIONS, AUTO_REPAIR_EXECUTIONS)
        )
        found = (
            connection.execute(one).scalar_one() for one in (without, before, sessions, repairs)
        )
        return Orphans(*found)


def _without_evidence(
    evidence: MappedTable, table: MappedTable, instants: InstantColumns
) -> sa.Select[Any]:
    incident_id = id_like(table, "incident_id", evidence, "incident_id")
    known = id_like(evidence, "incident_id", table, "incident_id")
    if instants.postgres:
        same = sa.select(sa.literal(1)).select_from(evidence.sql).where(known == incident_id)
        orphan = sa.not_(sa.exists(same.correlate(table.sql)))
    else:  # SQLite sorts the known ids once here; otherwise it would search for each one
        orphan = sa.or_(
            incident_id.is_(None), incident_id.not_in(sa.select(known).where(known.is_not(None)))
        )
    return sa.select(sa.func.count()).select_from(table.sql).where(orphan, *table.conditions)
