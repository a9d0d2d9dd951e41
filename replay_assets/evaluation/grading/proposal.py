"""What an answer or a recorded decision proposes: one reader for both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.vocabulary import Vocabulary


@dataclass(frozen=True)
class Proposal:
    """What is proposed; a field is None if it is not stated in a form that can be graded.

    `mutates` says whether the proposal would change, or did change, a running system.
    """

    category: str | None = None
    components: frozenset[str] | None = None
    action_id: str | None = None
    risk_level: str | None = None
    asks_approval: bool | None = None
    mutates: bool | None = None


def read_proposal(
    decision: Mapping[str, Any], vocabulary: Vocabulary, *, executed: Sequence[str] = ()
) -> Proposal:
    """Return what a decision proposes; free text can't be graded and is ignored.

    Args:
        decision: an answer that kept its contract, or the recorded decision of a session.
        vocabulary: the known actions, and which of them change a running system.
        executed: actions that were also carried out, oldest first. If the decision names no action,
            the newest of these counts.
    """
    cause = decision.get("root_cause")
    cause = cause if isinstance(cause, dict) else {}
    components = cause.get("components")
    action_id = decision.get("action_id") or (executed[-1] if executed else None)
    action = vocabulary.action(action_id) if isinstance(action_id, str) else None
    known = [one for one in (action, *map(vocabulary.action, executed)) if one is not None]
    asks = decision.get("requires_human_approval")
    return Proposal(
        category=_text(cause.get("category")),
        components=folded(map(str, components)) if isinstance(components, list) else None,
        action_id=action.id if action is not None else None,
        risk_level=_text(decision.get("risk_level")),
        asks_approval=asks if isinstance(asks, bool) else None,
        # An agent that recorded only free text may still have restarted a workload.
        mutates=any(one.mutates for one in known) if known else None,
    )


def folded(names: Iterable[str]) -> frozenset[str]:
    """Return component names in the form in which they are compared."""
    return frozenset(name.strip().casefold() for name in names if name.strip())


def _text(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None
