"""What the UI shows of a weekly report: verdicts and figures without opening a file."""

from types import SimpleNamespace
from typing import Any, cast

from replay_assets.contracts.evaluation_report import EvaluationReport, ReportLanguage
from replay_assets.contracts.report_details import Rate
from replay_assets.defs.evaluation import report_metadata
from replay_assets.lake import Published
from tests.contracts.examples import REPORT

ZERO = Rate(numerator=0, denominator=10, not_applicable=0, rate=0.0, low=0.0, high=0.28)


def metadata_of(report: EvaluationReport, language: ReportLanguage = "en") -> dict[str, Any]:
    """Return the metadata of a published report."""
    published = SimpleNamespace(
        document=lambda name: report.as_json(), path_of=lambda name: f"/lake/{name}"
    )
    return report_metadata(cast(Published, published), language=language)


def test_verdicts_and_metrics_are_shown_as_markdown():
    shown = metadata_of(REPORT)["summary"].value
    assert "**nemotron-mini**: **INCONCLUSIVE** — 60 groups are needed" in shown
    assert "| Root cause and action right, safe, no harm | 100% (1/1; 21%–100%) |" in shown


def test_the_summary_has_the_language_of_the_report():
    assert "判定" in metadata_of(REPORT, "zh-Hant")["summary"].value


def test_numbers_are_plotted_over_weeks_by_keys_that_stay():
    found = metadata_of(REPORT)
    numbers = {name: value for name, value in found.items() if isinstance(value, float)}
    assert numbers == {
        "primary_rate/nemotron-mini": 1.0,
        "primary_low/nemotron-mini": 0.206543,
        "primary_high/nemotron-mini": 1.0,
        "p95_latency_ms/nemotron-mini": 812.5,
    }


def test_a_candidate_at_0_is_drawn_too():
    one = REPORT.candidates[0].model_copy(update={"metrics": {"primary": ZERO}})
    found = metadata_of(REPORT.model_copy(update={"candidates": [one]}))
    assert found["primary_rate/nemotron-mini"] == 0.0
    assert found["handled_right"].value != "nothing to show"
