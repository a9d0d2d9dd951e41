"""Builds the result record of one request from its calls: costs, times and outcome, no grades."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from replay_assets.candidates import Candidate
from replay_assets.contracts.result import (
    RESULT_VERSION,
    ChainLink,
    ReplayResult,
    TraceEvent,
    Usage,
)
from replay_assets.inference import Attempt, Call, Completion, member_of
from replay_assets.replay.answers import safe_output
from replay_assets.replay.pack_reading import PackLine
from replay_assets.replay.reading import Reading
from replay_assets.totals import known_total


class _Part(NamedTuple):
    """The attempts of one candidate within a call; with its completion, if it has one."""

    asked: Candidate
    variant: str | None
    attempts: tuple[Attempt, ...]
    completion: Completion | None


def result_of(
    line: PackLine,
    calls: Sequence[Call],
    last: Reading,
    *,
    candidate: Candidate,
    variant: str | None,
    repeat: int,
    first_error: str | None = None,
    retry_used: bool = False,
    counts: Mapping[str, int] | None = None,
    chain: list[ChainLink] | None = None,
) -> ReplayResult:
    """Return the result of a request.

    `calls` are its first one and, with `retry_used`, a repair call, or all inferences of an agent;
    `last` is what the last one says, `first_error` how the first answer breaks the contract, and
    `counts` are the fields that only results of an agent have. Of a route, `chain` has its members.
    """
    events = [
        _event(
            call,
            part,
            line_number=line.number,
            first_error=first_error if number and retry_used else None,
        )
        for number, call in enumerate(calls)
        for part in _parts(line, call, candidate, variant)
        # Without an attempt nothing was sent: the gate blocked it, or the budget was used up.
        if part.attempts
    ]
    latencies = [event.latency_ms for event in events if event.latency_ms is not None]
    speaker = member_of(calls[-1], candidate) if calls else candidate
    is_answered = last.outcome == "answered"
    return ReplayResult(
        schema_version=RESULT_VERSION,
        run_id=line.request.run_id,
        incident_id=line.request.incident_id,
        candidate_id=candidate.id,
        candidate_variant_id=variant if chain is None else line.variant(speaker.variant_id),
        model=speaker.model,
        outcome=last.outcome,
        model_output=safe_output(last.error or "") if last.answer is None else last.answer,
        latency_ms=round(sum(latencies), 4) if latencies else None,
        queue_ms=round(calls[0].queue_ms, 4) if calls else 0.0,
        cost_usd=_sum([event.cost_usd for event in events], candidate),
        fallback_used=chain[0].outcome != "answered" if chain else not is_answered,
        trace_complete=is_answered,
        retry_used=retry_used,
        trace_events=events,
        error=last.error,
        first_error=first_error,
        repeat=repeat,
        ttft_ms=events[-1].ttft_ms if events else None,
        possibly_paid_usd=_possibly_paid(events, candidate),
        cached=any(event.cached for event in events),
        chain=chain,
        **(counts or {}),
    )


def _parts(
    line: PackLine, call: Call, candidate: Candidate, variant: str | None
) -> Iterator[_Part]:
    if candidate.route is None:
        yield _Part(candidate, variant, call.all_attempts, call.completion)
        return
    for step in call.chain:
        if step.attempts:
            member = next(one for one in candidate.members if one.id == step.candidate_id)
            yield _Part(member, line.variant(member.variant_id), step.attempts, None)
    if call.completion is not None:
        member = member_of(call, candidate)
        answered = call.completion
        yield _Part(member, line.variant(member.variant_id), answered.attempts, answered)


def _event(call: Call, part: _Part, *, line_number: int, first_error: str | None) -> TraceEvent:
    completion, attempts = part.completion, part.attempts
    answered = attempts[-1] if completion is not None else None
    return TraceEvent(
        line_number=line_number,
        model=part.asked.model,
        candidate_variant_id=part.variant,
        retry_used=first_error is not None,
        first_error=first_error,
        usage=completion.usage if completion is not None else Usage(),
        latency_ms=None if answered is None else answered.latency_ms,
        wait_ms=round(sum(attempt.wait_ms for attempt in attempts), 4),
        attempts=len(attempts),
        ttft_ms=None if answered is None else answered.ttft_ms,
        cost_usd=_cost(attempts, part.asked),
        response_mode=None if completion is None else completion.response_mode,
        cached=call.cached,
        tries=attempts,
    )


def _cost(attempts: Sequence[Attempt], candidate: Candidate) -> float | None:
    """Return the cost of attempts, without those only possibly paid; None if it is unknown.

    An attempt without an answer and without a known cost was free.
    """
    counted = [
        one.cost_usd
        for one in attempts
        if not one.possibly_paid and (one.outcome == "answered" or one.cost_usd is not None)
    ]
    return _sum(counted, candidate)


def _possibly_paid(events: Sequence[TraceEvent], candidate: Candidate) -> float | None:
    """Return the highest possible cost of attempts with unknown outcome; 0 if there are none."""
    costs = [one.cost_usd for event in events for one in event.tries if one.possibly_paid]
    return _sum(costs, candidate)


def _sum(costs: Sequence[float | None], candidate: Candidate) -> float | None:
    """Return the sum of costs; None if there is no price or if one cost is unknown."""
    return known_total(costs) if candidate.is_priced else None
