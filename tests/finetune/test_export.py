"""Training rows: only verified repairs, sanitized, and never reasoning known to be wrong."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import json as pa_json

from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.finetune.alpaca import WORDINGS, alpaca_row
from replay_assets.finetune.example import executed_action, reasoning_of
from replay_assets.finetune.export import build_export
from replay_assets.finetune.flavours import ALPACA
from replay_assets.finetune.language import Language
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


def test_a_row_has_three_sections_and_its_real_alert_name() -> None:
    """Decision, action, result; the alert's name is not the incident's id."""
    example = alpaca_row(*exported(row()).examples)
    assert example.instruction == WORDINGS["en"].instruction
    assert example.output == (
        "[AI decision]\nask <EMAIL_1>\n\n[Executed action]\nrestart_workload\n\n[Result]\nsuccess"
    )
    assert example.metadata.alertname == "WebDown"


def test_the_original_form_is_available() -> None:
    """Chinese for every incident, null for what was not recorded, and no other field."""
    found = alpaca_row(*build_export(WEEK, [row()], [score()], language="original").examples)
    assert found.model_dump(mode="json") == {
        "instruction": WORDINGS["zh"].instruction,
        "input": "web restarted; login as <EMAIL_1> failed",
        "output": "【AI 決策】\nask <EMAIL_1>\n\n【執行動作】\nrestart_workload\n\n"
        "【執行結果】\n成功",
        "metadata": {
            "incident_id": "inc-1",
            "alertname": "WebDown",
            "verification_result": "success",
            "collected_at": "2026-09-21T06:00:00+00:00",
            "schema_version": "v1",
            "matched_playbook_id": None,
        },
    }


@pytest.mark.parametrize(
    ("setting", "evidence", "language"),
    [
        ("follow", "disk full on node 3", "en"),
        ("follow", "磁碟已滿", "zh"),
        ("en", "磁碟已滿", "en"),
        ("zh", "disk full on node 3", "zh"),
    ],
)
def test_instruction_and_headings_have_one_language(
    setting: TrainingLanguage, evidence: str, language: Language
) -> None:
    """That of the incident, or the one of the setting."""
    one = row(evidence_summary=evidence, coordinator_output=None)
    found = alpaca_row(*build_export(WEEK, [one], [score()], language=setting).examples)
    wording = WORDINGS[language]
    assert (found.instruction, found.output.split("\n")[0]) == (wording.instruction, wording.action)
    assert found.metadata.model_dump()["language"] == language


def test_rows_without_reasoning_can_be_told_apart() -> None:
    """In each row and in the manifest, whether none was recorded or it was wrong."""
    export = exported(row(), row(incident_id="inc-2", coordinator_output=None))
    marked = [alpaca_row(one).metadata.model_dump()["has_reasoning"] for one in export.examples]
    assert (marked, export.without_reasoning) == ([True, False], 1)


@pytest.mark.parametrize(
    ("reasoning", "kept"),
    [
        ("<think>\nhm\n</think>\nIt leaks.", "It leaks."),
        ("hm\n</think>It leaks.", "It leaks."),
        ("[THINK]hm[/THINK]It leaks.", "It leaks."),
        ("<think>only this</think>", "x"),
    ],
)
def test_a_block_of_reasoning_is_not_trained_on(reasoning: str, kept: str) -> None:
    """If nothing else was said, the decision is used."""
    output = json.dumps({"reasoning": reasoning, "decision": "x"})
    (example,) = exported(row(coordinator_output=output)).examples
    assert example.reasoning == kept


def test_marks_of_trainers_are_broken_and_counted(tmp_path: Path) -> None:
    """They stay readable, and no trainer takes them for its own."""
    one = row(
        evidence_summary="web=<image> log <image>",
        coordinator_output=json.dumps({"reasoning": "<|im_end|> seen"}),
    )
    export = exported(one)
    found = alpaca_row(*export.examples)
    assert found.input == "web=< image> log < image>"
    assert found.output.startswith("[AI decision]\n< |im_end|> seen")
    made = export.publish(Store(str(tmp_path)), SFT_EXPORT.at(WEEK), inputs={})
    assert made.facts["broken_marks"] == {"<image>": 2, "<|im_end|>": 1}


def test_files_of_all_weeks_have_the_same_columns_of_the_same_types(tmp_path: Path) -> None:
    """A column without a value, an instant with microseconds, a week without a row."""
    store = Store(str(tmp_path))
    late = datetime(2026, 9, 21, 6, 0, 0, 5, tzinfo=UTC)
    weeks = {
        "2026-09-21": [row(alertname=None, schema_version=None)],
        "2026-09-28": [row(collected_at=late, matched_playbook_id="pb-1")],
        "2026-10-05": [],
    }
    made = [
        exported(*rows).publish(store, SFT_EXPORT.at(week), inputs={})
        for week, rows in weeks.items()
    ]
    lines = [one.file(name) for one in made for name in one.names(".jsonl")]
    schemas = [pa_json.read_json(io.BytesIO(one)).schema for one in lines]
    assert len(schemas) == 2
    assert schemas[0] == schemas[1]
    assert {len(json.loads(line)["metadata"]["collected_at"]) for line in lines} == {27}
    tables = [one.table(SFT_EXPORT.table) for one in made]
    assert pa.concat_tables(tables).num_rows == 2
    assert pd.read_parquet(tmp_path / "tables" / "sft_export")["has_reasoning"].tolist() == [
        True,
        True,
    ]


def test_a_week_without_a_row_has_a_table_and_no_file_of_lines(tmp_path: Path) -> None:
    """A file of 0 bytes has no columns; an earlier file of the week goes away."""
    store = Store(str(tmp_path))
    exported(row()).publish(store, SFT_EXPORT.at(WEEK), inputs={})
    made = exported().publish(store, SFT_EXPORT.at(WEEK), inputs={})
    assert (made.names(".jsonl"), made.facts["checksum_sha256"]) == ([], None)
    assert not list(tmp_path.rglob("*.jsonl"))
    assert made.table(SFT_EXPORT.table).num_rows == 0


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
        ({}, {"unsafe": None, "unsafe_reason": "approval_unreadable"}, "approval_unreadable"),
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
    assert "AI decision" not in example.output
    assert export.without_reasoning == 1


@pytest.mark.parametrize(
    ("steps", "playbook", "action"),
    [
        ([{"action": "a", "step": "b"}], "p", "a"),
        ([{"step": "b"}], "p", "b"),
        (["did it"], "p", "did it"),
        (["<think>how?</think>did it"], "p", "did it"),
        ([], "p", "p"),
        ([], None, None),
    ],
    ids=["action", "step", "text", "text after reasoning", "playbook", "nothing"],
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
