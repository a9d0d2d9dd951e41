"""The order of a route: only shown differences change it, and the gain is counted on the cases."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from replay_assets.contracts.recommendation import Recommendation
from replay_assets.statistics.routing import (
    MINIMUM_CASES,
    RULE,
    Observation,
    Observed,
    recommended,
)

ROUTE = ("first", "second")
Cases = dict[str, Observation]


def cases(number: int, make: Callable[[int], Observation]) -> Cases:
    return {f"case-{index}": make(index) for index in range(number)}


def usual(_: int) -> Observation:
    return Observation(right=True, failed=False, latency_ms=100.0, cost_usd=0.001)


def wrong_until(number: int) -> Callable[[int], Observation]:
    return lambda index: usual(index)._replace(right=index >= number)


def failing_until(number: int) -> Callable[[int], Observation]:
    failed = Observation(right=None, failed=True, latency_ms=None, cost_usd=None)
    return lambda index: failed if index < number else usual(index)


def of(first: Cases, second: Cases) -> Recommendation:
    return recommended("route", ROUTE, {"first": first, "second": second})


def test_a_member_that_is_right_more_often_is_asked_first():
    """And what that gains is counted on the same cases."""
    dearer = cases(60, lambda index: usual(index)._replace(cost_usd=0.003, latency_ms=250.0))
    found = of(cases(60, wrong_until(20)), dearer)
    assert found.state == "other_order"
    assert [(one.candidate_id, one.because) for one in found.members] == [
        ("second", "accuracy"),
        ("first", None),
    ]
    assert (found.right_gained, found.saved_usd, found.saved_ms) == (20, -0.12, -150.0)
    assert found.as_configured is not None
    assert (found.as_configured.right, found.as_configured.answered) == (40, 60)


def test_a_difference_that_is_not_shown_is_none():
    """Three of sixty may be chance: the cheaper one stays first."""
    found = of(cases(60, wrong_until(3)), cases(60, usual))
    assert found.state == "same_order"
    assert (found.right_gained, found.saved_usd, found.saved_ms) == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "because", "saved"),
    [
        ({"cost_usd": 0.0005}, "cost", (0.03, 0.0)),
        ({"latency_ms": 40.0}, "latency", (0.0, 60.0)),
        ({"latency_ms": 40.0, "cost_usd": 0.002}, None, (0.0, 0.0)),
        ({"latency_ms": 40.0, "cost_usd": None}, "latency", (None, 60.0)),
    ],
)
def test_of_equally_right_members_the_cheaper_and_then_the_faster_is_first(
    changes: dict[str, Any], because: str | None, saved: tuple[float | None, float]
):
    """An unknown cost is neither low nor high, and what it would save is unknown."""
    found = of(cases(60, usual), cases(60, lambda index: usual(index)._replace(**changes)))
    assert (found.state == "other_order") is (because is not None)
    if because == "cost":
        assert found.members[0].because == "cost"
    assert (found.saved_usd, found.saved_ms) == saved


def test_a_member_that_fails_more_often_is_asked_later():
    """Its fallback answers all the same, so that nothing is gained but calls."""
    found = of(cases(60, failing_until(15)), cases(60, usual))
    assert [(one.candidate_id, one.because, one.failed) for one in found.members] == [
        ("second", "failures", 0),
        ("first", None, 15),
    ]
    assert found.as_configured is not None
    assert (found.as_configured.answered, found.right_gained) == (60, 0)


def test_below_the_stated_number_of_cases_nothing_is_recommended():
    """Whatever the difference is; cases that only one member was asked do not count."""
    assert f"below {MINIMUM_CASES} cases nothing is recommended" in RULE
    first = cases(MINIMUM_CASES + 10, wrong_until(40))
    found = of(first, cases(MINIMUM_CASES - 1, usual))
    assert (found.state, found.cases, found.as_recommended) == ("too_few_cases", 29, None)
    assert [one.candidate_id for one in found.members] == ["first", "second"]
    assert of(first, cases(MINIMUM_CASES, usual)).state == "other_order"


def test_a_figure_that_is_known_in_few_cases_decides_nothing():
    """The second one is cheaper wherever both costs are known, in 29 of 40 cases."""

    def priced(known: int) -> Callable[[int], Observation]:
        return lambda index: usual(index)._replace(cost_usd=0.001 if index < known else None)

    dear = cases(40, lambda index: usual(index)._replace(cost_usd=0.01 + index / 1e6))
    assert of(dear, cases(40, priced(MINIMUM_CASES - 1))).state == "same_order"
    assert of(dear, cases(40, priced(MINIMUM_CASES))).state == "other_order"


def test_members_without_results_are_named():
    """Two measured members are compared; one alone is not."""
    observed: Observed = {"a": cases(40, wrong_until(30)), "c": cases(40, usual)}
    found = recommended("route", ("a", "b", "c"), observed)
    assert found.not_measured == ("b",)
    assert [one.candidate_id for one in found.members] == ["c", "a"]
    assert recommended("route", ("a", "b"), observed).state == "not_measured"


def test_equal_members_rarely_change_their_order():
    """All figures by chance: for each of the three that vary, at most 5 % may be shown wrongly."""
    drawn = random.Random(7)

    def chance(_: int) -> Observation:
        fails = drawn.random() < 0.1
        right = None if fails else drawn.random() < 0.7
        return Observation(right, fails, None if fails else drawn.gauss(100, 30), None)

    names = ("a", "b", "c")
    found = [
        recommended("route", names, {name: cases(60, chance) for name in names}) for _ in range(150)
    ]
    assert sum(one.state == "other_order" for one in found) <= 150 * 0.15
