"""The report of the tool-calling benchmark as HTML and Markdown."""

import json
from functools import cache
from typing import Any

from jinja2 import Environment

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
        "percent": lambda rate: "—" if rate is None else f"{rate:.1%}",
        "ms": lambda value: "—" if value is None else f"{value:,.0f} ms",
        "count": lambda value: "unknown" if value is None else f"{value:,}",
        "cost": lambda value: "unknown" if value is None else f"${value:,.4f}",
        "compact": _compact,
    }
    return environment


def _compact(calls: Any) -> str:  # noqa: ANN401 - a filter takes anything
    """Return calls as one line of JSON; fields that have their default are left out."""
    shown = [one.model_dump(mode="json", exclude_defaults=True) for one in calls]
    return json.dumps(shown, ensure_ascii=False)
