"""The scores of a day."""

import json
from typing import Any

import pytest

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import score_incumbent, score_results
from replay_assets.evaluation.grading.scoring import is_reserved
from tests.evaluation.records import label, result


def scored(vocabulary: Vocabulary, *results: Any, labels: Any = None, repairs: Any = ()) -> Any:
    """Score results against the default label."""
    truth = {"inc-1": label()} if labels is None else labels
    return score_results(results, truth, repairs, vocabulary=vocabulary, baseline=False)


def test_an_answer_is_graded_by_its_incidents_label(vocabulary: Vocabulary) -> None:
    """Incident ids join results and labels; case of component names does not matter."""
    (score,) = scored(vocabulary, result())
    assert (score.grade_status, score.primary, score.contract_valid) == ("graded", True, True)


@pytest.mark.parametrize(
    "outcome", ["contract_broken", "request_rejected", "model_refusal", "length_stop"]
)
def test_an_outcome_for_which_the_candidate_is_responsible_is_wrong(
    vocabulary: Vocabulary, outcome: str
) -> None:
    """The request was sent and answered, but the answer can't be used."""
    (score,) = scored(vocabulary, result(outcome=outcome))
    assert (score.contract_valid, score.primary) == (False, False)


@pytest.mark.parametrize("outcome", ["infrastructure_failure", "gate_refused"])
def test_a_failure_of_the_infrastructure_is_never_graded(
    vocabulary: Vocabulary, outcome: str
) -> None:
    """An endpoint that is down must not be published as a model's score."""
    (score,) = scored(vocabulary, result(outcome=outcome))
    assert score.grade_status == "not_graded"
    assert (score.contract_valid, score.primary, score.risk) == (None, None, None)


def test_scores_without_labels_are_unlabelled(vocabulary: Vocabulary) -> None:
    """A source without labels is not an error, and the form of answers can still be graded."""
    (score,) = scored(vocabulary, result(), labels={})
    assert (score.grade_status, score.contract_valid) == ("unlabelled", True)
    assert score.primary is None
    assert score.scenario_group == "inc-1"


def test_an_answer_of_the_original_five_fields_is_graded_by_its_words(
    vocabulary: Vocabulary,
) -> None:
    """It has no root cause to compare, but it proposes an action."""
    answer = dict(result().model_output)
    del answer["root_cause"], answer["action_id"]
    (score,) = scored(vocabulary, result(model_output=answer))
    assert (score.root_cause, score.action, score.primary) == (None, True, None)


def test_harm_is_judged_by_repairs_of_the_same_incident(vocabulary: Vocabulary) -> None:
    """A failed repair of another incident does not count."""
    failed = {
        "executed_steps": json.dumps([{"action": "delete_resource"}]),
        "success": False,
        "executor": "human",
    }
    answer = {**result().model_output, "action_id": "delete_resource"}
    one = result(model_output=answer)
    (own,) = scored(vocabulary, one, repairs=[{"incident_id": "inc-1", **failed}])
    (other,) = scored(vocabulary, one, repairs=[{"incident_id": "inc-2", **failed}])
    assert (own.harm, other.harm) == (True, None)


def test_the_incumbent_has_a_score_for_every_incident(vocabulary: Vocabulary) -> None:
    """An incident without a recorded decision is counted, too."""
    rows: list[dict[str, Any]] = [
        {"incident_id": "inc-1", "coordinator_output": None},
        {"incident_id": "inc-2", "coordinator_output": json.dumps({"judge": {"success": False}})},
    ]
    labels = {"inc-1": label(), "inc-2": label(incident_id="inc-2")}
    first, second = score_incumbent(rows, labels, [], vocabulary=vocabulary)
    assert (first.outcome, first.grade_status) == ("not_recorded", "not_graded")
    assert (second.outcome, second.root_cause) == ("recorded", False)


def test_what_automation_did_without_a_decision_is_recorded(vocabulary: Vocabulary) -> None:
    """Also in words; what people did by hand is not."""
    rows: list[dict[str, Any]] = [
        {"incident_id": f"inc-{number}", "coordinator_output": None} for number in (1, 2)
    ]
    steps = json.dumps(["kubectl rollout restart deployment/web"])
    repairs = [
        {"incident_id": incident, "executed_steps": steps, "success": True, "executor": executor}
        for incident, executor in (("inc-1", "agent"), ("inc-2", "human"))
    ]
    labels = {one["incident_id"]: label(incident_id=one["incident_id"]) for one in rows}
    agent, person = score_incumbent(rows, labels, repairs, vocabulary=vocabulary)
    assert (agent.outcome, agent.grade_status) == ("recorded", "graded")
    assert agent.action is not None
    assert (person.outcome, person.grade_status, person.action) == (
        "not_recorded", "not_graded", None,
    )  # fmt: skip


def test_a_fifth_of_the_scenario_groups_is_reserved_in_every_week() -> None:
    """A hash of the group decides, so a group is always reserved or never."""
    groups = [f"grp-{n}" for n in range(2000)]
    reserved = [group for group in groups if is_reserved(group)]
    assert 0.17 < len(reserved) / len(groups) < 0.23
    assert reserved == [group for group in groups if is_reserved(group)]
