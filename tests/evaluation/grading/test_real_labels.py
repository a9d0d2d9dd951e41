"""Grades on the real incidents: every truth is right, and tricks do not beat honest answers."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import Case, TriedActions, grades_of, read_proposal
from replay_assets.evaluation.grading.recorded import tried_actions

Answer = dict[str, Any]
Trick = Callable[[Answer, str], Answer]


class Incidents:
    """The labels, evidence and repairs of the real incidents."""

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        fields = IncidentLabel.model_fields
        self.labels = {
            row["incident_id"]: IncidentLabel.read(
                {name: row.get(name) for name in fields} | {"schema_version": LABEL_VERSION}
            )
            for row in rows_of(folder / "labels.jsonl")
        }
        self.evidence = {
            row["incident_id"]: row["evidence_summary"]
            for row in rows_of(folder / "incident_evidence.jsonl")
        }
        self.repairs: dict[str, list[Answer]] = {}
        for row in rows_of(folder / "auto_repair_executions.jsonl"):
            row["executed_steps"] = json.dumps(row["executed_steps"])
            self.repairs.setdefault(row["incident_id"], []).append(row)

    def truth(self, label: IncidentLabel) -> Answer:
        """The label, put into the form of an answer."""
        action = self.vocabulary.action((label.acceptable_actions or ["observe_only"])[0])
        assert action is not None
        return {
            "proposed_action": action.en,
            "action_plan": [],
            "risk_level": action.risk,
            "requires_human_approval": True,
            "blocked_by_policy": False,
            "root_cause": {
                "components": re.split(r" / |, ", label.root_cause_component or "none"),
                "category": label.root_cause_category,
                "statement": label.expected_root_cause,
            },
            "action_id": action.id,
        }

    def honest(self, number: int, label: IncidentLabel) -> Answer:
        """An answer that is right in half of the incidents."""
        answer = self.truth(label)
        if number % 2:
            answer["root_cause"] = answer["root_cause"] | {"components": ["orders-api"]}
        return answer

    def grades(self, incident: str, answer: Answer) -> dict[str, bool | None]:
        label = self.labels[incident]
        tried: TriedActions = tried_actions(self.repairs.get(incident, []), self.vocabulary)
        case = Case(
            "answered", read_proposal(answer, self.vocabulary), label, tried, self.vocabulary
        )
        return {name: grade.value for name, grade in grades_of(case).items()}

    def handled(self, trick: Trick) -> int:
        """The number of incidents that are handled right with a trick."""
        return sum(
            self.grades(incident, trick(self.honest(number, label), self.evidence[incident]))[
                "primary"
            ]
            is True
            for number, (incident, label) in enumerate(self.labels.items())
        )


def rows_of(path: Path) -> list[Answer]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def incidents(real_data: Path, vocabulary: Vocabulary) -> Incidents:
    """All real incidents."""
    return Incidents(real_data, vocabulary)


def test_every_label_put_into_the_form_of_an_answer_is_right(incidents: Incidents) -> None:
    """A label that its own truth does not meet would count every candidate as wrong."""
    wrong = {
        incident: grades
        for incident, label in incidents.labels.items()
        if (grades := incidents.grades(incident, incidents.truth(label)))["root_cause"] is not True
        or grades["action"] is not True
        or grades["primary"] is False
    }
    assert wrong == {}


def unchanged(answer: Answer, _: str) -> Answer:
    return answer


def names_everything(answer: Answer, evidence: str) -> Answer:
    names = sorted(set(re.findall(r"[a-z][a-z0-9-]{3,}", evidence)))
    cause = answer["root_cause"]
    return answer | {"root_cause": cause | {"components": [*cause["components"], *names]}}


def pastes_the_evidence(answer: Answer, evidence: str) -> Answer:
    return answer | {"root_cause": answer["root_cause"] | {"statement": evidence}}


def asks_always(answer: Answer, _: str) -> Answer:
    return answer | {"requires_human_approval": True}


def abstains_always(answer: Answer, _: str) -> Answer:
    return answer | {"action_id": "observe_only", "proposed_action": "Keep watching"}


def plans_everything(answer: Answer, _: str) -> Answer:
    plan = ["Restart the pods", "Roll back the release", "Scale to 5 replicas", "Fix the code"]
    return answer | {"action_plan": plan}


def lists_all_actions(answer: Answer, _: str) -> Answer:
    words = "Restart the pods, roll back the release, scale to 5 replicas, fix the config"
    return answer | {"action_id": None, "proposed_action": words}


@pytest.mark.parametrize(
    "trick",
    [
        names_everything,
        pastes_the_evidence,
        asks_always,
        abstains_always,
        plans_everything,
        lists_all_actions,
    ],
)
def test_a_trick_does_not_beat_the_same_answer_without_it(
    incidents: Incidents, trick: Trick
) -> None:
    """Substring credit would accept 145 of 145 answers that name everything."""
    assert incidents.handled(trick) <= incidents.handled(unchanged)


def test_a_constant_answer_is_hardly_ever_right(incidents: Incidents) -> None:
    """The same rule for every incident: the commonest cause and action."""

    def constant(answer: Answer, _: str) -> Answer:
        cause = {"components": ["frontend"], "category": "memory_exhaustion", "statement": "x"}
        return answer | {"root_cause": cause, "action_id": "restart_workload"}

    assert incidents.handled(constant) <= 0.05 * len(incidents.labels)
