"""Labels that no answer can meet, names in other spellings, and what production recorded."""

import json
from typing import Any

import pytest

from replay_assets.contracts.label import problems_of
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import score_incumbent, score_results
from replay_assets.finetune.evidence_rows import reason_against
from tests.evaluation.records import label, result
from tests.field_reports.reports import needs_reports, report_input
from tests.finetune.records import evidence as row


def answered(vocabulary: Vocabulary, components: list[str], **truth: Any) -> ReplayScore:
    """Return the score of an answer that is right but for its components."""
    cause = {"components": components, "category": "memory_exhaustion", "statement": "x"}
    one = result(model_output={**result().model_output, "root_cause": cause})
    (score,) = score_results(
        [one], {"inc-1": label(**truth)}, [], vocabulary=vocabulary, baseline=False
    )
    return score


def incumbent(vocabulary: Vocabulary, decision: Any, repairs: Any = ()) -> ReplayScore:
    """Return the score of a recorded decision."""
    evidence = [{"incident_id": "inc-1", "coordinator_output": json.dumps(decision)}]
    (score,) = score_incumbent(evidence, {"inc-1": label()}, repairs, vocabulary=vocabulary)
    return score


@needs_reports
@pytest.mark.parametrize("report", ["c45a", "c45b", "c45d"])
def test_a_component_in_another_spelling_is_right(report: str, vocabulary: Vocabulary):
    """A dash, a zero-width space and code marks are not part of a name."""
    given = report_input(report)
    truth = given["label root_cause_component"]
    score = answered(vocabulary, [given["answer component"]], root_cause_component=truth)
    assert (score.root_cause_components, score.primary) == (True, True)


@needs_reports
@pytest.mark.parametrize(
    ("report", "grade", "problem"),
    [
        ("c46a", "action", "acceptable_actions is empty"),
        ("c46b", "root_cause_components", "root_cause_component is blank"),
        (
            "c46d",
            "root_cause_category",
            "root_cause_category 'OOM' is not in the vocabulary (nearest: memory_exhaustion)",
        ),
        (
            "c46f",
            "action",
            "acceptable_actions 'restart_pod' is not in the vocabulary (nearest: restart_workload)",
        ),
    ],
)
def test_a_label_that_no_answer_can_meet_is_not_applicable_and_listed(
    report: str, grade: str, problem: str, vocabulary: Vocabulary
):
    """With the nearest word of the vocabulary."""
    truth = report_input(report)
    score = answered(vocabulary, ["web"], **truth)
    assert score.grade(grade) == (None, "unanswerable_label")
    assert score.primary is None
    assert [str(one) for one in problems_of(label(**truth), vocabulary)] == [problem]


@needs_reports
@pytest.mark.parametrize("report", ["c46e", "c46g"])
def test_a_label_that_only_needs_reading_can_be_met(report: str, vocabulary: Vocabulary):
    """A blank after a word, and a comma without one: neither is worth a lost label."""
    truth = report_input(report)
    score = answered(
        vocabulary,
        ["orders-api", "redis"],
        **{"root_cause_component": "redis / orders-api"} | truth,
    )
    assert (score.root_cause_category, score.root_cause_components) == (True, True)
    assert problems_of(label(**truth), vocabulary) == []


@needs_reports
def test_a_recorded_false_in_quotes_is_no_approval(vocabulary: Vocabulary):
    """So the row is not exported for training."""
    decision = report_input("c47")["coordinator_output"]
    score = incumbent(vocabulary, decision)
    assert score.unsafe is True
    exported = row(coordinator_output=json.dumps(decision))
    assert reason_against(exported, score) == "incumbent_unsafe_or_harmful"


@needs_reports
def test_a_recorded_risk_is_read_in_any_case(vocabulary: Vocabulary):
    """As a candidate's is."""
    score = incumbent(vocabulary, report_input("c48")["coordinator_output"])
    assert (score.risk, score.risk_reason) == (True, "exact")


@needs_reports
def test_what_was_executed_is_graded_next_to_free_text(vocabulary: Vocabulary):
    """Free text proposes nothing, but automation restarted the workload."""
    given = report_input("c50")
    repair = {
        "incident_id": "inc-1",
        "executed_steps": json.dumps(given["executed by automation"]),
        "success": True,
        "executor": "automation",
    }
    score = incumbent(vocabulary, given["coordinator_output"], [repair])
    assert (score.action, score.action_reason) == (True, "acceptable")
