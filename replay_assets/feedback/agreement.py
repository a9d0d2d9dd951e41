"""Compares a judge with people who labelled the same triples."""

from collections import Counter
from collections.abc import Iterable, Sequence

from replay_assets.contracts.feedback import Judgement
from replay_assets.contracts.judge_report import Agreement, CoveragePoint, LabelAgreement
from replay_assets.statistics.kappa import cohen_kappa
from replay_assets.statistics.rates import rate_from_counts, rate_of

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
REPEATS = 2
"""How often each triple is judged, to measure how often its label changes."""


def agreement_of(
    labels: Sequence[str], judged: Sequence[Sequence[Judgement]], names: Iterable[str]
) -> Agreement:
    """Return how well a judge agrees with people.

    Args:
        labels: people's labels.
        judged: one list per repeat, in the order of the labels; the first is compared with people.
        names: all labels, in their order.
    """
    both = [(label, one) for label, one in zip(labels, judged[0], strict=True) if one.label]
    pairs = [(label, one.label or "") for label, one in both]
    kappa = cohen_kappa(pairs)
    twice = [
        (one.label, other.label)
        for one, other in zip(judged[0], judged[-1], strict=True)
        if one.label and other.label
    ]
    flips = rate_of([one != other for one, other in twice])
    return Agreement(
        triples=len(labels),
        compared=len(pairs),
        kappa=None if kappa is None else kappa.value,
        kappa_low=None if kappa is None else kappa.low,
        kappa_high=None if kappa is None else kappa.high,
        accuracy=rate_of([one == other for one, other in pairs]),
        by_label={name: _of_label(name, pairs) for name in names},
        confusion=_confusion(pairs, names),
        coverage=[_point(threshold, both) for threshold in THRESHOLDS],
        repeated=len(twice),
        flip_rate=flips.rate,
    )


def _of_label(name: str, pairs: Sequence[tuple[str, str]]) -> LabelAgreement:
    hits = sum(one == other == name for one, other in pairs)
    return LabelAgreement(
        precision=rate_from_counts(hits, sum(other == name for _, other in pairs)),
        recall=rate_from_counts(hits, sum(one == name for one, _ in pairs)),
    )


def _confusion(pairs: Sequence[tuple[str, str]], names: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return the counts of the judge's labels by people's label, without zeros."""
    counts = Counter(pairs)
    names = list(names)
    return {
        one: {other: counts[one, other] for other in names if counts[one, other]} for one in names
    }


def _point(threshold: float, both: Sequence[tuple[str, Judgement]]) -> CoveragePoint:
    covered = [(label, one) for label, one in both if (one.confidence or 0.0) >= threshold]
    return CoveragePoint(
        threshold=threshold,
        covered=len(covered),
        coverage=rate_from_counts(len(covered), len(both)).rate,
        accuracy=rate_of([label == one.label for label, one in covered]).rate,
    )
