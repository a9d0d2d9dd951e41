"""A replay asset keeps its journal under the state folder, goes on from it, and cleans up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from replay_assets.inference.kept_calls import CALLS_FILE, JOURNAL_FILE
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from replay_assets.settings import Settings
from tests.defs.walks import failed_steps, walk_day
from tests.inference.scripted_server import Script, ScriptedServer, scripted_server, status
from tests.replay.packs import answer_text

DAY = "2026-09-28"


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ScriptedServer]:
    """One server for the module."""
    with scripted_server() as server:
        yield server


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    """A script of the test's own."""
    return shared_server.new_script()


@pytest.fixture
def at_server(settings: Settings, server: Script, tmp_path: Path) -> Settings:
    """Settings with one candidate, at the scripted server; it asks twice and never waits long."""
    catalogue = tmp_path / "candidates.yaml"
    catalogue.write_text(
        f"- {{id: mine, model: m, base_url: '{server.base_url}', repeats: 2}}\n", encoding="utf-8"
    )
    return replace(settings, candidates=catalogue)


def test_a_stopped_day_goes_on_and_only_clean_results_reach_the_lake(
    at_server: Settings, server: Script
) -> None:
    """What was answered is not asked again; the raw calls stay with this machine."""
    server.answers(answer_text(), answer_text(), answer_text(), status(401))
    stopped = walk_day(at_server, DAY, ["mine"])
    assert failed_steps(stopped) == {"replay_results__mine"}
    folder = at_server.state / "replay" / "mine" / DAY
    assert (folder / JOURNAL_FILE).exists()
    server.answers(answer_text())
    server.bodies.clear()
    assert walk_day(at_server, DAY, ["mine"]).success
    results = Store(at_server.lake).get(Address("replay_results", DAY, "mine"))
    requests = results.facts["requests"]
    assert len(server.bodies) == requests - 3
    assert [one["repeat"] for one in results.records("replay_results.jsonl")] == [0, 1] * (
        requests // 2
    )
    scores = Store(at_server.lake).get(Address("replay_scores", DAY, "mine"))
    assert [row["repeat"] for row in scores.rows("replay_scores")] == [0, 1] * (requests // 2)
    assert {one.name for one in folder.iterdir()} == {CALLS_FILE, ".replay.lock"}
    assert not list(Path(at_server.lake).rglob("*calls*"))
    server.bodies.clear()
    again = walk_day(at_server, DAY, ["mine"])
    assert again.success
    assert server.bodies == []
    same = Store(at_server.lake).get(Address("replay_results", DAY, "mine"))
    assert same.digest == results.digest


def test_a_run_can_be_told_to_ask_again(at_server: Settings, server: Script) -> None:
    """By its configuration, in the launchpad."""
    server.answers(answer_text())
    assert walk_day(at_server, DAY, ["mine"]).success
    asked = len(server.bodies)
    config = {"ops": {"replay_results__mine": {"config": {"refresh": True}}}}
    assert walk_day(at_server, DAY, ["mine"], run_config=config).success
    assert len(server.bodies) == 2 * asked
