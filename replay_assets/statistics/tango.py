"""Tango's score interval for the difference of two rates on the same incidents.

Source: Tango (1998), Statistics in Medicine 17:891-908. It keeps its level at 20 to 350 pairs,
where the usual (Wald) interval does not: with no differing pair Wald's has no width.
"""

from math import sqrt

from scipy.special import ndtr, ndtri

STEPS = 60
"""Halvings of an interval of width 2: far below the six digits that are shown."""


def tango_bounds(wins: float, losses: float, pairs: float, alpha: float) -> tuple[float, float]:
    """Return both bounds of the difference, each at a one-sided level of `alpha`.

    Args:
        wins: pairs in which only the first one is right; may be scaled to an effective size.
        losses: pairs in which only the second one is right.
        pairs: all pairs, greater than 0.
        alpha: chance that the true difference is beyond one bound, such as 0.025.
    """
    z = float(ndtri(1 - alpha))
    return _solve(wins, losses, pairs, z), _solve(wins, losses, pairs, -z)


def tango_p(wins: float, losses: float, pairs: float) -> float:
    """Return the one-sided p-value of "the first rate is higher"; see `tango_bounds`."""
    return float(ndtr(-_score(wins, losses, pairs, 0.0)))


def _solve(wins: float, losses: float, pairs: float, target: float) -> float:
    """Return the difference at which the score is `target`: the score falls as it grows."""
    low, high = -1.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if _score(wins, losses, pairs, middle) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _score(wins: float, losses: float, pairs: float, difference: float) -> float:
    """Return the score statistic: standard normal if `difference` is the true one."""
    # The likeliest rate of losses under this difference is the root of a quadratic equation.
    b = (2 * pairs - wins + losses) * difference - wins - losses
    c = -losses * difference * (1 - difference)
    rate = (sqrt(max(b * b - 8 * pairs * c, 0.0)) - b) / (4 * pairs)
    variance = pairs * (2 * rate + difference * (1 - difference))
    distance = wins - losses - pairs * difference
    if variance <= 0:
        return 0.0 if distance == 0 else float("inf") if distance > 0 else float("-inf")
    return distance / sqrt(variance)
