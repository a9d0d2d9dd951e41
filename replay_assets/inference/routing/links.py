"""Reads the calls of a route: which member answered, who comes after it, and what a result says."""

from collections.abc import Iterable
from typing import cast

from replay_assets.candidates import Candidate
from replay_assets.contracts.result import ChainLink, LinkOutcome
from replay_assets.inference.call import Call, ChainStep
from replay_assets.totals import known_total


def member_of(call: Call, candidate: Candidate) -> Candidate:
    """Return who gave the answer of a call, or was asked last: of a route, one of its members."""
    last = call.chain[-1].candidate_id if call.chain else None
    return next((one for one in candidate.members if one.id == last), candidate.members[0])


def members_after(member: Candidate, candidate: Candidate) -> tuple[str, ...]:
    """Return the ids of the members of a route that are asked after one of them."""
    ids = [one.id for one in candidate.members]
    return tuple(ids[ids.index(member.id) + 1 :])


def chain_of(asked: Iterable[tuple[Call, str]]) -> list[ChainLink]:
    """Return the members of a route that were asked for one result, each once, in order.

    Args:
        asked: the calls, each with what its answer turned out to be, such as `contract_broken`.
    """
    links: dict[str, ChainLink] = {}
    for call, outcome in asked:
        for step in call.chain:
            is_answer = call.completion is not None and step is call.chain[-1]
            link = _link(step, call, outcome if is_answer else step.outcome)
            links[step.candidate_id] = _joined(links.get(step.candidate_id), link)
    return list(links.values())


def _link(step: ChainStep, call: Call, outcome: str) -> ChainLink:
    attempts = step.attempts
    if call.completion is not None and step is call.chain[-1]:
        attempts = call.completion.attempts
    return ChainLink(
        candidate_id=step.candidate_id,
        outcome=cast(LinkOutcome, outcome),  # checked by the record
        latency_ms=round(sum(one.latency_ms for one in attempts), 4),
        cost_usd=known_total([one.cost_usd for one in attempts]),
    )


def _joined(before: ChainLink | None, link: ChainLink) -> ChainLink:
    """Return the link of a member that was asked twice, for an answer and for its repair."""
    if before is None:
        return link
    return ChainLink(
        candidate_id=link.candidate_id,
        outcome=link.outcome,
        latency_ms=round(before.latency_ms + link.latency_ms, 4),
        cost_usd=known_total([before.cost_usd, link.cost_usd]),
    )
