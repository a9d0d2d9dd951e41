"""What the evidence stage publishes, as Arrow schemas: one row an incident, message, repair.

Columns keep the source's names; what is joined carries a prefix. Instants are UTC microseconds,
JSON is text. The same schemas hold for an empty day.
"""

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")

INCIDENT_EVIDENCE = pa.schema(
    [
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
    ]
)

RECORDED_MESSAGES = pa.schema(
    [
        ("incident_id", pa.string()),
        ("session_id", pa.string()),
        ("position", pa.int64()),
        ("role", pa.string()),
        ("content", pa.string()),
        ("tool_calls", pa.string()),
        ("tool_call_id", pa.string()),
        ("created_at", INSTANT),
    ]
)
"""Messages of each incident's newest coordinator session, in conversation order."""

RECORDED_REPAIRS = pa.schema(
    [
        ("incident_id", pa.string()),
        ("id", pa.string()),
        ("playbook_name", pa.string()),
        ("executed_steps", pa.string()),
        ("success", pa.bool_()),
        ("error", pa.string()),
        ("executor", pa.string()),
        ("created_at", INSTANT),
    ]
)
"""Every repair of the day's incidents, oldest first: harm is judged against all that was tried,
not against the newest alone."""

QUARANTINE = pa.schema(
    [
        ("source_table", pa.string()),
        ("row_id", pa.string()),
        ("incident_id", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("raw_row", pa.string()),
    ]
)
