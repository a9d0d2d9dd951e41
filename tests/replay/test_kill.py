"""A run that is killed at any moment continues: same content, no stored answer is paid twice."""

import json
import os
import random
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from replay_assets.cli import main
from replay_assets.contracts.timing import without_timing
from replay_assets.inference.call_store.local import JOURNAL_FILE
from replay_assets.replay.runner import REPORT_FILE, RESULTS_FILE
from tests.replay.killing import CountingEndpoint, completions_in, kill_runs, runs_of
from tests.replay.packs import answer, pack_bytes, request

pytestmark = pytest.mark.integration

REQUESTS, KILLS, KILLS_A_RUN = 500, 50, 10


def reply(asked: Any) -> tuple[str, dict[str, Any]]:
    """Answer with the incident that it was asked about; each answer of an incident is the same."""
    incident = asked["messages"][1]["content"].split()[2]
    said = answer(proposed_action=f"Look after {incident}")
    return incident, {"role": "assistant", "content": json.dumps(said)}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[CountingEndpoint]:
    """An endpoint on loopback."""
    with CountingEndpoint(reply).on_loopback() as counting:
        yield counting


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of many requests."""
    path = tmp_path / "pack.jsonl"
    path.write_bytes(pack_bytes(*(request(f"inc-{number}") for number in range(REQUESTS))))
    return path


def content_of(folder: Path) -> tuple[list[Any], Any]:
    """Results and report of a run, without timing fields."""
    lines = (folder / RESULTS_FILE).read_text().splitlines()
    report = json.loads((folder / REPORT_FILE).read_text())
    return [without_timing(json.loads(line)) for line in lines], without_timing(report)


def acknowledged(folder: Path) -> set[str]:
    """The incidents whose answer is complete in the journal."""
    contents = [json.loads(one["content"]) for one in completions_in(folder)]
    return {content["proposed_action"].rpartition(" ")[2] for content in contents}


@pytest.mark.slow
def test_fifty_kills_change_nothing_and_pay_nothing_twice(
    endpoint: CountingEndpoint, pack: Path, tmp_path: Path
) -> None:
    """At random moments of a run: while it starts, asks, syncs, and while it writes results."""
    endpoint.arrived.clear()
    with runs_of(pack, endpoint.base_url) as runs:
        caught, partly = kill_runs(
            runs,
            endpoint,
            tmp_path,
            questions=REQUESTS,
            kills=KILLS,
            kills_a_run=KILLS_A_RUN,
            part=10,
            moments=random.Random(6),
            content_of=content_of,
            acknowledged=acknowledged,
        )
    assert all(map(any, partly))
    assert caught > KILLS // 2


def test_of_two_processes_one_works_and_the_other_names_it(
    endpoint: CountingEndpoint, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs in parallel would pay twice for everything."""
    catalogue = tmp_path / "candidates.yaml"
    catalogue.write_text(f"- {{id: mine, model: vendor/model, base_url: {endpoint.base_url}}}\n")
    monkeypatch.setenv("REPLAY_CANDIDATES", str(catalogue))
    out = tmp_path / "out"
    endpoint.arrived.clear()
    with runs_of(pack, endpoint.base_url) as runs:
        runs.start(out)
        while not (out / JOURNAL_FILE).exists():
            time.sleep(0.01)
        second = CliRunner().invoke(
            main, ["replay", "--pack", str(pack), "--candidate", "mine", "--out", str(out)]
        )
        assert runs.wait() == "ended 0"
    assert second.exit_code == 1
    told = re.search(r"process (\d+) on (\S+) has worked on it since (\S+);", second.output)
    assert told is not None
    assert int(told[1]) != os.getpid()
    assert told[2] == socket.gethostname()
    assert sorted(endpoint.arrived) == sorted(f"inc-{number}" for number in range(REQUESTS))
