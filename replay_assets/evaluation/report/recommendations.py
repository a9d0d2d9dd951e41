"""In which order the members of each route should be asked about incidents, and its words."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.recommendation import Recommendation, RoutedMember
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.report.shown import milliseconds, percent
from replay_assets.evaluation.report.words import Words
from replay_assets.statistics.routing import NOT_ASKED, Observation, recommendations


def recommendations_of(
    scores_of: Callable[[Candidate], Iterable[ReplayScore]], catalogue: Catalogue
) -> tuple[Recommendation, ...]:
    """Return the order for each route of the catalogue, from the primary grades of its members.

    Args:
        scores_of: returns a candidate's scores, one per incident.
        catalogue: the routes and their members.
    """
    routes = catalogue.routes
    members = {member for route in routes.values() for member in route}
    observed = {one.id: _observed(scores_of(one)) for one in catalogue if one.id in members}
    return recommendations(routes, observed)


def _observed(scores: Iterable[ReplayScore]) -> dict[str, Observation]:
    return {
        one.incident_id: Observation(
            right=one.primary,
            failed=one.outcome == "infrastructure_failure",
            latency_ms=one.latency_ms,
            cost_usd=one.cost_usd,
        )
        for one in scores
        if one.outcome not in NOT_ASKED
    }


def recommendation_filters(words: Words) -> dict[str, Callable[..., Any]]:
    """Return the filters of the part on routes for a language."""
    return {
        "recommended": partial(_recommended, words=words),
        "member_text": partial(_member_text, words=words),
        "worth": partial(_worth, words=words),
    }


def _recommended(one: Recommendation, words: Words) -> str:
    """Return the recommended order of a route, or why there is none."""
    if one.as_recommended is not None:
        order = ", ".join(one.as_recommended.order)
        says = words("order_same", order=order) if one.state == "same_order" else order
    elif one.state == "too_few_cases":
        says = words("order_few", cases=one.cases, minimum=one.minimum_cases)
    else:
        says = words("order_unmeasured")
    missing = ", ".join(one.not_measured)
    return f"{says}; {words('order_without', names=missing)}" if missing else says


def _member_text(one: RoutedMember, words: Words) -> str:
    figures = words(
        "order_member",
        name=one.candidate_id,
        right=one.right,
        graded=one.graded,
        low=percent(one.low),
        high=percent(one.high),
        failed=one.failed,
        latency=milliseconds(one.latency_ms),
        cost=_dollars(one.cost_usd, words),
    )
    because = one.because and words("order_because", what=words(f"criterion.{one.because}"))
    return f"{figures}; {because}" if because else figures


def _worth(one: Recommendation, words: Words) -> str:
    """Return what the recommended order would have gained and saved."""
    if one.state != "other_order" or one.right_gained is None:
        return "—"
    parts = [words("worth_right", gained=f"{one.right_gained:+d}", cases=one.cases)]
    if one.saved_usd is None:
        parts.append(words("worth_unknown"))
    else:
        key = "worth_saved" if one.saved_usd >= 0 else "worth_dearer"
        parts.append(words(key, cost=_dollars(abs(one.saved_usd), words)))
    if one.saved_ms is not None:
        key = "worth_faster" if one.saved_ms >= 0 else "worth_slower"
        parts.append(words(key, latency=milliseconds(abs(one.saved_ms))))
    return ", ".join(parts)


def _dollars(cost: float | None, words: Words) -> str:
    return words("cost_unknown") if cost is None else f"${cost:,.4f}"
