"""Cohen's kappa: how much two raters agree beyond chance, with an interval.

Sources: Cohen (1960), Educational and Psychological Measurement 20, for kappa and for its interval
from that of the agreement; Wilson (1927), JASA 22, for the latter. Cohen's own interval has no
width if all labels agree, so that three items would prove a perfect judge.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from replay_assets.statistics.rates import rate_from_counts


@dataclass(frozen=True)
class Kappa:
    """Kappa with the bounds of its interval of 95 %."""

    value: float
    low: float
    high: float


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Kappa | None:
    """Return the kappa of pairs of labels; None if agreement by chance is already complete.

    Args:
        pairs: the labels of both raters for each item.
    """
    size = len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(first[label] * second[label] for label in first) / size**2 if size else 1.0
    agreement = rate_from_counts(sum(one == other for one, other in pairs), size)
    if by_chance == 1.0 or agreement.rate is None:
        return None

    def beyond_chance(share: float | None) -> float:
        return round(((share or 0.0) - by_chance) / (1 - by_chance), 6)

    return Kappa(
        beyond_chance(agreement.rate), beyond_chance(agreement.low), beyond_chance(agreement.high)
    )
