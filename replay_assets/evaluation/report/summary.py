"""The figures of one candidate: each metric with numerator, denominator and interval."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

from replay_assets.contracts.evaluation_report import Figures, Metric
from replay_assets.contracts.percentile import percentile
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


def answer_of(score: ReplayScore, metric: Metric) -> bool | None:
    """Return a score's answer to a metric; None if the metric does not include its incident."""
    if metric.only_reserved and not score.reserved_for_evaluation:
        return None
    return score.grade(metric.grade).value


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
        metrics={
            metric.name: rate_of([answer_of(score, metric) for score in scores])
            for metric in METRICS
        },
        p50_latency_ms=_rounded(percentile(latencies, 50)),
        p95_latency_ms=_rounded(percentile(latencies, 95)),
        cost_usd=round(sum(costs), 6) if priced else None,
        cost_usd_per_incident=round(sum(costs) / len(costs), 6) if priced else None,
        costs_known=len(costs),
    )


def constant_wins(
    figures: Mapping[str, Figures], metric: Metric, constant_candidates: Set[str]
) -> bool:
    """Return whether a constant answer does at least as well as every other candidate."""
    rates = {
        name: found
        for name, one in figures.items()
        if (found := one.metrics[metric.name].rate) is not None
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
