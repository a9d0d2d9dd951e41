"""Files that people and trainers read: the report, and training rows."""

from replay_assets.contracts.evaluation_report import EvaluationReport, ReportedIncident
from replay_assets.evaluation.report.render import render
from tests.contracts.examples import REPORT
from tests.field_reports.reports import needs_reports, report_input


def reported(alertname: str) -> EvaluationReport:
    """Return a report with one incident of an alert."""
    one = REPORT.incidents[0].model_copy(update={"alertname": alertname})
    incidents: list[ReportedIncident] = [one]
    return REPORT.model_copy(update={"incidents": incidents})


@needs_reports
def test_an_alert_name_with_a_line_break_is_one_table_row():
    """Other systems name alerts."""
    text = render("report.md.j2", reported(report_input("c51")["alertname"]))
    table = text.split("## Incidents")[1].strip().splitlines()
    assert len(table) == 3
    assert table[2].startswith("| 2026-09-21 | inc-001 | Disk full node-3 \\| rack 2 |")
