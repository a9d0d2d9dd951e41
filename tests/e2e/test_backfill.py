"""A backfill launched from the UI, and the week that follows its days by itself."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLES, load_into
from tests.e2e.dagster_ui import running_ui

pytestmark = pytest.mark.slow

DAYS, WEEK = ["2026-10-06", "2026-10-07"], "2026-10-05"
ASSETS = (
    ["incident_evidence"],
    ["incident_labels"],
    ["masked_labels"],
    ["request_pack"],
    ["incumbent_scores"],
    ["replay_results", "rules-baseline"],
    ["replay_scores", "rules-baseline"],
)
FOLLOWS_WITHIN_S = 300
LAUNCH = """mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""


@pytest.fixture
def ui(tmp_path: Path) -> Iterator[str]:
    """A running UI with its daemon, on the samples."""
    (tmp_path / "data").mkdir()
    load_into(f"sqlite:///{tmp_path / 'data' / 'incidents.sqlite'}", SAMPLES)
    home = str(tmp_path / "data" / "dagster_home")
    with running_ui(tmp_path, tmp_path / "ui.log", DAGSTER_HOME=home) as url:
        yield url


def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    """Send what the UI itself would send."""
    request = urllib.request.Request(
        f"{url}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        found: dict[str, Any] = json.load(response)["data"]
    return found


def test_the_report_of_a_week_follows_a_backfill_of_its_days(ui: str, tmp_path: Path) -> None:
    """Two days from the UI; no one asks for the week, and yet its report and export appear."""
    params = {
        "assetSelection": [{"path": path} for path in ASSETS],
        "partitionNames": DAYS,
        "title": "two days",
    }
    launched = ask(ui, LAUNCH, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    lake = tmp_path / "data" / "lake" / "files"
    report = lake / "evaluation_report" / f"week={WEEK}" / "report.json"
    export = lake / "sft_export" / f"week={WEEK}" / "manifest.json"
    deadline = time.monotonic() + FOLLOWS_WITHIN_S
    counted: list[str] = []
    while counted != DAYS and time.monotonic() < deadline:
        time.sleep(2)
        if report.exists() and export.exists():
            candidates = json.loads(report.read_text())["candidates"]
            counted = [day for day, state in candidates[-1]["days"].items() if state == "counted"]
    assert counted == DAYS, (tmp_path / "ui.log").read_text()[-3000:]
