"""A new user's first backfill: a fresh clone, `ui`, three days of `daily_walk`, all by clicks."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from replay_assets.candidates import Catalogue
from tests.conftest import SAMPLES
from tests.e2e.clicks import browser
from tests.e2e.dagster_ui import CHROMIUM, running_ui
from tests.e2e.test_backfill import ask

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

DAYS = ["2026-09-28", "2026-09-29", "2026-09-30"]
ENDS_WITHIN_S = 600
LEFT_OUT = {one.id: why for one in Catalogue.load() if (why := one.not_ready(lambda _: None))}
RUNS = """{ runsOrError { ... on Runs { results { runId jobName status
  tags { key value } } } } }"""

BACKFILLS = """{ partitionBackfillsOrError { ... on PartitionBackfills { results {
  id status } } } }"""


def daily_runs(url: str) -> dict[str, dict[str, Any]]:
    """The runs of the job, by their day."""
    runs = ask(url, RUNS)["runsOrError"]["results"]
    return {
        next(tag["value"] for tag in run["tags"] if tag["key"] == "dagster/partition"): run
        for run in runs
        if run["jobName"] == "daily_walk"
    }


def the_backfill(url: str) -> dict[str, Any]:
    """The only backfill: its id and its status."""
    (found,) = ask(url, BACKFILLS)["partitionBackfillsOrError"]["results"]
    return dict(found)


async def backfill_by_clicks(url: str, folder: Path) -> str:
    """Launch three days as a person would, and wait for them; return the page of an asset."""
    async with browser() as page:
        await page.open(f"{url}/locations/replay_assets/jobs/daily_walk")
        await page.click("Materialize all")
        await page.type_into("partitions", f"[{DAYS[0]}...{DAYS[-1]}]")
        await page.shows("3 partitions")
        await page.click("Launch backfill")
        await page.shows("Created backfill")
        deadline = time.monotonic() + ENDS_WITHIN_S
        while not (backfill := the_backfill(url))["status"].startswith("COMPLETED"):
            assert time.monotonic() < deadline, backfill
            await asyncio.sleep(2)
        assert backfill["status"] == "COMPLETED_SUCCESS"
        runs = daily_runs(url)
        assert {day: run["status"] for day, run in runs.items()} == dict.fromkeys(DAYS, "SUCCESS")
        await page.open(f"{url}/runs/b/{backfill['id']}?tab=runs")
        await page.shows("2026-09-30")
        await page.picture(folder / "backfill.png")
        await page.open(f"{url}/runs/{runs[DAYS[-1]]['runId']}?logs=left%20out")
        for name, reason in LEFT_OUT.items():
            await page.shows(f"{name} is left out: {reason}")
        await page.picture(folder / "run.png")
        await page.open(f"{url}/assets/replay_results/nemotron-mini?view=events")
        await page.shows("left out: NVIDIA_API_KEY is not set")
        await page.picture(folder / "asset.png")
        return str(await page.run("document.body.innerText"))


def test_a_backfill_by_clicks_is_green_and_names_who_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key, a server or a database: the samples and the shipped catalogue."""
    for name in ("NVIDIA_API_KEY", "REPLAY_SOURCE_URL", "REPLAY_CANDIDATES"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "samples").symlink_to(SAMPLES)
    home = str(tmp_path / "data" / "dagster_home")
    with running_ui(tmp_path, tmp_path / "ui.log", DAGSTER_HOME=home) as url:
        page = asyncio.run(backfill_by_clicks(url, tmp_path))
    assert "Materialized" not in page
    lake = tmp_path / "data" / "lake" / "files"
    assert sorted(path.name for path in (lake / "replay_results").iterdir()) == [
        "candidate=constant-baseline",
        "candidate=rules-baseline",
    ]
    week = lake / "evaluation_report" / "week=2026-09-28" / "report.json"
    if week.exists():  # it follows its days by itself, a little later
        assert json.loads(week.read_text())["not_replayed"] == LEFT_OUT
