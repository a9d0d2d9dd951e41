"""A day's evidence as stored in the lake: raw rows, made for a test or read from the samples."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.conftest import SAMPLES

Row = dict[str, Any]


def evidence_row(**changes: Any) -> Row:
    """Return one raw evidence row with all joined columns."""
    return {
        "id": "ev-1",
        "incident_id": "inc-1",
        "alertname": "OrdersDbDown",
        "labels": json.dumps({"service": "orders-api", "namespace": "shop"}),
        "severity": "critical",
        "evidence_summary": "orders-api logs: connection refused by 10.0.0.5",
        "evidence_kind": "alert_snapshot",
        "collected_at": datetime(2026, 9, 21, 2, 0, tzinfo=UTC),
        "schema_version": "v1",
        "verification_result": "success",
        "matched_playbook_id": "pb-1",
        "coordinator_output": json.dumps({"decision": "restart"}),
        "repair_playbook": "restart-orders",
        "repair_success": True,
        "repair_error": None,
        **changes,
    }


def tool_message(content: str, **changes: Any) -> Row:
    """Return one recorded message of a tool."""
    return {
        "incident_id": "inc-1",
        "session_id": "s-1",
        "position": 2,
        "role": "tool",
        "content": content,
        "tool_call_id": "call-1",
        **changes,
    }


def read_sample_rows() -> list[Row]:
    """Return the samples' incidents as rows of the evidence table."""
    lines = (SAMPLES / "incident_evidence.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        {
            **row,
            "labels": json.dumps(row["labels"], ensure_ascii=False),
            "collected_at": datetime.fromisoformat(row["collected_at"]),
        }
        for row in map(json.loads, lines)
    ]


def read_sample_messages() -> list[Row]:
    """Return the samples' recorded messages, each with the incident of its session."""
    sessions = [
        json.loads(line)
        for line in (SAMPLES / "agent_sessions.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    incident_of = {row["id"]: row["incident_id"] for row in sessions}
    lines = (SAMPLES / "session_messages.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        {**row, "incident_id": incident_of[row["session_id"]]} for row in map(json.loads, lines)
    ]
