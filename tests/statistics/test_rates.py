"""Proportions and their intervals."""

import pytest

from replay_assets.statistics import rate_of


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
    ids=["none", "half", "all", "published example"],
)
def test_intervals_are_wilson_intervals(hits: int, of: int, low: float, high: float) -> None:
    """81 of 263 is the example of Newcombe (1998), method 3."""
    rate = rate_of([True] * hits + [False] * (of - hits))
    assert (rate.numerator, rate.denominator) == (hits, of)
    assert rate.low == pytest.approx(low, abs=1e-4)
    assert rate.high == pytest.approx(high, abs=1e-4)


def test_what_is_not_applicable_is_counted_and_left_out_of_the_denominator() -> None:
    """None is neither right nor wrong."""
    rate = rate_of([True, None, False, None])
    assert (rate.numerator, rate.denominator, rate.not_applicable, rate.rate) == (1, 2, 2, 0.5)


def test_there_is_no_rate_if_nothing_is_applicable() -> None:
    """0 of 0 is not 0 %."""
    rate = rate_of([None])
    assert (rate.rate, rate.low, rate.high, rate.not_applicable) == (None, None, None, 1)
