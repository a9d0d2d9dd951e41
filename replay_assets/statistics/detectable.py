"""The smallest difference that a comparison of given size would probably find.

Source: Connor (1987), Biometrics 43, for the McNemar test. Without it, "no clear difference" reads
like "the same".
"""

from math import sqrt

from scipy.special import ndtri

POWER = 0.8


def detectable_difference(differing: float, size: float, alpha: float) -> float | None:
    """Return the true difference that would be found with a probability of 80 %, at most 1.

    Args:
        differing: the share of pairs that differ; 0 counts as one pair in `size`.
        size: the effective number of pairs.
        alpha: the one-sided level of the test.

    Returns:
        A difference of rates, or None without a pair.
    """
    if size <= 0:
        return None
    share = max(differing, 1 / max(size, 1))
    return min(1.0, float(ndtri(1 - alpha) + ndtri(POWER)) * sqrt(share / size))
