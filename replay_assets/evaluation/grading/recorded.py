"""What production did, read from raw evidence: the incumbent's proposal and the repairs tried.

The incumbent is the recorded coordinator and what agents or automation executed. What people did by
hand is the incident's outcome, not the incumbent.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading.proposal import Proposal, read_proposal

BY_PEOPLE = ("human", "vendor")
STEP_KEYS = ("action_id", "action")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TriedActions:
    """The actions that recorded repairs name, by how they ended."""

    failed: frozenset[str] = frozenset()
    succeeded: frozenset[str] = frozenset()


def decision_of(row: Row) -> dict[str, Any]:
    """Return the coordinator's recorded decision; empty where there is none."""
    decision = json.loads(row["coordinator_output"] or "null")
    return decision if isinstance(decision, dict) else {}


def incumbent_proposal(row: Row, repairs: Iterable[Row], vocabulary: Vocabulary) -> Proposal:
    """Return what production proposed and, by its agents or automation, did."""
    executed = [
        action
        for repair in repairs
        if repair["executor"] not in (None, *BY_PEOPLE)
        for action in actions_named(repair, vocabulary)
    ]
    return read_proposal(decision_of(row), vocabulary, executed=executed)


def tried_actions(repairs: Iterable[Row], vocabulary: Vocabulary) -> TriedActions:
    """Return the actions that an incident's repairs name, by how they ended.

    Repairs come oldest first: an action that failed after it had worked counts as failed; one that
    worked after it had failed counts as both.
    """
    failed: set[str] = set()
    succeeded: set[str] = set()
    for repair in repairs:
        named = actions_named(repair, vocabulary)
        if repair["success"] is True:
            succeeded.update(named)
        elif repair["success"] is False:
            failed.update(named)
            succeeded.difference_update(named)
    return TriedActions(frozenset(failed), frozenset(succeeded))


def actions_named(repair: Row, vocabulary: Vocabulary) -> list[str]:
    """Return the vocabulary's actions that a repair's steps name; free text names none."""
    steps = json.loads(repair["executed_steps"] or "null") or []
    named = [
        step[key] for step in steps if isinstance(step, dict) for key in STEP_KEYS if key in step
    ]
    return [one for one in named if isinstance(one, str) and vocabulary.action(one) is not None]


def judged_wrong(row: Row) -> bool:
    """Return whether the recorded session itself says that its diagnosis was wrong."""
    judge = decision_of(row).get("judge")
    return isinstance(judge, dict) and judge.get("success") is False
