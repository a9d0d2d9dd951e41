"""The order in which the members of a route should be asked, by a stated rule.

Only shown differences count: the 95 % interval of a paired difference, for all pairs of members
together (Bonferroni), must not contain zero. Shares are compared by Tango's interval, means by
Student's.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import sqrt
from typing import NamedTuple

from scipy.special import stdtrit

from replay_assets.contracts.recommendation import (
    Criterion,
    Recommendation,
    RoutedMember,
    RoutedOutcome,
)
from replay_assets.statistics.rates import CONFIDENCE, rate_of
from replay_assets.statistics.tango import tango_bounds
from replay_assets.totals import known_total

MINIMUM_CASES = 30
"""The interval of a share of one half is then still 34 points wide."""
NOT_ASKED = ("gate_refused", "not_sent")
"""Outcomes that say nothing of a member: its endpoint was not asked."""
RULE = (  # with the number of `MINIMUM_CASES`
    "First is the member that no other one is shown to beat in right answers; among several, the "
    "one with fewer failed calls, then the cheaper one, then the faster one, again only by "
    "differences that are shown; else the configured order stays. The rest is ordered in the same "
    "way. A difference is shown if its 95 % interval, for all pairs of members together, does not "
    "contain zero. Members are compared on the cases that all of them were asked, and cases count "
    "as independent; below 30 cases nothing is recommended."
)


class Observation(NamedTuple):
    """What one member did with one case.

    Attributes:
        right: whether its answer is right; None if there is no grade.
        failed: whether the call failed, so that a route asks the next member.
        latency_ms: the time of the answer.
        cost_usd: the cost of all attempts; None if it is unknown.
    """

    right: bool | None
    failed: bool
    latency_ms: float | None
    cost_usd: float | None


Observed = Mapping[str, Mapping[str, Observation]]
"""Observations by candidate and case."""


def recommendations(
    routes: Mapping[str, Sequence[str]], observed: Observed
) -> tuple[Recommendation, ...]:
    """Return the order for each route of which a member was measured.

    Args:
        routes: the members of each route, in the catalogue's order.
        observed: what was measured of candidates.
    """
    return tuple(
        recommended(route_id, members, observed)
        for route_id, members in routes.items()
        if any(observed.get(one) for one in members)
    )


def recommended(route_id: str, configured: Sequence[str], observed: Observed) -> Recommendation:
    """Return the order for a route.

    Args:
        route_id: the route.
        configured: its members in the catalogue's order.
        observed: what was measured of candidates; others than the members are not used.
    """
    measured = [one for one in configured if observed.get(one)]
    cases = sorted(set.intersection(*(set(observed[one]) for one in measured)) if measured else ())
    found = Recommendation(
        route_id=route_id,
        configured=tuple(configured),
        state="not_measured" if len(measured) < 2 else "too_few_cases",
        minimum_cases=MINIMUM_CASES,
        cases=len(cases),
        not_measured=tuple(one for one in configured if one not in measured),
    )
    rows = {one: [observed[one][case] for case in cases] for one in measured}
    if len(measured) < 2 or len(cases) < MINIMUM_CASES:
        members = tuple(_member(one, rows[one], None) for one in measured)
        return found.model_copy(update={"members": members})
    order = _ordered(rows)
    now, then = _outcome(measured, rows), _outcome(list(order), rows)
    return found.model_copy(
        update={
            "state": "same_order" if list(order) == measured else "other_order",
            "members": tuple(_member(one, rows[one], why) for one, why in order.items()),
            "as_configured": now,
            "as_recommended": then,
            "right_gained": then.right - now.right,
            "saved_usd": _difference(now.cost_usd, then.cost_usd),
            "saved_ms": _difference(now.latency_ms, then.latency_ms),
        }
    )


def _ordered(rows: Mapping[str, Sequence[Observation]]) -> dict[str, Criterion | None]:
    """Return the members in the order of the rule, each with the figure that put it there."""
    remaining = list(rows)
    # Each bound of an interval has half of what may be wrong, all pairs share it.
    alpha = (1 - CONFIDENCE) / 2 / (len(rows) * (len(rows) - 1) / 2)
    order: dict[str, Criterion | None] = {}
    while remaining:
        first, because = _first_of(remaining, rows, alpha)
        order[first] = because
        remaining.remove(first)
    return order


def _first_of(
    members: Sequence[str], rows: Mapping[str, Sequence[Observation]], alpha: float
) -> tuple[str, Criterion | None]:
    """Return the member to ask first, and the first figure that excluded other ones."""
    kept, because = list(members), None
    for criterion, is_better in CRITERIA.items():
        beaten = {
            one
            for one in kept
            if any(is_better(rows[other], rows[one], alpha) for other in kept if other != one)
        }
        # With unknown figures each one may be beaten by another one.
        if 0 < len(beaten) < len(kept):
            kept = [one for one in kept if one not in beaten]
            because = because or criterion
    return kept[0], because


def _is_right_more_often(
    one: Sequence[Observation], other: Sequence[Observation], alpha: float
) -> bool:
    pairs = [
        (mine.right, theirs.right)
        for mine, theirs in zip(one, other, strict=True)
        if mine.right is not None and theirs.right is not None
    ]
    return _is_share_higher(pairs, alpha)


def _fails_less_often(
    one: Sequence[Observation], other: Sequence[Observation], alpha: float
) -> bool:
    pairs = [(theirs.failed, mine.failed) for mine, theirs in zip(one, other, strict=True)]
    return _is_share_higher(pairs, alpha)


def _is_share_higher(pairs: Sequence[tuple[bool, bool]], alpha: float) -> bool:
    """Return whether the first is shown to be true more often than the second."""
    wins = sum(mine and not theirs for mine, theirs in pairs)
    losses = sum(theirs and not mine for mine, theirs in pairs)
    return wins > losses and tango_bounds(wins, losses, len(pairs), alpha)[0] > 0


def _is_mean_lower(
    figure: Callable[[Observation], float | None],
    one: Sequence[Observation],
    other: Sequence[Observation],
    alpha: float,
) -> bool:
    """Return whether a mean is shown to be lower, on the cases in which both are known."""
    saved = [
        theirs - mine
        for a, b in zip(one, other, strict=True)
        if (mine := figure(a)) is not None and (theirs := figure(b)) is not None
    ]
    if len(saved) < MINIMUM_CASES:
        return False
    mean = sum(saved) / len(saved)
    variance = sum((value - mean) ** 2 for value in saved) / (len(saved) - 1)
    return mean > float(stdtrit(len(saved) - 1, 1 - alpha)) * sqrt(variance / len(saved))


IsBetter = Callable[[Sequence[Observation], Sequence[Observation], float], bool]
CRITERIA: Mapping[Criterion, IsBetter] = {
    "accuracy": _is_right_more_often,
    "failures": _fails_less_often,
    "cost": partial(_is_mean_lower, lambda one: one.cost_usd),
    "latency": partial(_is_mean_lower, lambda one: one.latency_ms),
}
"""For each figure of the rule, in order: whether one member is shown to be better than another."""


def _member(
    candidate_id: str, rows: Sequence[Observation], because: Criterion | None
) -> RoutedMember:
    right = rate_of([one.right for one in rows])
    return RoutedMember(
        candidate_id=candidate_id,
        graded=right.denominator,
        right=right.numerator,
        accuracy=right.rate,
        low=right.low,
        high=right.high,
        failed=sum(one.failed for one in rows),
        latency_ms=_mean([one.latency_ms for one in rows if one.latency_ms is not None]),
        cost_usd=_mean([_cost(one) for one in rows]),
        because=because,
    )


def _outcome(order: Sequence[str], rows: Mapping[str, Sequence[Observation]]) -> RoutedOutcome:
    """Return what a route with this order would have done with the cases."""
    costs: list[float | None] = []
    answers: list[Observation] = []
    for tried in zip(*(rows[one] for one in order), strict=True):
        for one in tried:
            costs.append(_cost(one))
            if not one.failed:
                answers.append(one)
                break
    cost = known_total(costs)
    return RoutedOutcome(
        order=tuple(order),
        answered=len(answers),
        right=sum(one.right is True for one in answers),
        latency_ms=_mean([one.latency_ms for one in answers if one.latency_ms is not None]),
        cost_usd=None if cost is None else round(cost, 9),
    )


def _cost(one: Observation) -> float | None:
    """Return what a case cost; a failed call whose cost is unknown counts as free."""
    return 0.0 if one.failed and one.cost_usd is None else one.cost_usd


def _mean(values: Sequence[float | None]) -> float | None:
    total = known_total(values)
    return round(total / len(values), 9) if values and total is not None else None


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(before - after, 9)
