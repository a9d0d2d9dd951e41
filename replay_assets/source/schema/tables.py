"""The logical tables and columns that the project reads, whatever a team's database calls them.

Required are the columns of the tables that the original systems kept; the rest are null where a
database lacks them. Ids may be integers or text.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "json", "instant", "boolean", "integer"]


@dataclass(frozen=True)
class Column:
    """A logical column: its kind, and whether a database must have it."""

    name: str
    kind: Kind = "text"
    required: bool = False


@dataclass(frozen=True)
class LogicalTable:
    """A logical table, the columns that identify a row, and whether a database must have it."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = True


def _required(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, required=True) for name in names)


def _optional(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


INCIDENT_EVIDENCE = LogicalTable(
    "incident_evidence",
    ("id",),
    (
        *_required("id", "incident_id"),
        *_optional("alertname"),
        Column("labels", "json"),
        *_optional("severity"),
        *_required("evidence_summary"),
        *_optional("evidence_kind"),
        Column("collected_at", "instant", required=True),
        *_required("verification_result", "schema_version", "matched_playbook_id"),
    ),
)
AGENT_SESSIONS = LogicalTable(
    "agent_sessions",
    ("id",),
    (
        *_required("id", "incident_id", "agent_role"),
        *_optional("model"),
        Column("output_json", "json", required=True),
        Column("created_at", "instant", required=True),
    ),
)
AUTO_REPAIR_EXECUTIONS = LogicalTable(
    "auto_repair_executions",
    ("id",),
    (
        *_required("id", "incident_id"),
        Column("attempt", "integer"),
        *_required("playbook_name"),
        Column("executed_steps", "json", required=True),
        Column("success", "boolean", required=True),
        *_optional("error", "executor"),
        Column("created_at", "instant", required=True),
    ),
)
LABELS = LogicalTable(
    "labels",
    ("incident_id",),
    (
        *_required("incident_id"),
        *_optional("expected_root_cause", "root_cause_category", "root_cause_component"),
        Column("required_keywords", "json"),
        Column("acceptable_actions", "json"),
        Column("acceptable_tools", "json"),
        *_optional("risk_level"),
        Column("requires_human_approval", "boolean"),
        Column("repair_expected", "boolean"),
        Column("repair_succeeded", "boolean"),
        Column("false_repair", "boolean"),
        *_optional("evidence_sufficiency", "scenario_group", "environment"),
    ),
    required=False,
)
SESSION_MESSAGES = LogicalTable(
    "session_messages",
    ("session_id", "position"),
    (
        *_required("session_id"),
        Column("position", "integer", required=True),
        *_required("role", "content"),
        Column("tool_calls", "json"),
        *_optional("tool_call_id"),
        Column("created_at", "instant"),
    ),
    required=False,
)

FINETUNE_EXPORTS = LogicalTable(
    "finetune_exports",
    ("week", "checksum_sha256"),
    (
        *_optional("week", "checksum_sha256", "export_type", "source_table"),
        Column("source_ids", "json"),
        *_optional("file_path"),
        Column("record_count", "integer"),
        Column("size_bytes", "integer"),
        Column("metadata", "json"),
    ),
    required=False,
)
"""The log of exports: the one table that is written; a database may lack it or any column."""

TABLES = {
    table.name: table
    for table in (
        INCIDENT_EVIDENCE,
        AGENT_SESSIONS,
        AUTO_REPAIR_EXECUTIONS,
        LABELS,
        SESSION_MESSAGES,
    )
}
"""The tables that are read, and that `load` fills."""
MAPPABLE = {**TABLES, FINETUNE_EXPORTS.name: FINETUNE_EXPORTS}
"""The tables that a mapping may name."""
