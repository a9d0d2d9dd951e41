"""A replay asset keeps its journal in the state folder, continues from it, and cleans up."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._utils.interrupts import setup_interrupt_handlers

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.defs.lost_calls import lost_calls
from replay_assets.defs.resources import ReplayState
from replay_assets.inference.call_store.local import CALLS_FILE, JOURNAL_FILE
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from replay_assets.settings import Settings
from tests.defs.walks import failed_steps, walk_day
from tests.inference.scripted_server import (
    Script,
    ScriptedServer,
    completion,
    status,
)
from tests.replay.packs import answer_text

DAY = "2026-09-28"


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    """A separate script for each test."""
    return shared_server.new_script()


@pytest.fixture
def at_server(settings: Settings, server: Script, tmp_path: Path) -> Settings:
    """Settings with one candidate at the scripted server, with two attempts and short waits."""
    catalogue = tmp_path / "candidates.yaml"
    catalogue.write_text(
        f"- {{id: mine, model: m, base_url: '{server.base_url}', repeats: 2}}\n", encoding="utf-8"
    )
    return replace(settings, candidates=catalogue)


def test_a_stopped_day_continues_and_only_clean_results_reach_the_lake(
    at_server: Settings, server: Script
) -> None:
    """Answered requests are not sent again; the raw calls stay on this machine."""
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
    (mine,) = Catalogue.load(at_server.candidates)
    lake = Store(at_server.lake)

    def warning(state: Path, candidate: Candidate = mine) -> str | None:
        return lost_calls(lake, ReplayState(state, "UTC"), candidate, [DAY, "2026-10-01"])

    assert warning(at_server.state) is None
    moved = warning(at_server.state.with_name("elsewhere"))
    assert moved is not None
    assert moved.startswith(f"mine: the lake has {requests} answers of {DAY}, but REPLAY_STATE")
    assert str(at_server.state.with_name("elsewhere")) in moved
    assert warning(Path("elsewhere"), mine.model_copy(update={"model": "another"})) is None
    same = Store(at_server.lake).get(Address("replay_results", DAY, "mine"))
    assert same.digest == results.digest


def test_a_run_can_be_configured_to_ask_again(at_server: Settings, server: Script) -> None:
    """Through the run configuration in the launchpad."""
    server.answers(answer_text())
    assert walk_day(at_server, DAY, ["mine"]).success
    asked = len(server.bodies)
    config = {"ops": {"replay_results__mine": {"config": {"refresh": True}}}}
    assert walk_day(at_server, DAY, ["mine"], run_config=config).success
    assert len(server.bodies) == 2 * asked


@pytest.mark.parametrize("handled_by", ["nobody", "dagster"])
def test_a_terminated_run_stops_within_two_seconds(
    handled_by: str, at_server: Settings, server: Script
) -> None:
    """Also if Dagster handles SIGTERM like SIGINT, as its processes do; the journal is valid."""
    server.answers(answer_text(), completion(answer_text(), delay_s=30))
    sent_at: list[float] = []

    def end() -> None:
        while len(server.bodies) < 2:
            time.sleep(0.01)
        sent_at.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    ending = threading.Thread(target=end)
    ending.start()
    before = signal.getsignal(signal.SIGTERM)
    if handled_by == "dagster":
        setup_interrupt_handlers()
    try:
        assert not walk_day(at_server, DAY, ["mine"]).success
    except dg.DagsterExecutionInterruptedError:
        assert handled_by == "dagster"
    finally:
        signal.signal(signal.SIGTERM, before)
    assert time.monotonic() - sent_at[0] < 2
    ending.join()
    server.bodies.clear()
    server.answers(answer_text())
    assert walk_day(at_server, DAY, ["mine"]).success
    results = Store(at_server.lake).get(Address("replay_results", DAY, "mine"))
    assert len(server.bodies) == results.facts["requests"] - 1
