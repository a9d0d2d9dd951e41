"""A proportion with its Wilson interval.

Source: Wilson (1927), JASA 22; as method 3 in Newcombe (1998), Statistics in Medicine 17.
"""

from collections.abc import Sequence
from math import sqrt

from scipy.special import ndtri

from replay_assets.contracts.report_details import Rate

CONFIDENCE = 0.95
Z = float(ndtri((1 + CONFIDENCE) / 2))


def rate_of(answers: Sequence[bool | None]) -> Rate:
    """Return the share of true answers among those that are not None, with a Wilson interval."""
    applicable = [answer for answer in answers if answer is not None]
    return rate_from_counts(sum(applicable), len(applicable), len(answers) - len(applicable))


def rate_from_counts(numerator: int, denominator: int, not_applicable: int = 0) -> Rate:
    """Return a share with its Wilson interval, from counts."""
    if not denominator:
        return Rate(
            numerator=0,
            denominator=0,
            not_applicable=not_applicable,
            rate=None,
            low=None,
            high=None,
        )
    # Wilson: at n = 10 and a rate of 0.9, the usual (Wald) 95 % interval covers only 65 %.
    low, high = _wilson(numerator, denominator)
    return Rate(
        numerator=numerator,
        denominator=denominator,
        not_applicable=not_applicable,
        rate=round(numerator / denominator, 6),
        low=round(low, 6),
        high=round(high, 6),
    )


def _wilson(numerator: int, denominator: int) -> tuple[float, float]:
    """Return the bounds of Wilson's interval; importing the one of `scipy.stats` takes 0.3 s."""
    rate, z = numerator / denominator, Z
    around = z * sqrt(z * z + 4 * numerator * (1 - rate))
    low = (2 * numerator + z * z - around) / (2 * (denominator + z * z))
    high = (2 * numerator + z * z + around) / (2 * (denominator + z * z))
    # Without rounding errors where a bound is exactly the rate.
    return (low if numerator else 0.0), (high if numerator < denominator else 1.0)
