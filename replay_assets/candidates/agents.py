"""The agent form of a candidate: the same model, which investigates with tools.

It is graded and reported as another candidate, `<id>-agent`, next to its single answers.
"""

from collections.abc import Iterable, Iterator

from replay_assets.candidates.candidate import LONGEST_ID, Candidate
from replay_assets.contracts.score import AGENT_SUFFIX


def agent_of(candidate: Candidate) -> Candidate:
    """Return the agent form of a candidate."""
    changes = {"id": f"{candidate.id}{AGENT_SUFFIX}", "agent": False, "no_evidence": False}
    return candidate.model_copy(update=changes)


def with_agents(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the candidates, each followed by its agent form if `agent` is set."""
    for candidate in candidates:
        yield candidate
        if candidate.agent:
            yield agent_of(candidate)


def objection_to(candidate: Candidate) -> tuple[str, str] | None:
    """Return the field that asks for an impossible agent and what is wrong, or None."""
    if candidate.agent and candidate.role is not None:
        return "agent", "is for a model that is replayed; remove it, or remove role"
    if candidate.agent and candidate.route is not None:
        return "agent", "is for a model; a turn can't change models, so set it at the members"
    if candidate.agent and len(agent_of(candidate).id) > LONGEST_ID:
        return "id", (
            f"is too long for agent, which adds the candidate {agent_of(candidate).id}: an id has "
            f"at most {LONGEST_ID} characters"
        )
    return None
