"""The report of the tool-calling benchmark as HTML and Markdown."""

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from replay_assets.contracts.tool_calling_report import ToolCallingReport
from replay_assets.parsing.plain_text import markdown_cell, one_line

HTML, MARKDOWN = "report.html.j2", "report.md.j2"


def render(template: str, report: ToolCallingReport) -> str:
    """Return the report in one of its forms for people."""
    environment = Environment(
        loader=PackageLoader("replay_assets.tool_calling"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": lambda rate: "—" if rate is None else f"{rate:.1%}",
        "ms": lambda value: "—" if value is None else f"{value:,.0f} ms",
        "count": lambda value: "unknown" if value is None else f"{value:,}",
        "cost": lambda value: "unknown" if value is None else f"${value:,.4f}",
        "compact": _compact,
        "markdown": markdown_cell,
        "one_line": one_line,
    }
    return environment.get_template(template).render(report=report)


def _compact(calls: Any) -> str:  # noqa: ANN401 - a filter takes anything
    """Return calls as one line of JSON; fields that have their default are left out."""
    shown = [one.model_dump(mode="json", exclude_defaults=True) for one in calls]
    return json.dumps(shown, ensure_ascii=False)
