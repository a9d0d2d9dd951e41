"""How figures are written: percentages, points, p-values, money, and sentences about a review."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from replay_assets.contracts.evaluation_report import (
    EvaluationReport,
    Figures,
    ReportedCandidate,
)
from replay_assets.contracts.report_details import LeakCheck
from replay_assets.evaluation.report.words import Words

NOTHING = "—"


def percent(rate: float | None) -> str:
    """Return a rate in whole percent."""
    return NOTHING if rate is None else f"{rate:.0%}"


def percent_with_a_digit(rate: float | None) -> str:
    """Return a rate in percent with one digit: rates of harm are small."""
    return NOTHING if rate is None else f"{rate:.1%}"


def points(difference: float | None) -> str:
    """Return a difference of rates in percentage points, with its sign."""
    return NOTHING if difference is None else f"{difference * 100:+.1f}"


def count(number: float | None) -> str:
    """Return a number that may have a fraction, with at most one digit."""
    return NOTHING if number is None else f"{number:.1f}".removesuffix(".0")


def p_value(p: float | None) -> str:
    """Return a p-value with three digits."""
    if p is None:
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def milliseconds(latency: float | None) -> str:
    """Return a latency."""
    return NOTHING if latency is None else f"{latency:,.0f} ms"


def cost_text(candidate: Figures, words: Words) -> str:
    """Return the cost of a candidate's week as text.

    It is "unpriced" if no request has a known cost, and "unknown" if only some have: a partial sum
    would look like the total.
    """
    total, each = candidate.cost_usd, candidate.cost_usd_per_incident
    if total is None or each is None:
        return words("cost_unknown" if candidate.costs_known else "unpriced")
    return words("cost_each", total=f"${total:,.4f}", each=f"${each:,.4f}")


def review_kind(candidate: ReportedCandidate, words: Words) -> str:
    """Return what kind of review a candidate has, and how far it is."""
    review = candidate.review
    if review is None:
        return ""
    return words(
        f"review_{review.kind}",
        start=review.start,
        made=review.looks_made,
        looks=len(review.looks),
    )


def days_counted(candidate: ReportedCandidate, words: Words) -> str:
    """Return how many days of the week count."""
    return words("days_counted", counted=len(candidate.days) - len(candidate.uncounted_days))


def leak_text(one: LeakCheck, words: Words) -> str:
    """Return what the leak detector says."""
    return words(
        f"leaks.{one.state}",
        name=one.candidate_id,
        incidents=one.incidents,
        rate=percent(one.rate),
        constant=percent(one.constant_rate),
        bound=percent(one.bound),
    )


class Harm(NamedTuple):
    """One kind of harm of one candidate in its review, with exact bounds and the policy's cap."""

    candidate: str
    kind: str
    events: int
    incidents: int
    low: float
    high: float
    cap: float

    @property
    def state(self) -> str:
        """Which of the report's words says whether the cap is kept."""
        if self.low > self.cap:
            return "harm_exceeded"
        return "harm_kept" if self.high <= self.cap else "harm_open"


def harms_of(report: EvaluationReport) -> list[Harm]:
    """Return the harm of every candidate with a review, by its policy's caps."""
    return [
        Harm(one.candidate_id, kind, **found)
        for one in report.candidates
        if one.review is not None
        for kind, found in one.review.figures.get("caps", {}).items()
    ]


def with_reasons(names: Mapping[str, str], words: Words) -> str:
    """Return names by their reason: several candidates need the same key, or are not scheduled."""
    by_reason: dict[str, list[str]] = {}
    for name, why in names.items():
        by_reason.setdefault(words.says(why), []).append(name)
    return "; ".join(f"{', '.join(named)} ({why})" for why, named in by_reason.items())


def filters(words: Words) -> dict[str, Callable[..., Any]]:
    """Return the filters of the templates for a language."""
    return {
        "percent": percent,
        "percent1": percent_with_a_digit,
        "points": points,
        "count": count,
        "p_value": p_value,
        "ms": milliseconds,
        "cost": lambda one: cost_text(one, words),
        "review_kind": lambda one: review_kind(one, words),
        "days_counted": lambda one: days_counted(one, words),
        "with_reasons": lambda names: with_reasons(names, words),
        "says": words.says,
        "leak_text": lambda one: leak_text(one, words),
        "dollars": lambda one: NOTHING if one is None else f"${one:,.4f}",
    }
