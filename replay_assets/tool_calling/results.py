"""Makes the result of a case from its finished call: what was called, and whether it is right."""

from collections.abc import Callable, Sequence
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.contracts.tool_case import ToolCall, ToolCallingResult, ToolCase
from replay_assets.inference import Call, chain_of, member_of
from replay_assets.parsing.plain_text import one_line
from replay_assets.parsing.tool_marks import (
    WrittenCall,
    arguments_of,
    calls_in_text,
    prompted_calls,
)
from replay_assets.tool_calling.cases import language_of
from replay_assets.tool_calling.scoring import Score, score_calls
from replay_assets.totals import known_total

MAX_ERROR = 300
TOOLS_REFUSED = "tools_refused"


def result_of(
    case: ToolCase, calls: Sequence[Call], candidate: Candidate, cleaned: Callable[[Any], Any]
) -> ToolCallingResult:
    """Return the result of a case, which the last call decides.

    A call that failed is not graded. A refusal of the model is: it called nothing. A route may have
    made another call before, whose refusal it passed on.
    """
    *earlier, call = calls
    completion = call.completion
    made, in_text = _calls_of(call, candidate)
    score = _score(case, call, made)
    outcome = _outcome(call, score)
    chain = None
    if candidate.route is not None:
        outcomes = [
            _outcome(one, _score(case, one, _calls_of(one, candidate)[0])) for one in earlier
        ]
        chain = chain_of(zip(calls, [*outcomes, outcome], strict=True))
    cost = known_total(_cost(one, candidate) for one in calls)
    return ToolCallingResult(
        schema_version=ToolCallingResult.VERSION,
        case_id=case.id,
        candidate_id=candidate.id,
        baseline=candidate.baseline,
        category=case.category,
        language=language_of(case),
        outcome=outcome,
        calls=made,
        calls_in_text=in_text,
        right=None if score is None else score.right,
        right_lenient=None if score is None else score.right_lenient,
        name_right=None if score is None else score.name_right,
        code=None if score is None else score.code,
        latency_ms=None if completion is None else round(completion.latency_ms, 4),
        usage=None if completion is None else completion.usage,
        cost_usd=None if cost is None else round(cost, 9),
        error=None if call.error is None else one_line(cleaned(call.error))[:MAX_ERROR],
        fallback_used=None if chain is None else not chain or chain[0].outcome != "answered",
        chain=chain,
    )


def not_sent(case: ToolCase, candidate: Candidate, reason: str) -> ToolCallingResult:
    """Return the result of a case of a run that ended early."""
    call = Call(key="", outcome="not_sent", error=reason)
    return result_of(case, [call], candidate, cleaned=str)


def _score(case: ToolCase, call: Call, made: Sequence[ToolCall]) -> Score | None:
    if call.completion is None and call.outcome != "model_refusal":
        return None
    return score_calls(case, made)


def _outcome(call: Call, score: Score | None) -> str:
    attempts, completion = call.all_attempts, call.completion
    if completion is None:
        rejects_tools = bool(attempts) and attempts[-1].outcome == TOOLS_REFUSED
        return TOOLS_REFUSED if rejects_tools else call.outcome
    if completion.ending == "refused" and not completion.calls:
        return "model_refusal"
    # An answer that is complete counts, even if it ends at the limit.
    is_cut = completion.ending == "cut" and score is not None and not score.right
    return "length_stop" if is_cut else "answered"


def _cost(call: Call, candidate: Candidate) -> float | None:
    """Return the cost of all attempts; None if the candidate has no prices or it is unknown."""
    if not candidate.is_priced:
        return None
    costs = [one.cost_usd for one in call.all_attempts]
    known = [cost for cost in costs if cost is not None]
    if call.completion is not None and call.completion.attempts[-1].cost_usd is None:
        return None
    return round(sum(known), 9)


def _calls_of(call: Call, candidate: Candidate) -> tuple[list[ToolCall], int]:
    """Return the calls to grade, and the number of those that are written into the text."""
    completion, member = call.completion, member_of(call, candidate)
    if completion is None:
        return [], 0
    if member.tool_mode == "prompted":
        return _as_calls(prompted_calls(completion.content)), 0
    written = calls_in_text(completion.content)
    native = [WrittenCall(one.name, arguments_of(one.arguments)) for one in completion.calls]
    counts = member.grade_calls_in_text and not native
    return _as_calls(written if counts else native), len(written)


def _as_calls(written: list[WrittenCall]) -> list[ToolCall]:
    return [ToolCall(name=one.name, arguments=one.arguments) for one in written]
