"""What the evidence stage publishes, as Arrow schemas: one row an incident, message, repair.

Columns keep the source's names; what is joined carries a prefix. Instants are UTC microseconds,
JSON is text. The same schemas hold for an empty day.
"""

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")
LOW_CARDINALITY = frozenset({"severity", "evidence_kind", "verification_result", "role"})
"""Columns worth a dictionary in Parquet; elsewhere it was measured to gain nothing."""


def _schema(version: str, *columns: tuple[str, pa.DataType]) -> pa.Schema:
    """Return a schema that names its version in the file's metadata."""
    return pa.schema(list(columns), metadata={"replay_assets.schema_version": version})


INCIDENT_EVIDENCE = _schema(
    "incident_evidence_v1",
    ("id", pa.string()),
    ("incident_id", pa.string()),
    ("alertname", pa.string()),
    ("labels", pa.string()),
    ("severity", pa.string()),
    ("evidence_summary", pa.string()),
    ("evidence_kind", pa.string()),
    ("collected_at", INSTANT),
    ("verification_result", pa.string()),
    ("schema_version", pa.string()),
    ("matched_playbook_id", pa.string()),
    ("coordinator_id", pa.string()),
    ("coordinator_model", pa.string()),
    ("coordinator_output", pa.string()),
    ("coordinator_at", INSTANT),
    ("repair_id", pa.string()),
    ("repair_playbook", pa.string()),
    ("repair_steps", pa.string()),
    ("repair_success", pa.bool_()),
    ("repair_error", pa.string()),
    ("repair_executor", pa.string()),
    ("repair_at", INSTANT),
)

RECORDED_MESSAGES = _schema(
    "recorded_messages_v1",
    ("incident_id", pa.string()),
    ("session_id", pa.string()),
    ("position", pa.int64()),
    ("role", pa.string()),
    ("content", pa.string()),
    ("tool_calls", pa.string()),
    ("tool_call_id", pa.string()),
    ("created_at", INSTANT),
)
"""Messages of each incident's newest coordinator session, in conversation order."""

RECORDED_REPAIRS = _schema(
    "recorded_repairs_v1",
    ("incident_id", pa.string()),
    ("id", pa.string()),
    ("playbook_name", pa.string()),
    ("executed_steps", pa.string()),
    ("success", pa.bool_()),
    ("error", pa.string()),
    ("executor", pa.string()),
    ("created_at", INSTANT),
)
"""Every repair of the day's incidents, oldest first: harm is judged against all that was tried,
not against the newest alone."""

QUARANTINE = _schema(
    "quarantine_v1",
    ("source_table", pa.string()),
    ("row_id", pa.string()),
    ("incident_id", pa.string()),
    ("reasons", pa.list_(pa.string())),
    ("raw_row", pa.string()),
)
