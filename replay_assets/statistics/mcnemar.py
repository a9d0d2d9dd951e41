"""The mid-p McNemar test: do two graders of the same incidents differ in their rates?

Source: Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13:91. The exact test
is too cautious for the few pairs that differ, and the asymptotic one is not cautious enough.
"""

from scipy.special import bdtr


def mid_p(wins: float, losses: float) -> float:
    """Return the two-sided mid-p value; 1 if no pair differs.

    Args:
        wins: pairs in which only the first one is right.
        losses: pairs in which only the second one is right. Averages of repeats give counts that
            are not whole; they are rounded towards the smaller difference.
    """
    differing = round(wins + losses)
    fewer = min(differing // 2, -int(-min(wins, losses) // 1))
    if differing == 0:
        return 1.0
    at_most = float(bdtr(fewer, differing, 0.5))
    below = float(bdtr(fewer - 1, differing, 0.5)) if fewer else 0.0
    # Half of the observed outcome's probability, on both sides.
    return min(1.0, at_most + below)
