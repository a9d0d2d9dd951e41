"""In which order the members of a route should be asked, from what was measured of them."""

from typing import Literal

from replay_assets.contracts.record import Part

Criterion = Literal["accuracy", "failures", "cost", "latency"]
RecommendationState = Literal["other_order", "same_order", "too_few_cases", "not_measured"]


class RoutedMember(Part):
    """A member of a route on the cases that all measured members were asked.

    Attributes:
        candidate_id: the member.
        graded: the cases whose answer has a grade.
        right: those that are right.
        accuracy: their share of the graded ones.
        low: the lower bound of its Wilson interval of 95 %.
        high: the upper bound.
        failed: the cases in which the call failed, so that a route asks its next member.
        latency_ms: the mean time of an answer, in milliseconds; None if there is none.
        cost_usd: the mean cost per case; None if some costs are unknown.
        because: the first figure by which it was put before the members after it; None if only
            the configured order did.
    """

    candidate_id: str
    graded: int
    right: int
    accuracy: float | None
    low: float | None
    high: float | None
    failed: int
    latency_ms: float | None
    cost_usd: float | None
    because: Criterion | None


class RoutedOutcome(Part):
    """What a route would have done with the measured cases, asking its members in one order.

    Attributes:
        order: the members that were measured, as they are asked.
        answered: the cases in which the call of some member did not fail.
        right: those whose answer is right.
        latency_ms: the mean time of the answers; the time of failed calls is not known.
        cost_usd: the cost of all calls, failed ones too; None if some costs are unknown.
    """

    order: tuple[str, ...]
    answered: int
    right: int
    latency_ms: float | None
    cost_usd: float | None


class Recommendation(Part):
    """The order that the rule chooses for a route, and what the difference is worth.

    Attributes:
        route_id: the route.
        configured: its members in the catalogue's order.
        state: whether another order is recommended; `too_few_cases` and `not_measured` (fewer than
            two members were) have none.
        minimum_cases: the cases below which nothing is recommended.
        cases: the cases that all measured members were asked.
        not_measured: members without results; their place is not judged.
        members: the measured members, in the recommended order if there is one.
        as_configured: the outcome in the configured order; None without a recommendation.
        as_recommended: the outcome in the recommended one.
        right_gained: how many more cases would have been right; negative if fewer.
        saved_usd: the cost that would have been saved; negative if it costs more.
        saved_ms: the mean time per answer that would have been saved, in milliseconds.
    """

    route_id: str
    configured: tuple[str, ...]
    state: RecommendationState
    minimum_cases: int
    cases: int
    not_measured: tuple[str, ...] = ()
    members: tuple[RoutedMember, ...] = ()
    as_configured: RoutedOutcome | None = None
    as_recommended: RoutedOutcome | None = None
    right_gained: int | None = None
    saved_usd: float | None = None
    saved_ms: float | None = None
