"""The report as HTML and Markdown: the same content for people to read.

Texts of an incident come from outside: they must not become markup or a new row of a table.
"""

import re
from functools import cache
from unicodedata import category

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from replay_assets.contracts.evaluation_report import (
    Denominators,
    EvaluationReport,
    ReportLanguage,
)
from replay_assets.contracts.result import GRADED_OUTCOMES
from replay_assets.evaluation.grading import GRADERS
from replay_assets.evaluation.report.shown import filters, harms_of
from replay_assets.evaluation.report.summary import METRICS
from replay_assets.evaluation.report.words import words_in

_MARKUP = re.compile(r"[\\|`*\[\]~]|(?<![^\W_])_|_(?![^\W_])")
"""What begins markup; an underscore within a word does not."""


def render(template: str, report: EvaluationReport, language: ReportLanguage = "en") -> str:
    """Return a report in one of its forms for people."""
    return (
        _environment(language)
        .get_template(template)
        .render(
            report=report,
            t=words_in(language),
            marks=[grader for grader in GRADERS if grader.mark],
            known_metrics={metric.name for metric in METRICS},
            denominators=list(Denominators.model_fields),
            harms=harms_of(report),
            yardsticks=[one.candidate_id for one in report.candidates if not one.verdict],
        )
    )


@cache
def _environment(language: ReportLanguage) -> Environment:
    """Return the templates, cached: compiling them takes longer than filling them."""
    environment = Environment(
        loader=PackageLoader("replay_assets.evaluation.report"),
        autoescape=select_autoescape(["html.j2"]),
        # A misspelled name must fail the report, not leave a gap in it.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= filters(words_in(language))
    environment.filters |= {"markdown": markdown_cell, "one_line": one_line}
    environment.tests["graded"] = GRADED_OUTCOMES.__contains__
    return environment


def one_line(value: object) -> str:
    """Return a value as one line of visible text: without control and direction characters."""
    # A character that turns the direction of text could make a line read as another one.
    kept = (" " if category(one) in ("Cc", "Zl", "Zp") else one for one in str(value))
    return " ".join("".join(one for one in kept if category(one) != "Cf").split())


def markdown_cell(value: object) -> str:
    """Return a value as plain text in a Markdown table: one line that starts no markup."""
    text = _MARKUP.sub(r"\\\g<0>", one_line(value).replace("&", "&amp;"))
    return text.replace("<", "&lt;").replace(">", "&gt;")
