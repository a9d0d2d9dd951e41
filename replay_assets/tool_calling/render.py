"""The report of the tool-calling benchmark as HTML and Markdown."""

import json
from functools import cache
from typing import Any

from jinja2 import Environment

from replay_assets.contracts.recommendation import Recommendation, RoutedMember
from replay_assets.contracts.tool_calling_report import ToolCallingReport
from replay_assets.parsing.pages import page_templates

HTML, MARKDOWN = "report.html.j2", "report.md.j2"


def render(template: str, report: ToolCallingReport) -> str:
    """Return the report in one of its forms for people."""
    return _templates().get_template(template).render(report=report)


@cache
def _templates() -> Environment:
    environment = page_templates("replay_assets.tool_calling")
    environment.filters |= {
        "percent": _percent,
        "ms": _ms,
        "count": lambda value: "unknown" if value is None else f"{value:,}",
        "cost": _cost,
        "compact": _compact,
        "recommended": _recommended,
        "member_text": _member_text,
        "worth": _worth,
    }
    return environment


def _percent(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:.1%}"


def _ms(value: float | None) -> str:
    return "—" if value is None else f"{value:,.0f} ms"


def _cost(value: float | None) -> str:
    return "unknown" if value is None else f"${value:,.4f}"


def _recommended(one: Recommendation) -> str:
    """Return the recommended order of a route, or why there is none."""
    if one.as_recommended is not None:
        same = " (as configured)" if one.state == "same_order" else ""
        says = ", ".join(one.as_recommended.order) + same
    elif one.state == "too_few_cases":
        says = f"none: {one.cases} cases, {one.minimum_cases} are needed"
    else:
        says = "none: fewer than two members were asked"
    return says + (f"; without results: {', '.join(one.not_measured)}" if one.not_measured else "")


def _member_text(one: RoutedMember) -> str:
    because = "" if one.because is None else f"; put here by {one.because}"
    return (
        f"{one.candidate_id}: {one.right}/{one.graded} right ({_percent(one.low)} to "
        f"{_percent(one.high)}), {one.failed} failed, {_ms(one.latency_ms)}, cost per case "
        f"{_cost(one.cost_usd)}{because}"
    )


def _worth(one: Recommendation) -> str:
    """Return what the recommended order would have gained and saved."""
    if one.state != "other_order":
        return "—"
    parts = [f"{one.right_gained:+d} right of {one.cases}"]
    if one.saved_usd is None:
        parts.append("cost unknown")
    else:
        parts.append(f"{_cost(abs(one.saved_usd))} {'saved' if one.saved_usd >= 0 else 'more'}")
    if one.saved_ms is not None:
        parts.append(f"{_ms(abs(one.saved_ms))} {'faster' if one.saved_ms >= 0 else 'slower'}")
    return ", ".join(parts)


def _compact(calls: Any) -> str:  # noqa: ANN401 - a filter takes anything
    """Return calls as one line of JSON; fields that have their default are left out."""
    shown = [one.model_dump(mode="json", exclude_defaults=True) for one in calls]
    return json.dumps(shown, ensure_ascii=False)
