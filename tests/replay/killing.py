"""Runs that are killed at random moments, continued, and compared with a run that was not.

A moment is a request and a short time after it, not a time after the start: how far a run is at a
time depends on the machine, and on what else it does.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from replay_assets.inference.call_store.journal import checked
from replay_assets.inference.call_store.local import CALLS_FILE, JOURNAL_FILE
from tests.inference.scripted_server import serving

ROOT = Path(__file__).parents[2]
LATENCY_S = 0.01
LATER_S = 0.1
"""A kill comes at most this long after its request, mostly sooner. In this time a run without
questions starts, or the results of 500 are written. At most 160 questions are answered in it,
however fast the machine is: 16 are in flight, for 10 ms each."""


class CountingEndpoint:
    """Answers after a while and notes every arrival.

    Args:
        reply: returns what a question is noted as, and the message that answers it, which is
            always the same.
    """

    def __init__(self, reply: Callable[[Any], tuple[Any, dict[str, Any]]]) -> None:
        self.arrived: list[Any] = []
        self.base_url = ""
        self._reply = reply

    async def handle(self, asked: Request) -> JSONResponse:
        """Answer a question."""
        noted, message = self._reply(await asked.json())
        self.arrived.append(noted)
        await asyncio.sleep(LATENCY_S)
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({"choices": [choice], "usage": usage})

    def wait_until(self, arrived: int) -> None:
        """Wait until this number of requests has arrived."""
        deadline = time.monotonic() + 60
        while len(self.arrived) < arrived:
            assert time.monotonic() < deadline, f"{len(self.arrived)} of {arrived} have arrived"
            time.sleep(0.001)

    @contextmanager
    def on_loopback(self) -> Iterator["CountingEndpoint"]:
        """Serve within a `with` block."""
        route = Route("/v1/chat/completions", self.handle, methods=["POST"])
        with serving(Starlette(routes=[route])) as self.base_url:
            yield self


class Runs:
    """The program that runs replays in child processes, one after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert self._answer() == "ready"

    def start(self, folder: Path) -> None:
        """Start a run."""
        self._order(str(folder))

    def wait(self) -> str:
        """Return how the run ended."""
        self._order("wait")
        return self._answer()

    def kill(self) -> str:
        """Kill the run, unless it is over; return how it ended."""
        self._order("kill")
        return self._answer()

    def _order(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def runs_of(pack: Path, base_url: str, *kind: str) -> Iterator[Runs]:
    """Start the program."""
    command = [sys.executable, "-m", "tests.replay.forked_runs", str(pack), base_url, *kind]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Runs(process)


def completions_in(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the answers that are complete in the journal."""
    for name in (JOURNAL_FILE, CALLS_FILE):
        path = folder / name
        lines = path.read_bytes().splitlines(keepends=True)[1:] if path.exists() else []
        for line in lines:
            if (record := checked(line)) is not None:
                yield json.loads(record)["completion"]


def kill_runs(
    runs: Runs,
    endpoint: CountingEndpoint,
    root: Path,
    *,
    questions: int,
    kills: int,
    kills_a_run: int,
    part: int,
    moments: random.Random,
    content_of: Callable[[Path], Any],
    acknowledged: Callable[[Path], set[Any]],
) -> tuple[int, list[list[bool]]]:
    """Kill runs within a part of their questions; the run that continues must change nothing.

    Returns:
        The kills that came before the end of a run, and for each folder and kill whether some of
        the answers were known then, not all.
    """
    runs.start(root / "whole")
    assert runs.wait() == "ended 0"
    expected = content_of(root / "whole")
    assert len(endpoint.arrived) == questions
    killed, caught = 0, 0
    partly: list[list[bool]] = []
    while killed < kills:
        folder = root / f"run-{killed}"
        known_at: list[tuple[int, set[Any]]] = []
        known: set[Any] = set()
        for _ in range(min(kills_a_run, kills - killed)):
            until = min(moments.randrange(questions // part), questions - len(known))
            until += len(endpoint.arrived)
            runs.start(folder)
            endpoint.wait_until(until)
            time.sleep(LATER_S * moments.random() ** 2)
            caught += runs.kill() == "killed"
            killed += 1
            known = acknowledged(folder)
            known_at.append((len(endpoint.arrived), known))
        runs.start(folder)
        assert runs.wait() == "ended 0"
        assert content_of(folder) == expected
        assert not (folder / JOURNAL_FILE).exists()
        for position, known in known_at:
            assert not known & set(endpoint.arrived[position:])
        partly.append([0 < len(known) < questions for _, known in known_at])
    return caught, partly
