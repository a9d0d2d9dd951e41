"""The report as HTML and Markdown: the same content for people to read.

Texts of an incident come from outside: they must not become markup or a new row of a table.
"""

from functools import cache
from typing import Any
from unicodedata import category

from jinja2 import Environment
from markupsafe import Markup

from replay_assets.contracts.evaluation_report import (
    Denominators,
    EvaluationReport,
    ReportLanguage,
)
from replay_assets.contracts.result import GRADED_OUTCOMES
from replay_assets.evaluation.grading import GRADERS
from replay_assets.evaluation.report.agents import agent_filters
from replay_assets.evaluation.report.page_tables import (
    changes_by_week,
    flip_tables,
    quality_points,
    slice_state,
    slice_tables,
    trend_by_candidate,
)
from replay_assets.evaluation.report.pictures import pareto, trend_picture
from replay_assets.evaluation.report.recommendations import recommendation_filters
from replay_assets.evaluation.report.shown import filters, harms_of
from replay_assets.evaluation.report.slices import ENOUGH
from replay_assets.evaluation.report.summary import METRICS
from replay_assets.evaluation.report.words import Words, words_in
from replay_assets.parsing.pages import page_templates

SECTIONS = (
    *("verdicts", "figures", "denominators", "paired", "harm", "quality", "slices", "flips"),
    *("agents", "trend", "recommendations", "leaks", "days", "incidents", "lineage"),
)
"""The parts of the page, in order; each has a template of its name."""


def render(template: str, report: EvaluationReport, language: ReportLanguage = "en") -> str:
    """Return a report in one of its forms for people."""
    words = words_in(language)
    page = _environment(language).get_template(template)
    return page.render(report=report, t=words, **_shown(report, words))


@cache
def _environment(language: ReportLanguage) -> Environment:
    """Return the templates, cached: compiling them takes longer than filling them."""
    environment = page_templates("replay_assets.evaluation.report")
    environment.filters |= filters(words_in(language))
    environment.filters |= recommendation_filters(words_in(language))
    environment.filters |= agent_filters(words_in(language))
    environment.filters |= {
        "visible": visible,
        "as_code": as_code,
        "slice_state": slice_state,
    }
    environment.tests["graded"] = GRADED_OUTCOMES.__contains__
    return environment


def _shown(report: EvaluationReport, words: Words) -> dict[str, Any]:
    """Return what the templates show, apart from the report itself."""
    return {
        "sections": SECTIONS,
        "graders": GRADERS,
        "marks": [grader for grader in GRADERS if grader.mark],
        "known_metrics": {metric.name for metric in METRICS},
        "denominators": list(Denominators.model_fields),
        "harms": harms_of(report),
        "yardsticks": [one.candidate_id for one in report.candidates if not one.verdict],
        "shown": [one for one in report.candidates if one.withheld is None],
        "enough": ENOUGH,
        "slice_tables": slice_tables(report),
        "flips": flip_tables(report),
        "by_id": {one.incident_id: one for one in report.incidents},
        "anchors": {one.incident_id: f"incident-{n}" for n, one in enumerate(report.incidents, 1)},
        "trend": trend_by_candidate(report.trend),
        "weeks": {one.week for one in report.trend},
        "pictures": _pictures(report, words),
    }


def _pictures(report: EvaluationReport, words: Words) -> dict[str, Markup | None]:
    found: dict[str, Markup | None] = {}
    order = [one.candidate_id for one in report.candidates]
    for name, figure, axis, unknown in (
        ("cost", "cost_usd_per_incident", "axis_cost", "unpriced"),
        ("latency", "p50_latency_ms", "axis_latency", "not_recorded"),
    ):
        points = quality_points(report, figure)
        found[name] = (
            points
            and pareto(
                points,
                title=words(f"quality_{name}"),
                axis=words(axis),
                unknown=words(unknown),
                order=order,
            )
        ) or None
    changed = changes_by_week(trend_by_candidate(report.trend))
    found["trend"] = trend_picture(
        report.trend,
        title=words("trend"),
        changes={
            week: ", ".join(words(f"changed.{name}") for name in names)
            for week, names in changed.items()
        },
        order=order,
    )
    return found


def visible(text: str) -> str:
    """Return text with its lines, without control and direction characters."""
    return "\n".join(
        "".join(" " if category(c) == "Cc" else c for c in line if category(c) != "Cf")
        for line in text.splitlines()
    )


def as_code(text: str) -> str:
    """Return text as a block of Markdown code: indented lines, in which nothing is markup."""
    return "\n".join(f"    {line}" for line in visible(text).split("\n"))
