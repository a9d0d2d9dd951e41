"""Files that people and trainers read: the report, and training rows."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import json as pa_json

from replay_assets.contracts.evaluation_report import EvaluationReport, ReportedIncident
from replay_assets.evaluation.report.render import render
from replay_assets.finetune.writing.export import is_data
from replay_assets.lake import Published
from replay_assets.lake.assets import SFT_EXPORT
from tests.contracts.examples import REPORT
from tests.field_reports.reports import needs_reports, report_input
from tests.finetune.records import WEEK, Lake, rows_in
from tests.finetune.records import evidence as row


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


def published(folder: Path, *rows: dict[str, Any], **changes: Any) -> Published:
    """Publish a week in a lake: the rows that are given, and two with some changes."""
    said = ("web restarted three times", "disk of orders-db is full")
    two = [row(incident_id=one, evidence_summary=one, **changes) for one in said if changes]
    lake = Lake(folder)
    lake.day(WEEK, [*rows, *two])
    return lake.export(SFT_EXPORT)


@needs_reports
def test_weeks_load_together_if_a_column_has_no_value_in_one(tmp_path: Path):
    """pyarrow's reader of JSON, which `datasets` uses, must find equal types in both files."""
    given = report_input("c55")
    assert "null" in given["w1"]
    weeks = [
        published(tmp_path / name, matched_playbook_id=value, alertname=value)
        for name, value in (("w1", None), ("w2", "pb-1"))
    ]
    files = [one.file(name) for one in weeks for name in one.names(".jsonl") if is_data(name)]
    alpaca = [content for content in files if b'"metadata"' in content]
    tables = [pa_json.read_json(io.BytesIO(content)) for content in alpaca]
    assert pa.concat_tables(tables).num_rows == 4
    assert pa.concat_tables([one.table("sft_export") for one in weeks]).num_rows == 4


@needs_reports
def test_an_empty_week_has_no_file_of_0_bytes(tmp_path: Path):
    """Its table has the columns of every other week."""
    assert "0 bytes" in report_input("c57")
    made = published(tmp_path)
    assert made.names(".jsonl") == []
    assert made.table("sft_export").num_rows == 0


@needs_reports
def test_a_trainers_mark_in_a_command_is_broken_and_counted(tmp_path: Path):
    """In the row and in the manifest."""
    given = row(**report_input("c58"))
    made = published(tmp_path, given)
    (line,) = rows_in(made, "sft.alpaca")
    assert line["input"] == "$ kubectl set image deploy/web web=< image>"
    assert made.facts["broken_marks"] == {"<image>": 1}


@needs_reports
def test_recorded_reasoning_blocks_are_left_out(tmp_path: Path):
    """As they are when an answer is read."""
    given = report_input("c59")["coordinator_output"]
    (found,) = rows_in(published(tmp_path, row(coordinator_output=json.dumps(given))), "sft.alpaca")
    assert found["output"].startswith("[AI decision]\nThe pod leaks.\n\n")
