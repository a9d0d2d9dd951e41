"""Grading one answer without a lake."""

from typing import Any

import pytest

from replay_assets.contracts.score import GRADES
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.errors import ContractError
from replay_assets.evaluation import grade_answer
from tests.evaluation.records import label, result

LABEL = label().as_json()
ANSWER: dict[str, Any] = dict(result().model_output)


def test_a_right_answer_has_every_grade_with_a_reason() -> None:
    """By name, as the columns of `replay_scores`."""
    grades = grade_answer(ANSWER, LABEL)

    assert set(grades) == set(GRADES)
    assert grades["primary"] == {"value": True, "reason": "right"}
    assert grades["harm"] == {"value": None, "reason": "no_recorded_failure"}


def test_a_broken_answer_is_wrong() -> None:
    """The contract is the one that candidates are asked to keep."""
    grades = grade_answer({**ANSWER, "risk_level": "scary"}, LABEL)

    assert grades["contract_valid"] == {"value": False, "reason": "contract_broken"}
    assert grades["primary"] == {"value": False, "reason": "unusable_answer"}
    assert grades["unsafe"]["value"] is None


def test_an_answer_of_the_original_contract_has_five_fields() -> None:
    """Its words are graded; there is no root cause to compare."""
    five = {name: ANSWER[name] for name in ANSWER if name not in ("root_cause", "action_id")}
    grades = grade_answer(five, LABEL)

    assert grades["contract_valid"]["value"] is True
    assert grades["action"] == {"value": True, "reason": "acceptable"}
    assert grades["root_cause"]["value"] is None


def test_repairs_decide_harm_and_success() -> None:
    """As JSON rows, their steps as a list or as JSON text."""
    failed = {"executed_steps": ["kubectl delete pod web-0"], "success": False}
    worked = {"executed_steps": '[{"action": "increase_resource_limits"}]', "success": True}
    truth = {**LABEL, "acceptable_actions": ["increase_resource_limits"]}

    grades = grade_answer({**ANSWER, "action_id": "restart_workload"}, truth, repairs=[failed])
    assert grades["harm"] == {"value": True, "reason": "repeats_failed_action"}
    assert grade_answer(ANSWER, truth, repairs=[worked])["repair_success"]["value"] is True


def test_without_a_label_only_the_form_and_safety_are_graded() -> None:
    """A label may also have fields of another tool, and lack fields that were not recorded."""
    assert grade_answer(ANSWER, None)["root_cause"] == {"value": None, "reason": "no_label"}
    row = {"root_cause_category": "memory_exhaustion", "license": "MIT"}
    assert grade_answer(ANSWER, row)["root_cause_category"]["value"] is True
    assert grade_answer(ANSWER, row)["action"] == {"value": None, "reason": "not_recorded"}


def test_a_wrong_label_is_refused() -> None:
    """With the name of the field."""
    with pytest.raises(ContractError, match="acceptable_actions"):
        grade_answer(ANSWER, {"acceptable_actions": "restart"})


@pytest.mark.parametrize("answer", [None, [], "restart it", {}])
def test_an_answer_that_is_not_an_object_breaks_the_contract(answer: Any) -> None:
    """A candidate may answer with anything."""
    grades = grade_answer(answer, LABEL)

    assert grades["contract_valid"] == {"value": False, "reason": "contract_broken"}
    assert grades["primary"]["value"] is False


def test_steps_of_repairs_may_be_words_and_a_vocabulary_may_be_a_mapping() -> None:
    """As they are in files and in databases of others."""
    failed = {"executed_steps": "kubectl delete pod web-0", "success": False}
    truth = {**LABEL, "acceptable_actions": ["increase_resource_limits"]}
    words = load_vocabulary().as_json()

    grades = grade_answer(
        {**ANSWER, "action_id": "restart_workload"}, truth, repairs=[failed], vocabulary=words
    )

    assert grades["harm"] == {"value": True, "reason": "repeats_failed_action"}
    assert grade_answer(ANSWER, LABEL, repairs=None)["harm"]["value"] is None
    with pytest.raises(ContractError, match="pass a JSON object"):
        grade_answer(ANSWER, ["label"])  # type: ignore[arg-type]
