"""What an answer or a recorded decision proposes: one reader for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.names import folded, folded_components, read_boolean
from replay_assets.contracts.vocabulary import Vocabulary


@dataclass(frozen=True)
class Proposal:
    """What is proposed; a field is None if it is not stated in a form that can be graded.

    `mutates` says whether the proposal would change, or did change, a running system.
    `approval_unreadable` says that approval is mentioned, but neither as yes nor as no.
    """

    category: str | None = None
    components: frozenset[str] | None = None
    action_id: str | None = None
    risk_level: str | None = None
    asks_approval: bool | None = None
    mutates: bool | None = None
    approval_unreadable: bool | None = None


def read_proposal(
    decision: Mapping[str, Any], vocabulary: Vocabulary, *, executed: Sequence[str] = ()
) -> Proposal:
    """Return what a decision proposes; free text can't be graded and is ignored.

    Args:
        decision: an answer that kept its contract, or the recorded decision of a session.
        vocabulary: the known categories and actions, and which of these change a running system.
        executed: actions that were also carried out, oldest first. If the decision names no known
            action, the newest of these counts.
    """
    cause = decision.get("root_cause")
    cause = cause if isinstance(cause, dict) else {}
    proposed = vocabulary.action_named(decision.get("action_id"))
    action_id = proposed or (executed[-1] if executed else None)
    done = {action_id, *executed} - {None}
    known = [one for one in vocabulary.actions if one.id in done]
    asks = decision.get("requires_human_approval")
    return Proposal(
        category=vocabulary.category_named(cause.get("category")),
        components=_components(cause.get("components")),
        action_id=action_id,
        risk_level=_word(decision.get("risk_level")),
        asks_approval=read_boolean(asks),
        # Not the same as a missing one: what it says could be "no".
        approval_unreadable=(asks is not None and read_boolean(asks) is None) or None,
        # An agent that recorded only free text may still have restarted a workload.
        mutates=any(one.mutates for one in known) if known else None,
    )


def _components(value: object) -> frozenset[str] | None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list):
        return None
    return folded_components(map(str, texts))


def _word(value: object) -> str | None:
    return folded(value) or None if isinstance(value, str) else None
