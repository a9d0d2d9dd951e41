"""The texts of a request: one incident's evidence, and what an answer must contain."""

import json

from replay_assets.contracts.answer import ANSWER_FIELDS, RISK_LEVELS
from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.request_packs.prompts import response_contract, system_prompt, user_prompt


def test_the_instructions_are_the_same_for_every_incident(vocabulary: Vocabulary) -> None:
    """They are built from the vocabulary alone: nothing of an incident can be in them."""
    assert system_prompt(vocabulary) == system_prompt(vocabulary)
    assert "{" not in system_prompt(vocabulary)


def test_the_instructions_say_which_actions_change_something(vocabulary: Vocabulary) -> None:
    """Abstaining is graded, so a model must know which choice abstains."""
    lines = system_prompt(vocabulary).splitlines()
    for action in vocabulary.actions:
        (line,) = [line for line in lines if line.startswith(f"- {action.id} (")]
        assert f"(risk {action.risk}, " in line
        assert ("changes nothing)" in line) is not action.mutates


def test_a_teams_own_vocabulary_replaces_the_shipped_one(vocabulary: Vocabulary) -> None:
    """Nothing of the shipped one is left in the instructions."""
    (category, *_), (action, *_) = vocabulary.root_cause_categories, vocabulary.actions
    own = vocabulary.model_copy(
        update={
            "root_cause_categories": (category.model_copy(update={"id": "gremlins"}),),
            "actions": (action.model_copy(update={"id": "shoo"}),),
        }
    )
    prompt = system_prompt(own)
    assert "- gremlins: " in prompt
    assert "- shoo (risk " in prompt
    assert "cpu_saturation" not in prompt
    assert "observe_only" not in prompt


def test_the_evidence_is_complete_and_its_labels_are_in_a_fixed_order() -> None:
    """The order of a database's JSON must not change the prompt."""
    both: list[dict[str, object]] = [{"b": 1, "a": 2}, {"a": 2, "b": 1}]
    texts = {
        user_prompt(alertname="A", severity="critical", labels=labels, evidence="line 1\nline 2")
        for labels in both
    }
    assert texts == {
        "Alert: A\nSeverity: critical\nLabels:\n  a: 2\n  b: 1\n\nEvidence:\nline 1\nline 2"
    }


def test_missing_fields_are_marked_as_not_recorded() -> None:
    """An empty field would look like a fault of the prompt."""
    text = user_prompt(alertname=None, severity=None, labels={}, evidence="x")
    assert text == "Alert: not recorded\nSeverity: not recorded\n\nEvidence:\nx"


def test_the_response_contract_asks_for_every_answer_field_and_forbids_self_grading() -> None:
    """What is required is described; the risk levels are spelled out."""
    contract = response_contract()
    assert contract["required"] == list(ANSWER_FIELDS)
    assert set(ANSWER_FIELDS) == set(contract["fields"])  # type: ignore[call-overload]
    assert contract["forbidden"] == list(SELF_GRADING_FIELDS)
    assert all(level in json.dumps(contract["fields"]) for level in RISK_LEVELS)
