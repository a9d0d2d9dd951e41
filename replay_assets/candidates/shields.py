"""What the catalogue says of shields: `on_violation` of an agent, and of an entry that is one."""

from collections.abc import Iterable

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.shields import BUILT_IN_SHIELDS


def objection_to(candidate: Candidate, entries: Iterable[Candidate]) -> str | None:
    """Return what is wrong with `on_violation` of an entry, or None."""
    found = candidate.on_violation
    if candidate.role == "shield":
        return None if isinstance(found, str) or not found else "must be end_turn or flag"
    if isinstance(found, str):
        return "must name shields, such as {prompt_injection: end_turn}"
    names = [*BUILT_IN_SHIELDS, *(one.id for one in entries if one.role == "shield")]
    if unknown := sorted(found.keys() - set(names)):
        return f"has no shield {', '.join(unknown)}; use {', '.join(names)}"
    return None
