"""A proportion with its Wilson interval.

Source: Wilson (1927), JASA 22; as method 3 in Newcombe (1998), Statistics in Medicine 17.
"""

from collections.abc import Sequence

from scipy.stats import binomtest

from replay_assets.contracts.evaluation_report import Rate

CONFIDENCE = 0.95


def rate_of(answers: Sequence[bool | None]) -> Rate:
    """Return the share of true answers among those that are not None, with a Wilson interval."""
    applicable = [answer for answer in answers if answer is not None]
    numerator, denominator = sum(applicable), len(applicable)
    if not denominator:
        return Rate(
            numerator=0,
            denominator=0,
            not_applicable=len(answers),
            rate=None,
            low=None,
            high=None,
        )
    # Wilson: at n = 10 and a rate of 0.9, the usual (Wald) 95 % interval covers only 65 %.
    interval = binomtest(numerator, denominator).proportion_ci(CONFIDENCE, method="wilson")
    return Rate(
        numerator=numerator,
        denominator=denominator,
        not_applicable=len(answers) - denominator,
        rate=round(numerator / denominator, 6),
        low=round(float(interval.low), 6),
        high=round(float(interval.high), 6),
    )
