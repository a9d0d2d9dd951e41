"""The logical tables and columns that the project reads, whatever a team's database calls them.

Columns that are published under the same name are taken from the contracts of the published tables.
Required are the columns without which no row can be used; the others are null if a database does
not have them. Ids may be integers or text.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.evidence import EvidenceSnapshot, RecordedMessage
from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.record import Part

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

    @property
    def ids(self) -> frozenset[str]:
        """The columns by which rows are found and joined."""
        return frozenset((*self.key, "incident_id"))


KINDS: dict[str, Kind] = {
    "string": "text",
    "bool": "boolean",
    "int64": "integer",
    "timestamp[us, tz=UTC]": "instant",
    "list<item: string>": "json",
}
"""What a column of a published table, by its Arrow type, is in a database."""


def _required(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, required=True) for name in names)


def _optional(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _published(
    model: type[Part],
    *,
    required: Set[str],
    json: Set[str] = frozenset(),
    without: str | None = None,
) -> tuple[Column, ...]:
    """Return the columns that a contract publishes under the names that the source has for them.

    Args:
        model: the contract of a row.
        required: the columns that a database must have.
        json: the columns that are JSON in the source and text in the published table.
        without: the field that the source's table does not have.
    """
    return tuple(
        Column(
            field.name,
            "json" if field.name in json else KINDS[str(field.type)],
            required=field.name in required,
        )
        for field in arrow_schema(model)
        if field.name != without
    )


INCIDENT_EVIDENCE = LogicalTable(
    "incident_evidence",
    ("id",),
    _published(
        EvidenceSnapshot,
        required={
            "id",
            "incident_id",
            "evidence_summary",
            "collected_at",
        },
        json={"labels"},
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
        *_optional("playbook_name"),
        Column("executed_steps", "json", required=True),
        Column("success", "boolean", required=True),
        *_optional("error", "executor"),
        Column("created_at", "instant", required=True),
    ),
)
LABELS = LogicalTable(
    "labels",
    ("incident_id",),
    _published(IncidentLabel, required={"incident_id"}, without="schema_version"),
    required=False,
)
SESSION_MESSAGES = LogicalTable(
    "session_messages",
    ("session_id", "position"),
    _published(
        RecordedMessage,
        required={"session_id", "position", "role", "content"},
        json={"tool_calls"},
        without="incident_id",
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
