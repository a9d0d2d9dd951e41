"""Rows of what production did: only verified repairs, sanitized, never wrong reasoning."""

import json
from typing import Any

import pytest

from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.finetune.alpaca import WORDINGS
from replay_assets.finetune.evidence_rows import EvidenceRows, RecordedRow
from replay_assets.finetune.example import executed_action, reasoning_of
from replay_assets.finetune.flavours import BY_NAME
from replay_assets.finetune.language import Language
from replay_assets.finetune.rows import Row
from replay_assets.finetune.texts import TextRules
from tests.evaluation.records import score
from tests.finetune.records import evidence, repair, session


def made(
    row: dict[str, Any],
    *,
    repairs: Any = (),
    messages: Any = (),
    language: TrainingLanguage = "follow",
    **grades: Any,
) -> tuple[list[RecordedRow], str | None]:
    """Return the rows of an incident, and why it has none."""
    make = EvidenceRows(language=language)
    return make.rows(row, score(row["incident_id"], **grades), repairs, messages)


def alpaca(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the Alpaca row of an incident."""
    return BY_NAME["sft.alpaca"].render(answer(row, **more))


def answer(row: dict[str, Any], **more: Any) -> Row:
    """Return the row with the answer of an incident."""
    return made(row, **more)[0][0].row


def test_a_row_has_three_sections_and_its_real_alert_name() -> None:
    """Decision, action, result; the alert's name is not the incident's id."""
    found = alpaca(evidence())
    assert found["instruction"] == WORDINGS["en"].instruction
    assert found["output"] == (
        "[AI decision]\nask <EMAIL_1>\n\n[Executed action]\nrestart_workload\n\n[Result]\nsuccess"
    )
    assert found["metadata"]["alertname"] == "WebDown"


def test_a_row_traces_to_its_source() -> None:
    """The session that decided, the repair that verified it, the group that it is split by."""
    row = answer(evidence(), scenario_group="grp-web")
    assert (row.session_id, row.execution_id, row.scenario_group) == ("se-1", "re-2", "grp-web")
    assert (row.label_source, row.at) == ("verified_execution", "2026-09-21T06:00:00.000000Z")
    assert answer(evidence(coordinator_output=None)).session_id is None


def test_the_original_form_is_available() -> None:
    """Chinese for every incident, null for what was not recorded, and no other field."""
    assert alpaca(evidence(), language="original") == {
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
    ("setting", "text", "language"),
    [
        ("follow", "disk full on node 3", "en"),
        ("follow", "磁碟已滿", "zh"),
        ("en", "磁碟已滿", "en"),
        ("zh", "disk full on node 3", "zh"),
    ],
)
def test_instruction_and_headings_have_one_language(
    setting: TrainingLanguage, text: str, language: Language
) -> None:
    """That of the incident, or the one of the setting."""
    found = alpaca(evidence(evidence_summary=text, coordinator_output=None), language=setting)
    wording = WORDINGS[language]
    assert found["instruction"] == wording.instruction
    assert found["output"].split("\n")[0] == wording.action
    assert found["metadata"]["language"] == language


def test_rows_without_reasoning_can_be_told_apart() -> None:
    """In each row, whether none was recorded or it was wrong."""
    rows = [evidence(), evidence(coordinator_output=None)]
    assert [answer(row).has_reasoning for row in rows] == [True, False]
    assert [alpaca(row)["metadata"]["has_reasoning"] for row in rows] == [True, False]


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
    found = answer(evidence(coordinator_output=output)).answer
    assert found.startswith(f"[AI decision]\n{kept}\n\n")


@pytest.mark.parametrize("keeps", [False, True])
def test_marks_of_trainers_are_broken_and_counted(keeps: bool) -> None:
    """They stay readable; tags of images only if the setting says so."""
    texts = TextRules(keep_media_tags=keeps)
    row = evidence(
        evidence_summary="web=<image> log <image>",
        coordinator_output=json.dumps({"reasoning": "<|im_end|> seen"}),
    )
    (one,) = EvidenceRows(texts).rows(row, score())[0]
    tag = "<image>" if keeps else "< image>"
    assert one.row.question == (f"web={tag} log {tag}",)
    assert one.row.answer.startswith("[AI decision]\n< |im_end|> seen")
    assert dict(texts.marks) == {"<image>": 2, "<|im_end|>": 1}
    assert texts.media_tags == {"<image>": 2}


def test_the_same_value_has_the_same_placeholder_in_input_and_output() -> None:
    """One map of pseudonyms per incident: else the reasoning would not follow from the evidence."""
    rows, _ = made(evidence(), repairs=[repair()], messages=session())
    assert len(rows) == 3
    assert "<EMAIL_1>" in rows[0].row.question[0]
    assert "<EMAIL_1>" in rows[1].row.question[0]
    assert "admin@example.com" not in str(rows)


@pytest.mark.parametrize(
    ("changes", "grades", "reason"),
    [
        ({"verification_result": "failed"}, {}, "not_verified_as_success"),
        ({"repair_success": False}, {}, "newest_repair_failed"),
        ({"repair_success": None}, {}, "no_repair_recorded"),
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
def test_what_must_not_be_learned_is_excluded(
    changes: dict[str, Any], grades: dict[str, Any], reason: str
) -> None:
    """Every incident gives a row or a reason; a failed repair leaves neither session nor pair."""
    row = evidence(**changes)
    assert made(row, repairs=[repair()], messages=session(), **grades) == ([], reason)


def test_an_incident_without_scores_is_excluded() -> None:
    """It is unknown whether it is reserved for evaluation."""
    assert EvidenceRows().rows(evidence(), None) == ([], "not_scored")


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
    """The action worked, but the reasoning for it was wrong; the session is left out too."""
    rows, _ = made(evidence(), messages=session(), **grades)
    assert ["AI decision" in one.row.answer for one in rows] == [False]
    assert not rows[0].row.has_reasoning


def test_a_session_with_tools_is_a_row_up_to_its_last_answer() -> None:
    """With objects for arguments, without blocks of reasoning and what the operator said after."""
    row = made(evidence(), messages=session())[0][1].row
    assert [one.role for one in row.prompt] == ["user", "assistant", "tool"]
    assert row.answer == "It leaks."
    (call,) = row.prompt[1].tool_calls
    assert (call.name, call.arguments) == ("get_logs", {"target": "deploy/web", "lines": 5})
    (tool,) = row.tools
    assert tool.description == "Return the newest log lines of a pod."
    properties = tool.parameters["properties"]
    assert properties["lines"] == {"type": "integer"}
    assert "pod" in properties


def without(role: str) -> list[dict[str, Any]]:
    """Return the session without the messages of a role."""
    return [one for one in session() if one["role"] != role]


@pytest.mark.parametrize(
    "messages",
    [
        [],
        session({"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}),
        without("tool"),
        [{**one, "tool_call_id": "other" if one["role"] == "tool" else ""} for one in session()],
        without("user"),
        [
            {**one, "tool_calls": '[{"id": "call_1", "function": {"arguments": "[1"}}]'}
            if one["tool_calls"]
            else one
            for one in session()
        ],
    ],
    ids=["none", "no tools", "unanswered", "another answer", "no question", "damaged"],
)
def test_a_session_that_a_trainer_would_drop_is_no_row(messages: list[dict[str, Any]]) -> None:
    """A call without its answer, an answer without its call, no question, no tool."""
    assert len(made(evidence(), messages=messages)[0]) == 1


def test_the_repair_that_worked_is_better_than_the_one_that_failed() -> None:
    """For the same evidence; repairs that worked before are not worse."""
    repairs = [repair(), repair(success=True, id="re-0", playbook_name="other")]
    row = made(evidence(), repairs=repairs)[0][1].row
    assert row.kind == "pair"
    assert row.prompt == answer(evidence()).prompt
    assert row.answer == "[Executed action]\nrestart_workload"
    assert row.rejected[0].content == "[Executed action]\nroll_back_release"


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
    one = evidence(repair_steps=json.dumps(steps), repair_playbook=playbook)
    assert executed_action(one) == action


@pytest.mark.parametrize(
    ("output", "reasoning"),
    [({"reasoning": "why", "decision": "what"}, "why"), ({"decision": "what"}, "what"), ([], None)],
)
def test_reasoning_comes_before_decision(output: object, reasoning: str | None) -> None:
    """Without reasoning the decision; without both nothing."""
    assert reasoning_of(evidence(coordinator_output=json.dumps(output))) == reasoning
