"""Backfills as separate processes: stopped at any moment, and next to a run that was killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from replay_assets.errors import INTERRUPTED
from tests.conftest import sigint_as_in_a_terminal
from tests.inference.scripted_server import Script, ScriptedServer, completion
from tests.replay.packs import answer_text

pytestmark = pytest.mark.slow

FIRST, LAST, REQUESTS = "2026-10-05", "2026-10-08", 48
"""Four days of the samples with twelve incidents, each asked four times."""
CONCURRENCY, DELAY_S = 2, 0.15


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    """An endpoint that answers after a moment and counts."""
    script = shared_server.new_script()
    script.answers(completion(answer_text(), delay_s=DELAY_S))
    return script


@pytest.fixture
def home(server: Script, sample_source: str, tmp_path: Path) -> Path:
    """Return a home with one candidate at the endpoint."""
    (tmp_path / "data").mkdir()
    (tmp_path / "candidates.yaml").write_text(
        f"- {{id: mine, model: m, base_url: '{server.base_url}', repeats: 4, "
        f"limits: {{concurrency: {CONCURRENCY}}}}}\n"
    )
    (tmp_path / "source").write_text(sample_source)
    return tmp_path


def start(home: Path, *command: str) -> subprocess.Popen[str]:
    """Start a command on a home, as in a terminal."""
    environment = {
        **os.environ,
        "REPLAY_HOME": str(home),
        "REPLAY_CANDIDATES": str(home / "candidates.yaml"),
        "REPLAY_SOURCE_URL": (home / "source").read_text(),
        "DAGSTER_HOME": str(home / "data" / "dagster_home"),
    }
    with sigint_as_in_a_terminal():
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def backfill(home: Path) -> subprocess.Popen[str]:
    """Start a backfill of the four days."""
    return start(home, "replay_assets", "backfill", "--from", FIRST, "--to", LAST)


@pytest.mark.parametrize("seed", range(10))
def test_a_signal_at_a_random_moment_ends_the_backfill(
    seed: int, home: Path, server: Script
) -> None:
    """No request is begun afterwards, and the same command asks only what has no answer."""
    moment = random.Random(seed)
    number = moment.choice((signal.SIGINT, signal.SIGTERM))
    first = backfill(home)
    requests, later_s = moment.randrange(1, REQUESTS), moment.uniform(0, 2 * DELAY_S)
    while len(server.bodies) < requests:  # at any request, however fast the machine is
        time.sleep(0.005)
    time.sleep(later_s)
    first.send_signal(number)
    sent_at = time.perf_counter()
    output, _ = first.communicate(timeout=2)
    assert first.returncode == 128 + number, output
    assert INTERRUPTED in output
    assert "Dagster" not in output
    time.sleep(1)
    assert all(arrived < sent_at + 1 for arrived in server.arrived_at)
    again, _ = (second := backfill(home)).communicate(timeout=240)
    assert second.returncode == 0, again
    assert REQUESTS <= len(server.bodies) <= REQUESTS + CONCURRENCY


@pytest.mark.parametrize("by", ["dagster", "backfill"])
def test_a_run_killed_in_a_replay_does_not_block_the_endpoint(
    by: str, home: Path, server: Script
) -> None:
    """Whichever command has started it."""
    assets = ["incident_evidence", "request_pack", "replay_results/mine"]
    backfill_of_a_day = ("replay_assets", "backfill", "--from", FIRST, "--to", FIRST)
    commands = {
        "backfill": backfill_of_a_day,
        "dagster": (
            *("dagster", "asset", "materialize", "-m", "replay_assets.definitions"),
            *("--select", ",".join(f"key:{one}" for one in assets), "--partition", FIRST),
        ),
    }
    (home / "data" / "dagster_home").mkdir(exist_ok=True)
    instance = Path(__file__).parents[2] / "replay_assets" / "instance.yaml"
    (home / "data" / "dagster_home" / "dagster.yaml").write_bytes(instance.read_bytes())
    killed = start(home, *commands[by])
    deadline = time.monotonic() + 60
    while len(server.bodies) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    output, _ = (second := start(home, *backfill_of_a_day)).communicate(timeout=240)
    assert second.returncode == 0, output
