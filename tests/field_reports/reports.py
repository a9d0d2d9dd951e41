"""Reads the collected field reports from `$REPLAY_REAL_DATA/field_reports`, where they exist."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("REPLAY_REAL_DATA") or "/nonexistent") / "field_reports"
FILES = ("replay_and_evaluation.jsonl", "source_sanitizing_dagster.jsonl")

needs_reports = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="REPLAY_REAL_DATA does not name a folder with the field reports"
)


@cache
def all_reports() -> dict[str, dict[str, Any]]:
    """Return every report by its id: `input`, `expected`, `source`, and `where` if known."""
    lines = (line for name in FILES for line in (FOLDER / name).read_text("utf-8").splitlines())
    return {report["id"]: report for report in map(json.loads, lines)}


def report_input(report_id: str) -> Any:
    """Return the input of one report; the test that calls this holds what is expected of it."""
    return all_reports()[report_id]["input"]
