"""Makes the report from the results of candidates: rates with intervals, pairs, misses."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from replay_assets.candidates import Candidate
from replay_assets.contracts.percentile import percentile
from replay_assets.contracts.result import total
from replay_assets.contracts.tool_calling_report import (
    CandidateFigures,
    Miss,
    PairComparison,
    Share,
    ToolCallingReport,
)
from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.statistics import rate_of
from replay_assets.statistics.mcnemar import mid_p
from replay_assets.statistics.routing import NOT_ASKED, RULE, Observation, recommendations
from replay_assets.totals import known_total

Results = Sequence[ToolCallingResult]
WEIGHTS = {
    "accuracy": "micro: every graded case weighs the same",
    "macro_accuracy": "macro: every category with a graded case weighs the same",
}
NO_TOOL = "none"


def build_report(
    cases: Sequence[ToolCase],
    asked: Sequence[tuple[Candidate, Results]],
    routes: Mapping[str, Sequence[str]] | None = None,
) -> ToolCallingReport:
    """Return the report on candidates.

    Args:
        cases: the cases.
        asked: candidates, each with one result per case in the order of the cases.
        routes: the members of each route of the catalogue.
    """
    by_id = {case.id: case for case in cases}
    return ToolCallingReport(
        schema_version=ToolCallingReport.VERSION,
        cases=len(cases),
        weights=WEIGHTS,
        candidates=[_figures(candidate, results, by_id) for candidate, results in asked],
        comparisons=[_compared(one, other) for (_, one), (_, other) in combinations(asked, 2)],
        misses=[
            _miss(result, by_id[result.case_id])
            for _, results in asked
            for result in results
            if result.code is not None
        ],
        recommendations=recommendations(
            routes or {}, {candidate.id: _observed(results) for candidate, results in asked}
        ),
        recommendation_rule=RULE,
    )


def _observed(results: Results) -> dict[str, Observation]:
    """Return what a route would have had of a member in each case.

    A request that was rejected is not graded, but it ends a route without a right answer.
    """
    return {
        one.case_id: Observation(
            right=None if failed else one.right is True,
            failed=failed,
            latency_ms=one.latency_ms,
            cost_usd=one.cost_usd,
        )
        for one in results
        if one.outcome not in NOT_ASKED
        for failed in [one.outcome == "infrastructure_failure"]
    }


def _figures(
    candidate: Candidate, results: Results, cases: Mapping[str, ToolCase]
) -> CandidateFigures:
    right = rate_of([one.right for one in results])
    names = rate_of([one.name_right for one in results])
    by_category = _shares(results, lambda one: [one.category])
    accuracies = [one.accuracy for one in by_category.values() if one.accuracy is not None]
    latencies = [one.latency_ms for one in results if one.latency_ms is not None]
    usages = [one.usage for one in results if one.usage is not None]
    return CandidateFigures(
        candidate_id=candidate.id,
        baseline=candidate.baseline,
        about=about(candidate),
        cases=len(results),
        graded=right.denominator,
        right=right.numerator,
        accuracy=right.rate,
        low=right.low,
        high=right.high,
        macro_accuracy=round(sum(accuracies) / len(accuracies), 6) if accuracies else None,
        accuracy_lenient=rate_of([one.right_lenient for one in results]).rate,
        name_accuracy=names.rate,
        name_low=names.low,
        name_high=names.high,
        irrelevance=rate_of([one.right for one in results if not _tools(cases[one.case_id])]),
        calls_in_text=sum(one.calls_in_text for one in results),
        by_category=by_category,
        by_language=_shares(results, lambda one: [one.language]),
        by_tool=_shares(results, lambda one: _tools(cases[one.case_id]) or [NO_TOOL]),
        outcomes=_counts(one.outcome for one in results),
        codes=_counts(one.code for one in results if one.code is not None),
        p50_latency_ms=percentile(latencies, 50),
        p95_latency_ms=percentile(latencies, 95),
        prompt_tokens=total([one.prompt_tokens for one in usages]),
        completion_tokens=total([one.completion_tokens for one in usages]),
        cost_usd=_cost(candidate, results),
    )


def about(candidate: Candidate) -> str:
    """Return how a candidate is asked, and what it is if it is a baseline."""
    if candidate.constant:
        return "baseline: never calls a tool"
    if candidate.baseline:
        return "baseline: matches words of the request to a tool and its parameters"
    if candidate.route is not None:
        return f"route: {', else '.join(one.id for one in candidate.members)}"
    if candidate.tool_mode == "prompted":
        return "prompted: tools in the prompt, calls in a JSON answer"
    return "native tool calls, or those in its text" if candidate.grade_calls_in_text else "native"


def _tools(case: ToolCase) -> list[str]:
    return sorted({call.name for call in case.expected.calls})


def _shares(
    results: Results, groups_of: Callable[[ToolCallingResult], Iterable[str]]
) -> dict[str, Share]:
    groups: dict[str, list[bool | None]] = {}
    for one in results:
        for group in groups_of(one):
            groups.setdefault(group, []).append(one.right)
    shares = {}
    for group, right in sorted(groups.items()):
        rate = rate_of(right)
        shares[group] = Share(
            cases=len(right),
            graded=rate.denominator,
            right=rate.numerator,
            accuracy=rate.rate,
        )
    return shares


def _compared(one: Results, other: Results) -> PairComparison:
    pairs = [
        (mine.right, theirs.right)
        for mine, theirs in zip(one, other, strict=True)
        if mine.right is not None and theirs.right is not None
    ]
    wins = sum(mine and not theirs for mine, theirs in pairs)
    losses = sum(theirs and not mine for mine, theirs in pairs)
    return PairComparison(
        first=one[0].candidate_id,
        second=other[0].candidate_id,
        pairs=len(pairs),
        first_only_right=wins,
        second_only_right=losses,
        mid_p=round(mid_p(wins, losses), 6),
    )


def _miss(result: ToolCallingResult, case: ToolCase) -> Miss:
    if result.code is None:
        raise ValueError(f"{result.case_id} is right")
    return Miss(
        candidate_id=result.candidate_id,
        case_id=result.case_id,
        category=result.category,
        code=result.code,
        request=str(case.messages[-1].get("content") or ""),
        expected=case.expected,
        given=result.calls,
    )


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _cost(candidate: Candidate, results: Results) -> float | None:
    cost = known_total(one.cost_usd for one in results) if candidate.is_priced else None
    return None if cost is None else round(cost, 6)
