"""The report as HTML and Markdown: the same content for people to read.

Texts of an incident come from outside: they must not become markup or a new row of a table.
"""

import re
from unicodedata import category

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from replay_assets.contracts.evaluation_report import EvaluationReport, Figures
from replay_assets.contracts.result import GRADED_OUTCOMES
from replay_assets.evaluation.grading import GRADERS

_MARKUP = re.compile(r"[\\|`*\[\]~]|(?<![^\W_])_|_(?![^\W_])")
"""What begins markup; an underscore within a word does not."""


def cost_text(candidate: Figures) -> str:
    """Return the cost of a candidate's week as text.

    It is "unpriced" if no request has a known cost, and "unknown" if only some have: a partial sum
    would look like the total.
    """
    total, each = candidate.cost_usd, candidate.cost_usd_per_incident
    if total is None or each is None:
        return "unknown" if candidate.costs_known else "unpriced"
    return f"${total:,.4f} · ${each:,.4f} per incident"


def render(template: str, report: EvaluationReport) -> str:
    """Return a report in one of its forms for people."""
    environment = Environment(
        loader=PackageLoader("replay_assets.evaluation.report"),
        autoescape=select_autoescape(["html.j2"]),
        # A misspelled name must fail the report, not leave a gap in it.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = lambda rate: "—" if rate is None else f"{rate:.0%}"
    environment.filters["ms"] = lambda value: "—" if value is None else f"{value:,.0f} ms"
    environment.filters["cost"] = cost_text
    environment.tests["graded"] = GRADED_OUTCOMES.__contains__
    environment.filters["markdown"] = markdown_cell
    environment.filters["one_line"] = one_line
    marks = [grader for grader in GRADERS if grader.mark]
    return environment.get_template(template).render(report=report, marks=marks)


def one_line(value: object) -> str:
    """Return a value as one line of visible text: without control and direction characters."""
    # A character that turns the direction of text could make a line read as another one.
    kept = (" " if category(one) in ("Cc", "Zl", "Zp") else one for one in str(value))
    return " ".join("".join(one for one in kept if category(one) != "Cf").split())


def markdown_cell(value: object) -> str:
    """Return a value as plain text in a Markdown table: one line that starts no markup."""
    text = _MARKUP.sub(r"\\\g<0>", one_line(value).replace("&", "&amp;"))
    return text.replace("<", "&lt;").replace(">", "&gt;")
