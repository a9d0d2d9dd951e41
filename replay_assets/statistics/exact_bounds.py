"""One-sided exact bounds of a rate: how high, or how low, can the true rate still be?

Source: Clopper and Pearson (1934), Biometrika 26. Rates of harm use these bounds, because they are
never too narrow: no harm in 30 incidents still allows a true rate of 9.5 %.
"""

from scipy.special import betaincinv


def exact_upper(events: float, size: float, alpha: float) -> float:
    """Return the upper bound of the true rate, at a one-sided level of `alpha`.

    Args:
        events: number of events, at most `size`; both may be scaled to an effective size.
        size: number of observations; with 0, the bound is 1.
        alpha: chance that the true rate is above the bound, such as 0.05.
    """
    if events >= size:
        return 1.0
    return float(betaincinv(events + 1, size - events, 1 - alpha))


def exact_lower(events: float, size: float, alpha: float) -> float:
    """Return the lower bound of the true rate, at a one-sided level of `alpha`."""
    if events == 0:
        return 0.0
    return float(betaincinv(events, size - events + 1, alpha))
