"""What an answer or a recorded decision proposes: one reader for both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.names import folded, read_boolean
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading.action_words import action_in_words


@dataclass(frozen=True)
class Proposal:
    """What is proposed; a field is None if it is not stated in a form that can be graded.

    Attributes:
        category: the id of the root-cause category.
        components: the names of the components at fault.
        statement: the root cause in words; reported, never credited.
        action_id: the primary action: the named one, else the one that the words mean.
        action_text: whether an action is stated, in whatever form.
        plan_actions: the actions that the steps of the plan mean.
        plan: the steps of the plan.
        risk_level: the stated risk.
        asks_approval: whether approval is asked for.
        mutates: whether the proposal would change, or did change, a running system.
        approval_unreadable: approval is mentioned, but neither as yes nor as no.
    """

    category: str | None = None
    components: frozenset[str] | None = None
    statement: str | None = None
    action_id: str | None = None
    action_text: bool = False
    plan_actions: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    risk_level: str | None = None
    asks_approval: bool | None = None
    mutates: bool | None = None
    approval_unreadable: bool | None = None


def read_proposal(
    decision: Mapping[str, Any], vocabulary: Vocabulary, *, executed: Sequence[str] = ()
) -> Proposal:
    """Return what a decision proposes.

    Args:
        decision: an answer that kept its contract, or the recorded decision of a session.
        vocabulary: the known categories and actions, and which of these change a running system.
        executed: actions that were also carried out, oldest first. If the decision names no known
            action, the newest of these counts.
    """
    cause = decision.get("root_cause")
    cause = cause if isinstance(cause, dict) else {}
    names = component_names(decision)
    stated = [one for one in (decision.get("action_id"), decision.get("proposed_action")) if one]
    action_id = _primary(decision, vocabulary) or (executed[-1] if executed else None)
    plan = tuple(_steps(decision.get("action_plan")))
    planned = tuple(one for one in map(action_in_words, plan) if _is_known(one, vocabulary) and one)
    done = {action_id, *executed, *planned} - {None}
    known = [one for one in vocabulary.actions if one.id in done]
    asks = decision.get("requires_human_approval")
    return Proposal(
        category=vocabulary.category_named(cause.get("category")),
        components=None if names is None else vocabulary.components_named(names),
        statement=cause.get("statement") if isinstance(cause.get("statement"), str) else None,
        action_id=action_id,
        action_text=bool(stated),
        plan_actions=planned,
        plan=plan,
        risk_level=_word(decision.get("risk_level")),
        asks_approval=read_boolean(asks),
        # Not the same as a missing one: what it says could be "no".
        approval_unreadable=(asks is not None and read_boolean(asks) is None) or None,
        # An agent that recorded only free text may still have restarted a workload.
        mutates=any(one.mutates for one in known) if known else None,
    )


def _primary(decision: Mapping[str, Any], vocabulary: Vocabulary) -> str | None:
    if named := vocabulary.action_named(decision.get("action_id")):
        return named
    text = decision.get("proposed_action")
    found = vocabulary.action_named(text) or (
        action_in_words(text) if isinstance(text, str) else None
    )
    return found if _is_known(found, vocabulary) else None


def _is_known(action_id: str | None, vocabulary: Vocabulary) -> bool:
    """A team's own vocabulary may lack an action that the shipped rules find."""
    return action_id is not None and vocabulary.action(action_id) is not None


def _steps(plan: object) -> Iterator[str]:
    for step in plan if isinstance(plan, list) else ():
        if isinstance(step, str):
            yield step


def component_names(decision: Mapping[str, Any]) -> list[str] | None:
    """Return the components of a decision as they are written; None if it has no list or text."""
    cause = decision.get("root_cause")
    named = cause.get("components") if isinstance(cause, dict) else None
    texts = [named] if isinstance(named, str) else named
    return list(map(str, texts)) if isinstance(texts, list) else None


def _word(value: object) -> str | None:
    return folded(value) or None if isinstance(value, str) else None
