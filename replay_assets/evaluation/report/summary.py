"""The figures of one candidate: each metric with numerator, denominator and interval."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from operator import attrgetter

from replay_assets.contracts.evaluation_report import Figures, Metric
from replay_assets.contracts.percentile import percentile
from replay_assets.contracts.report_details import Rate
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.grading import GRADERS
from replay_assets.statistics import rate_of


def _metrics() -> Iterator[Metric]:
    for grader in GRADERS:
        yield Metric(name=grader.name, title=grader.title, better=grader.better)
        if grader.also_reserved:
            yield Metric(
                name=f"{grader.name}_reserved",
                title="— on incidents that are never trained on",
                better=grader.better,
                field=grader.name,
                only_reserved=True,
            )


METRICS = tuple(_metrics())
"""The questions of the report, in order: every grade, some again for reserved incidents only."""


def answers_of(scores: Sequence[ReplayScore], metric: Metric) -> list[bool | None]:
    """Return the answers of scores to a metric; None if it does not include the incident."""
    found: list[bool | None] = list(map(attrgetter(metric.grade), scores))
    if not metric.only_reserved:
        return found
    reserved = (score.reserved_for_evaluation for score in scores)
    return [answer if is_one else None for answer, is_one in zip(found, reserved, strict=True)]


def rates_of(scores: Sequence[ReplayScore]) -> dict[str, Rate]:
    """Return the rate of every metric, by its name."""
    return {metric.name: rate_of(answers_of(scores, metric)) for metric in METRICS}


def summarize(candidate_id: str, scores: Sequence[ReplayScore], *, baseline: bool) -> Figures:
    """Return the figures of one candidate.

    The cost is None if the cost of one request is unknown: a partial sum would look like the total.
    """
    latencies = [score.latency_ms for score in scores if score.latency_ms is not None]
    costs = [score.cost_usd for score in scores if score.cost_usd is not None]
    priced = bool(costs) and len(costs) == len(scores)
    return Figures(
        candidate_id=candidate_id,
        baseline=baseline,
        incidents=len(scores),
        groups=len({score.scenario_group for score in scores}),
        outcomes=dict(sorted(Counter(score.outcome for score in scores).items())),
        grade_status=dict(sorted(Counter(score.grade_status for score in scores).items())),
        metrics=rates_of(scores),
        p50_latency_ms=_rounded(percentile(latencies, 50)),
        p95_latency_ms=_rounded(percentile(latencies, 95)),
        cost_usd=round(sum(costs), 6) if priced else None,
        cost_usd_per_incident=round(sum(costs) / len(costs), 6) if priced else None,
        costs_known=len(costs),
    )


def constant_wins(
    found: Mapping[str, Mapping[str, Rate]], metric: Metric, constant_candidates: Set[str]
) -> bool:
    """Return whether a constant answer does at least as well as every other candidate.

    Args:
        found: the rates of every metric, by candidate.
        metric: the metric.
        constant_candidates: those that always give the same answer.
    """
    rates = {
        name: rate for name, one in found.items() if (rate := one[metric.name].rate) is not None
    }
    constant = [rate for name, rate in rates.items() if name in constant_candidates]
    others = [rate for name, rate in rates.items() if name not in constant_candidates]
    if not constant or not others:
        return False
    if metric.better == "higher":
        return max(constant) >= max(others)
    return min(constant) <= min(others)


def _rounded(latency_ms: float | None) -> float | None:
    return None if latency_ms is None else round(latency_ms, 1)
