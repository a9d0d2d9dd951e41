"""What people look at: the Dagster UI after a backfill, and the report in a browser."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from replay_assets.cli import main
from tests.conftest import SAMPLES
from tests.e2e.dagster_ui import CHROMIUM, lineage, running_ui, screenshot, text_of

pytestmark = pytest.mark.browser

WEEK = "2026-09-28"
RUNS = """{ runsOrError { ... on Runs { results { pipelineName status
  repositoryOrigin { repositoryLocationName } } } } }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home in which the demo has run."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    home = tmp_path_factory.mktemp("ui")
    (home / "data").mkdir()
    (home / "data" / "samples").symlink_to(SAMPLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPLAY_HOME", str(home))
        patch.setenv("DAGSTER_HOME", str(home / "data" / "dagster_home"))
        result = CliRunner().invoke(main, ["demo"])
        assert result.exit_code == 0, result.output
        yield home


@pytest.fixture(scope="module")
def ui(home: Path) -> Iterator[str]:
    """The UI on that home."""
    with running_ui(home, home / "ui.log", DAGSTER_HOME=str(home / "data" / "dagster_home")) as url:
        yield url


def test_the_ui_starts_without_a_warning_of_ours(ui: str, home: Path) -> None:
    """Nothing but Dagster's own notice that its command has a successor."""
    assert ui
    log = (home / "ui.log").read_text()
    complaints = [
        line
        for line in log.splitlines()
        if any(word in line for word in ("Warning", "WARNING", "ERROR", "Traceback"))
        and "SupersessionWarning" not in line
    ]
    assert complaints == []


@pytest.mark.parametrize(
    ("group", "asset"),
    [
        ("evidence", "incident_evidence"),
        ("request_packs", "request_pack"),
        ("replay", "rules-baseline"),
        ("evaluation", "evaluation_report"),
        ("finetune", "sft_export"),
    ],
)
def test_the_graph_shows_every_group(ui: str, group: str, asset: str) -> None:
    """Evidence, packs, replay, evaluation, export, and one node per candidate and stage."""
    # In a smaller window the graph is so small that Dagster leaves out the names.
    assert asset in text_of(lineage(ui, group=group), width=4000, height=4000)


def test_a_partition_shows_counts_preview_and_plot(ui: str) -> None:
    """What a person wants to know before opening a file."""
    page = text_of(f"{ui}/assets/request_pack?view=partitions&partition={WEEK}")
    for word in ("masked_values", "preview", "data:image/svg+xml", "content_digest"):
        assert word in page


def test_runs_of_the_command_line_are_listed_under_their_jobs(ui: str) -> None:
    """Seven days and a week, all green, as if started here."""
    request = urllib.request.Request(
        f"{ui}/graphql",
        data=json.dumps({"query": RUNS}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        runs = json.load(response)["data"]["runsOrError"]["results"]
    assert sorted(one["pipelineName"] for one in runs) == ["daily_walk"] * 7 + ["weekly_walk"]
    assert {one["status"] for one in runs} == {"SUCCESS"}


def test_the_report_opens_in_a_browser(home: Path, tmp_path: Path) -> None:
    """A verdict, intervals, and every incident; nothing is loaded from elsewhere."""
    report = home / f"data/lake/files/evaluation_report/week={WEEK}/report.html"
    page = text_of(report.as_uri())
    assert page.count('class="track"') > 20
    assert "constant answer does as well" in page
    # Evidence may quote an address; as text, its quotes are escaped.
    assert 'href="http' not in page
    assert 'src="' not in page
    screenshot(report.as_uri(), tmp_path / "report.png", width=1180, height=1400)
    assert (tmp_path / "report.png").stat().st_size > 50_000
