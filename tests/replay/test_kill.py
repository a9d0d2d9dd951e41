"""A run that is killed at any moment continues: same content, no stored answer is paid twice."""

import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from replay_assets.cli import main
from replay_assets.contracts.timing import without_timing
from replay_assets.inference.call_store.journal import checked
from replay_assets.inference.call_store.local import CALLS_FILE, JOURNAL_FILE
from replay_assets.replay.runner import REPORT_FILE, RESULTS_FILE
from tests.inference.scripted_server import serving
from tests.replay.packs import answer, pack_bytes, request

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
REQUESTS, KILLS, KILLS_A_RUN = 500, 50, 10
LATENCY_S = 0.01


class CountingEndpoint:
    """Answers with the incident that it was asked about, and notes every arrival."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.base_url = ""

    async def handle(self, asked: Request) -> JSONResponse:
        """Answer after a while; each answer of an incident is the same."""
        body = await asked.json()
        incident = body["messages"][1]["content"].split()[2]
        self.arrived.append(incident)
        await asyncio.sleep(LATENCY_S)
        said = answer(proposed_action=f"Look after {incident}")
        message = {"role": "assistant", "content": json.dumps(said)}
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({"choices": [choice], "usage": usage})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[CountingEndpoint]:
    """An endpoint on loopback."""
    counting = CountingEndpoint()
    route = Route("/v1/chat/completions", counting.handle, methods=["POST"])
    with serving(Starlette(routes=[route])) as base_url:
        counting.base_url = base_url
        yield counting


class Runs:
    """The program that runs replays in child processes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def start(self, folder: Path, life: float | str = "whole") -> None:
        """Start a run."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder} {life}\n")
        self._process.stdin.flush()

    def wait(self) -> str:
        """Return how it ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def runs_of(pack: Path, base_url: str, *kind: str) -> Iterator[Runs]:
    """Start the program."""
    command = [sys.executable, "-m", "tests.replay.forked_runs", str(pack), base_url, *kind]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        runs = Runs(process)
        assert runs.wait() == "ready"
        yield runs


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
    found = set()
    for name in (JOURNAL_FILE, CALLS_FILE):
        path = folder / name
        lines = path.read_bytes().splitlines(keepends=True)[1:] if path.exists() else []
        records = [json.loads(record) for line in lines if (record := checked(line)) is not None]
        contents = [json.loads(record["completion"]["content"]) for record in records]
        found |= {content["proposed_action"].rpartition(" ")[2] for content in contents}
    return found


@pytest.mark.slow
def test_fifty_kills_change_nothing_and_pay_nothing_twice(
    endpoint: CountingEndpoint, pack: Path, tmp_path: Path
) -> None:
    """At random moments of a run: while it starts, asks, syncs, and while it writes results."""
    moments = random.Random(6)
    kills, caught = 0, 0
    with runs_of(pack, endpoint.base_url) as runs:
        started = time.monotonic()
        runs.start(tmp_path / "whole")
        assert runs.wait() == "ended 0"
        span_s = time.monotonic() - started
        expected = content_of(tmp_path / "whole")
        assert len(expected[0]) == REQUESTS
        while kills < KILLS:
            folder = tmp_path / f"run-{kills}"
            told: list[tuple[int, set[str]]] = []
            for _ in range(min(KILLS_A_RUN, KILLS - kills)):
                runs.start(folder, moments.uniform(0, span_s / 3))
                caught += runs.wait() == "killed"
                kills += 1
                told.append((len(endpoint.arrived), acknowledged(folder)))
            runs.start(folder)
            assert runs.wait() == "ended 0"
            assert content_of(folder) == expected
            assert not (folder / JOURNAL_FILE).exists()
            for position, known in told:
                assert not known & set(endpoint.arrived[position:])
            assert any(0 < len(known) < REQUESTS for _, known in told)
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
