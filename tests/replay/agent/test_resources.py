"""A run of investigations leaves nothing open, and touches nothing but the model's endpoint."""

import asyncio
import gc
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import RunStores
from replay_assets.replay.agent.shields.built_in import built_in_shields
from tests.inference.scripted_server import serving
from tests.replay.agent.conftest import investigate
from tests.replay.agent.turns import LOOK, loop, play, said, user
from tests.replay.packs import answer_text

TURNS, MOST_GROWTH_MB = 1000, 20
TOUCHES = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "open")
"""Events of Python's audit hooks: sockets, processes and files."""
seen: list[str] | None = None


def hear(event: str, _: object) -> None:
    """Note what touches anything, while a test listens; a hook can't be removed."""
    if seen is not None and event.startswith(TOUCHES):
        seen.append(event)


def test_the_loop_its_tools_and_shields_open_no_socket_file_or_process():
    """Only the one client of the model may."""
    global seen
    warm = [said(None, LOOK), said("DNS")]
    shields: Any = built_in_shields()
    play(loop(shields=shields).run([], [user("Why?")]), warm)  # reads the shipped rules
    sys.addaudithook(hear)
    seen = []
    try:
        play(loop(shields=shields).run([], [user("Why?")]), warm)
        found = list(seen)
        Path(__file__).open("rb").close()
        heard = list(seen)
    finally:
        seen = None
    assert found == []
    assert heard  # the hook works


async def answer(request: Request) -> JSONResponse:
    """Call a tool once, then answer."""
    body = json.loads(await request.body())
    message: dict[str, Any] = {"role": "assistant", "content": answer_text()}
    if body["messages"][-1]["role"] == "user":
        function = {"name": "get_events", "arguments": "{}"}
        call = {"id": "call_1", "type": "function", "function": function}
        message |= {"content": None, "tool_calls": [call]}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return JSONResponse({"choices": [choice], "usage": usage})


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serving(
        Starlette(routes=[Route("/v1/chat/completions", answer, methods=["POST"])])
    ) as url:
        yield url


def megabytes() -> float:
    """The memory of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts open files in /proc")
def test_a_thousand_turns_leave_nothing_open_and_memory_stays_flat(
    base_url: str, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """64 at a time, twice: the second thousand needs no more than the first."""
    ids = [f"inc-{number}" for number in range(TURNS)]

    def run(name: str) -> float:
        stores = RunStores.local(tmp_path, shared=tmp_path)
        found = investigate(base_url, vocabulary, tmp_path / name, *ids, stores=stores)
        assert found.report.outcomes["answered"] == TURNS
        return megabytes()

    def open_now() -> tuple[int, int]:
        # The server closes its side of a connection a moment later.
        asyncio.run(asyncio.sleep(0.3))
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    first = run("first")
    before = open_now()
    grown = run("second") - first
    print(f"1,000 turns more: {grown:.1f} MB")
    assert open_now() <= before
    assert grown < MOST_GROWTH_MB
