"""Grade one answer without a lake: for notebooks, and for other tools that compare answers."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypedDict

from replay_assets.contracts.answer import ANSWER_FIELDS, ORIGINAL_FIELDS
from replay_assets.contracts.answer_reading import ContractBrokenError, read_answer
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.contracts.vocabulary import Vocabulary, load_vocabulary
from replay_assets.errors import ContractError
from replay_assets.evaluation.grading import Case, Proposal, TriedActions, grades_of, read_proposal
from replay_assets.evaluation.grading.recorded import tried_actions


class GradedAnswer(TypedDict):
    """A grade: true, false, or None if it is not applicable, and the code that says why."""

    value: bool | None
    reason: str


def grade_answer(
    answer: Mapping[str, Any] | None,
    label: Mapping[str, Any] | None,
    *,
    vocabulary: Vocabulary | Mapping[str, Any] | None = None,
    repairs: Iterable[Mapping[str, Any]] | None = (),
) -> dict[str, GradedAnswer]:
    """Return every grade of an answer, by name.

    Args:
        answer: the JSON object of an answer. Without `root_cause` and `action_id` it is read by the
            contract of the original system, which asks for five fields. Anything other than an
            object breaks the contract.
        label: the truth of the incident, with fields of `IncidentLabel`; those that are missing
            were not recorded, and others are ignored. None without a label.
        vocabulary: the categories and actions, also as a mapping as in the file; the shipped ones
            if None.
        repairs: recorded repairs, oldest first, with `executed_steps`, `success` and `executor`.

    Raises:
        ContractError: the label or the vocabulary has not the form of its contract.
    """
    words = _vocabulary(vocabulary)
    answer = answer if isinstance(answer, Mapping) else {}
    has_diagnosis = "root_cause" in answer or "action_id" in answer
    outcome, proposal = "answered", Proposal()
    try:
        kept = read_answer(answer, ANSWER_FIELDS if has_diagnosis else ORIGINAL_FIELDS, words)
        proposal = read_proposal(kept, words)
    except ContractBrokenError:
        outcome = "contract_broken"
    case = Case(
        outcome=outcome,
        proposal=proposal,
        label=None if label is None else _label(label),
        tried=_tried(repairs or (), words),
        vocabulary=words,
    )
    return {
        name: GradedAnswer(value=grade.value, reason=grade.reason)
        for name, grade in grades_of(case).items()
    }


def _vocabulary(given: Vocabulary | Mapping[str, Any] | None) -> Vocabulary:
    if given is None:
        return _shipped()
    return given if isinstance(given, Vocabulary) else Vocabulary.read(given)


@cache
def _shipped() -> Vocabulary:
    return load_vocabulary()


def _label(label: Mapping[str, Any]) -> IncidentLabel:
    if not isinstance(label, Mapping):
        raise ContractError(f"the label is {label!r:.40}; pass a JSON object, or None without one")
    fields = {name: label.get(name) for name in IncidentLabel.model_fields}
    known = {"schema_version": LABEL_VERSION, "incident_id": str(label.get("incident_id", ""))}
    return IncidentLabel.read({**fields, **known})


def _tried(repairs: Iterable[Mapping[str, Any]], vocabulary: Vocabulary) -> TriedActions:
    rows = [
        {"executed_steps": _steps(one.get("executed_steps")), "success": one.get("success")}
        for one in repairs
    ]
    return tried_actions(rows, vocabulary)


def _steps(steps: object) -> str:
    """Return the steps of a repair as JSON; a text that is not JSON is one step in words."""
    if isinstance(steps, str):
        try:
            steps = json.loads(steps)
        except ValueError:
            steps = [steps]
    return json.dumps(steps if isinstance(steps, list) else [steps])
