"""A week's figures of one candidate: each metric with numerator, denominator and interval."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from replay_assets.contracts.percentile import percentile
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.grading import GRADERS
from replay_assets.evaluation.statistics import Rate, rate_of


@dataclass(frozen=True)
class Metric:
    """A yes/no question asked of every incident; `better` says which answer is the good one.

    `field` is the grade that answers it; `only_reserved` asks it only of the scenario groups that
    are never exported for training.
    """

    name: str
    title: str
    better: Literal["higher", "lower"]
    field: str = ""
    only_reserved: bool = False

    def answer(self, score: ReplayScore) -> bool | None:
        """Return a score's answer; None where the question is not asked of it."""
        if self.only_reserved and not score.reserved_for_evaluation:
            return None
        answer: bool | None = getattr(score, self.field or self.name)
        return answer


def _metrics() -> Iterator[Metric]:
    for grader in GRADERS:
        yield Metric(grader.name, grader.title, grader.better)
        if grader.also_reserved:
            yield Metric(
                f"{grader.name}_reserved",
                "— on incidents that are never trained on",
                grader.better,
                field=grader.name,
                only_reserved=True,
            )


METRICS = tuple(_metrics())
"""The questions of the report, in its order: every grade, some also of reserved incidents alone."""


@dataclass(frozen=True)
class Summary:
    """One candidate's week. Latency and cost are None where nothing is known of them."""

    candidate_id: str
    baseline: bool
    incidents: int
    groups: int
    outcomes: dict[str, int]
    grade_status: dict[str, int]
    metrics: dict[str, Rate]
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    cost_usd: float | None
    cost_usd_per_incident: float | None
    costs_known: int


def summarize(candidate_id: str, scores: Sequence[ReplayScore], *, baseline: bool) -> Summary:
    """Return the week's figures of one candidate.

    The cost is None as soon as that of one request is unknown: half a sum would pass for the whole.
    """
    latencies = [score.latency_ms for score in scores if score.latency_ms is not None]
    costs = [score.cost_usd for score in scores if score.cost_usd is not None]
    priced = bool(costs) and len(costs) == len(scores)
    return Summary(
        candidate_id=candidate_id,
        baseline=baseline,
        incidents=len(scores),
        groups=len({score.scenario_group for score in scores}),
        outcomes=dict(sorted(Counter(score.outcome for score in scores).items())),
        grade_status=dict(sorted(Counter(score.grade_status for score in scores).items())),
        metrics={
            metric.name: rate_of([metric.answer(score) for score in scores]) for metric in METRICS
        },
        p50_latency_ms=_rounded(percentile(latencies, 50)),
        p95_latency_ms=_rounded(percentile(latencies, 95)),
        cost_usd=round(sum(costs), 6) if priced else None,
        cost_usd_per_incident=round(sum(costs) / len(costs), 6) if priced else None,
        costs_known=len(costs),
    )


def constant_wins(
    summaries: Mapping[str, Summary], metric: Metric, constant_candidates: Set[str]
) -> bool:
    """Tell whether a constant answer does at least as well as every other candidate on a metric."""
    rates = {
        name: found
        for name, summary in summaries.items()
        if (found := summary.metrics[metric.name].rate) is not None
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
