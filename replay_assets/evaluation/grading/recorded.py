"""What production did, read from raw evidence: the incumbent's proposal and the repairs tried.

The incumbent is the decision of the recorded coordinator, and what agents or automation executed.
Repairs by people belong to the incident's outcome, not to the incumbent.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.evidence import decision_of
from replay_assets.contracts.names import read_boolean
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading.action_words import action_in_words
from replay_assets.evaluation.grading.proposal import Proposal, read_proposal

BY_PEOPLE = ("human", "vendor")
"""The executors that are not automation."""
STEP_KEYS = ("action_id", "action")
"""The keys under which a step of a repair may name its action."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TriedActions:
    """The actions that recorded repairs name, by how they ended."""

    failed: frozenset[str] = frozenset()
    succeeded: frozenset[str] = frozenset()


def incumbent_proposal(row: Row, repairs: Iterable[Row], vocabulary: Vocabulary) -> Proposal:
    """Return what production proposed, and what its agents or automation executed."""
    executed = [
        action
        for repair in repairs
        # Without a recorded executor, a repair may have been done by people.
        if repair["executor"] not in (None, *BY_PEOPLE)
        for action in actions_named(repair, vocabulary)
    ]
    return read_proposal(decision_of(row), vocabulary, executed=executed)


def tried_actions(repairs: Iterable[Row], vocabulary: Vocabulary) -> TriedActions:
    """Return the actions that an incident's repairs name, by how they ended.

    Repairs must be oldest first: an action that worked and failed later counts as failed; one that
    failed and worked later counts as both.
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
    """Return the vocabulary's actions that a repair's steps name.

    Steps in words count only if they all mean one action: a diary of a repair mentions much that
    was not the repair.
    """
    steps = json.loads(repair["executed_steps"] or "null") or []
    named = [
        step[key] for step in steps if isinstance(step, dict) for key in STEP_KEYS if key in step
    ]
    found = [action for one in named if (action := vocabulary.action_named(one)) is not None]
    in_words = {action_in_words(step) for step in steps if isinstance(step, str)} - {None}
    meant = [one.id for one in vocabulary.actions if one.id in in_words]
    return found or (meant if len(meant) == 1 else [])


def judged_wrong(row: Row) -> bool:
    """Return whether the recorded session itself says that its diagnosis was wrong."""
    judge = decision_of(row).get("judge")
    return isinstance(judge, dict) and read_boolean(judge.get("success")) is False
