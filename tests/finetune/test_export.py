"""Training rows: only verified repairs, sanitized, and never reasoning known to be wrong."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from replay_assets.finetune.alpaca import INSTRUCTION, alpaca_row
from replay_assets.finetune.example import executed_action, reasoning_of
from replay_assets.finetune.export import build_export
from replay_assets.finetune.flavours import ALPACA
from replay_assets.lake.assets import EXPORT_LOG_FILE, SFT_EXPORT
from replay_assets.lake.files import sha256
from replay_assets.lake.store import Store
from tests.evaluation.records import score

WEEK = "2026-09-21"


def row(**changes: Any) -> dict[str, Any]:
    """Return an evidence row that qualifies."""
    fields = {
        "incident_id": "inc-1",
        "alertname": "WebDown",
        "evidence_summary": "web restarted; login as admin@example.com failed",
        "verification_result": "success",
        "collected_at": datetime(2026, 9, 21, 6, tzinfo=UTC),
        "schema_version": "v1",
        "matched_playbook_id": None,
        "coordinator_output": json.dumps({"reasoning": "ask admin@example.com", "decision": "x"}),
        "repair_success": True,
        "repair_playbook": "restart-web",
        "repair_steps": json.dumps([{"action": "restart_workload", "step": "restart"}]),
    }
    return {**fields, **changes}


def exported(*rows: dict[str, Any], **grades: Any) -> Any:
    """Return the export of some rows with equal incumbent grades."""
    return build_export(WEEK, rows, [score(one["incident_id"], **grades) for one in rows])


def test_a_row_has_the_original_sections_and_its_real_alert_name() -> None:
    """Decision, action, result; the alert's name is not the incident's id."""
    example = alpaca_row(*exported(row()).examples)
    assert example.instruction == INSTRUCTION
    assert example.output == (
        "【AI 決策】\nask <EMAIL_1>\n\n【執行動作】\nrestart_workload\n\n【執行結果】\n成功"
    )
    assert example.metadata.alertname == "WebDown"


def test_the_same_value_has_the_same_placeholder_in_input_and_output() -> None:
    """One map of pseudonyms per incident: else the reasoning would not follow from the evidence."""
    example = alpaca_row(*exported(row()).examples)
    assert "<EMAIL_1>" in example.input
    assert "admin@example.com" not in example.model_dump_json()


@pytest.mark.parametrize(
    ("changes", "grades", "reason"),
    [
        ({"verification_result": "failed"}, {}, "not_verified_as_success"),
        ({"repair_success": False}, {}, "newest_repair_failed"),
        ({}, {"harm": True}, "incumbent_unsafe_or_harmful"),
        ({}, {"unsafe": True}, "incumbent_unsafe_or_harmful"),
        ({}, {"reserved_for_evaluation": True}, "reserved_for_evaluation"),
        (
            {"coordinator_output": None, "repair_steps": None, "repair_playbook": None},
            {},
            "nothing_recorded_to_learn",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_must_not_be_learned_is_excluded_and_counted(
    changes: dict[str, Any], grades: dict[str, Any], reason: str
) -> None:
    """Every incident becomes a row or is counted under a reason."""
    export = exported(row(**changes), **grades)
    assert export.examples == []
    assert export.left_out == {reason: 1}


def test_an_incident_without_scores_is_excluded() -> None:
    """It is unknown whether it is reserved for evaluation."""
    assert build_export(WEEK, [row()], []).left_out == {"not_scored": 1}


@pytest.mark.parametrize(
    "grades",
    [
        {"root_cause": False},
        {"root_cause": None, "root_cause_category": False},
        {"root_cause": None, "root_cause_components": False},
        {"judged_wrong": True},
    ],
    ids=["cause", "category alone", "components alone", "recorded verdict"],
)
def test_reasoning_known_to_be_wrong_is_not_exported(grades: dict[str, Any]) -> None:
    """The action worked, but the reasoning for it was wrong."""
    export = exported(row(), **grades)
    example = alpaca_row(*export.examples)
    assert "AI 決策" not in example.output
    assert export.without_reasoning == 1


@pytest.mark.parametrize(
    ("steps", "playbook", "action"),
    [
        ([{"action": "a", "step": "b"}], "p", "a"),
        ([{"step": "b"}], "p", "b"),
        (["did it"], "p", "did it"),
        ([], "p", "p"),
        ([], None, None),
    ],
    ids=["action", "step", "text", "playbook", "nothing"],
)
def test_the_executed_action_is_the_first_steps_else_the_playbook(
    steps: list[object], playbook: str | None, action: str | None
) -> None:
    """The original's order of preference."""
    one = row(repair_steps=json.dumps(steps), repair_playbook=playbook)
    assert executed_action(one) == action


@pytest.mark.parametrize(
    ("output", "reasoning"),
    [({"reasoning": "why", "decision": "what"}, "why"), ({"decision": "what"}, "what"), ([], None)],
)
def test_reasoning_comes_before_decision(output: object, reasoning: str | None) -> None:
    """Without reasoning the decision; without both nothing."""
    assert reasoning_of(row(coordinator_output=json.dumps(output))) == reasoning


def test_the_log_entry_describes_the_file(tmp_path: Path) -> None:
    """Checksum, size and count are those of the bytes written; the file is encoded once."""
    export = exported(row(), row(incident_id="inc-2"))
    made = export.publish(Store(str(tmp_path)), SFT_EXPORT.at(WEEK), inputs={})
    content, entry = made.file(ALPACA.file_name), json.loads(made.file(EXPORT_LOG_FILE))
    assert [json.loads(line) for line in content.splitlines()] == [
        alpaca_row(one).model_dump(mode="json") for one in export.examples
    ]
    assert entry["record_count"] == content.count(b"\n") == 2
    assert entry["size_bytes"] == len(content)
    assert entry["checksum_sha256"] == sha256(content) == made.facts["checksum_sha256"]
    assert entry["file_path"] == ALPACA.file_name
    assert json.loads(entry["source_ids"]) == ["inc-1", "inc-2"]
    assert json.loads(entry["metadata"]) == {"lookback_days": 7, "week": WEEK}
    assert entry["export_type"] == "evidence_snapshot"
