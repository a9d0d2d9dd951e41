"""Runs that are killed at random moments, continued, and compared with a run that was not."""

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

    @contextmanager
    def on_loopback(self) -> Iterator["CountingEndpoint"]:
        """Serve within a `with` block."""
        route = Route("/v1/chat/completions", self.handle, methods=["POST"])
        with serving(Starlette(routes=[route])) as self.base_url:
            yield self


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
    """Kill runs within the first part of their time; the run that continues must change nothing.

    Returns:
        The kills that came before the end of a run, and for each folder and kill whether some of
        the answers were known then, not all.
    """
    started = time.monotonic()
    runs.start(root / "whole")
    assert runs.wait() == "ended 0"
    span_s = time.monotonic() - started
    expected = content_of(root / "whole")
    assert len(endpoint.arrived) == questions
    killed, caught = 0, 0
    partly: list[list[bool]] = []
    while killed < kills:
        folder = root / f"run-{killed}"
        known_at: list[tuple[int, set[Any]]] = []
        for _ in range(min(kills_a_run, kills - killed)):
            runs.start(folder, moments.uniform(0, span_s / part))
            caught += runs.wait() == "killed"
            killed += 1
            known_at.append((len(endpoint.arrived), acknowledged(folder)))
        runs.start(folder)
        assert runs.wait() == "ended 0"
        assert content_of(folder) == expected
        assert not (folder / JOURNAL_FILE).exists()
        for position, known in known_at:
            assert not known & set(endpoint.arrived[position:])
        partly.append([0 < len(known) < questions for _, known in known_at])
    return caught, partly
