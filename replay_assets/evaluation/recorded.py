"""What production did, read from raw evidence: the incumbent's proposal and the repairs tried.

The incumbent is the recorded coordinator and what agents or automation executed. What people did by
hand is the incident's outcome, not the incumbent.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import Proposal, TriedActions, folded

BY_PEOPLE = ("human", "vendor")
STEP_KEYS = ("action_id", "action")

Row = Mapping[str, Any]


def decision_of(row: Row) -> dict[str, Any]:
    """Return the coordinator's recorded decision; empty where there is none."""
    decision = json.loads(row["coordinator_output"] or "null")
    return decision if isinstance(decision, dict) else {}


def incumbent_proposal(row: Row, repairs: Iterable[Row], vocabulary: Vocabulary) -> Proposal:
    """Return what production proposed and, by its agents or automation, did."""
    decision = decision_of(row)
    cause = decision.get("root_cause")
    cause = cause if isinstance(cause, dict) else {}
    components = cause.get("components")
    executed = [
        action
        for repair in repairs
        if repair["executor"] not in (None, *BY_PEOPLE)
        for action in actions_named(repair, vocabulary)
    ]
    action_id = decision.get("action_id") or (executed[-1] if executed else None)
    action = vocabulary.action(action_id) if isinstance(action_id, str) else None
    known = [vocabulary.action(one) for one in executed] + [action]
    changes = [one.mutates for one in known if one is not None]
    asks = decision.get("requires_human_approval")
    return Proposal(
        category=_text(cause.get("category")),
        components=folded(map(str, components)) if isinstance(components, list) else None,
        action_id=action.id if action is not None else None,
        risk_level=_text(decision.get("risk_level")),
        asks_approval=asks if isinstance(asks, bool) else None,
        mutates=any(changes) if changes else None,
    )


def tried_actions(repairs: Iterable[Row], vocabulary: Vocabulary) -> TriedActions:
    """Return the actions that an incident's repairs name, by how they ended.

    Repairs come oldest first: an action that failed after it had worked is failed, one that worked
    after it had failed is both.
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
    """Tell whether the recorded session itself carries a verdict that its diagnosis was wrong."""
    judge = decision_of(row).get("judge")
    return isinstance(judge, dict) and judge.get("success") is False


def _text(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None
