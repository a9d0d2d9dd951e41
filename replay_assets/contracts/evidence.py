"""What the evidence stage publishes: one row per incident, message, repair, and bad row.

Columns keep the source's names; joined columns have a prefix. Instants are UTC microseconds, JSON
is text. An empty day has the same schemas. These models are the only list of the columns: the
statements that read a day and the schemas of its tables are derived from them.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from replay_assets.contracts.arrow import TableRow, arrow_schema
from replay_assets.contracts.record import Part

LOW_CARDINALITY = frozenset({"severity", "evidence_kind", "verification_result", "role"})
"""Columns with dictionary encoding in Parquet; in other columns it was measured to save nothing."""


class EvidenceSnapshot(Part):
    """The columns that an evidence row has in the source."""

    id: str | None
    incident_id: str | None
    alertname: str | None
    labels: str | None
    severity: str | None
    evidence_summary: str | None
    evidence_kind: str | None
    collected_at: datetime | None
    verification_result: str | None
    schema_version: str | None
    matched_playbook_id: str | None


class IncidentEvidence(EvidenceSnapshot, TableRow):
    """An evidence row with the incident's newest coordinator session and newest repair."""

    TABLE_VERSION: ClassVar[str] = "incident_evidence_v1"

    coordinator_id: str | None
    coordinator_model: str | None
    coordinator_output: str | None
    coordinator_at: datetime | None
    repair_id: str | None
    repair_playbook: str | None
    repair_steps: str | None
    repair_success: bool | None
    repair_error: str | None
    repair_executor: str | None
    repair_at: datetime | None


class RecordedMessage(TableRow):
    """A message of an incident's newest coordinator session; rows are in conversation order."""

    TABLE_VERSION: ClassVar[str] = "recorded_messages_v1"

    incident_id: str | None
    session_id: str | None
    position: int | None
    role: str | None
    content: str | None
    tool_calls: str | None
    tool_call_id: str | None
    created_at: datetime | None


class RecordedRepair(TableRow):
    """A repair of one of the day's incidents; rows are oldest first.

    All repairs are kept, because harm is judged against every attempt, not only the newest.
    """

    TABLE_VERSION: ClassVar[str] = "recorded_repairs_v1"

    incident_id: str | None
    id: str | None
    playbook_name: str | None
    executed_steps: str | None
    success: bool | None
    error: str | None
    executor: str | None
    created_at: datetime | None


class QuarantinedRow(TableRow):
    """A row that can't be used, with every reason."""

    TABLE_VERSION: ClassVar[str] = "quarantine_v1"

    source_table: str | None
    row_id: str | None
    incident_id: str | None
    reasons: list[str] | None
    raw_row: str | None


INCIDENT_EVIDENCE = arrow_schema(IncidentEvidence)
RECORDED_MESSAGES = arrow_schema(RecordedMessage)
RECORDED_REPAIRS = arrow_schema(RecordedRepair)
QUARANTINE = arrow_schema(QuarantinedRow)


def decision_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the coordinator's recorded decision in a row of evidence; empty if there is none."""
    decision = json.loads(row["coordinator_output"] or "null")
    return decision if isinstance(decision, dict) else {}
