"""Who asks: a whole replay, its client alone, bare aiohttp, and httpx in one `asyncio.gather`.

Each runs in a separate process and reports its CPU and memory; nothing is counted before its
imports are done and its pack is read.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.inference.chat.client import ChatClient
from replay_assets.replay.runner import run_pack
from tests.replay.packs import request

EVIDENCE = "2026-09-21 10:00:00 orders-api ERROR pool exhausted, waited 3000 ms for a connection\n"


def write_pack(path: Path, requests: int) -> None:
    """Write a pack of requests of about 4 KB each."""
    with path.open("w") as stream:
        for number in range(requests):
            one = request(f"inc-{number}", user_prompt=f"Incident {number}\n" + EVIDENCE * 40)
            stream.write(json.dumps(one) + "\n")


def messages_of(pack: Path) -> list[list[dict[str, str]]]:
    """Return the conversations that the bare contenders send: the same texts."""
    lines = (json.loads(line) for line in pack.read_text().splitlines())
    return [
        [
            {"role": "system", "content": one["system_prompt"]},
            {"role": "user", "content": one["user_prompt"]},
        ]
        for one in lines
    ]


def _candidate(base_url: str, slots: int) -> Candidate:
    return Candidate.model_validate(
        {
            "id": "benchmark",
            "model": "vendor/model",
            "base_url": base_url,
            "limits": {"concurrency": slots},
        }
    )


def replay(base_url: str, pack: Path, slots: int) -> Callable[[], None]:
    """The measured thing: journal, contract, accounting, gate and all."""
    vocabulary, one = load_vocabulary(), _candidate(base_url, slots)

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            done = run_pack(pack, one, api_key=None, vocabulary=vocabulary, folder=Path(folder))
            assert done.report.valid

    return run


def client(base_url: str, pack: Path, slots: int) -> Callable[[], None]:
    """The client alone: limits, gate and accounting."""
    one, waiting = _candidate(base_url, slots), iter(messages_of(pack))

    async def work(asking: ChatClient) -> None:
        for messages in waiting:
            await asking.complete(messages)

    async def run() -> None:
        async with ChatClient(one, api_key=None) as asking, asyncio.TaskGroup() as tasks:
            for _ in range(asking.workers):
                tasks.create_task(work(asking))

    return lambda: asyncio.run(run())


def bare_aiohttp(base_url: str, pack: Path, slots: int) -> Callable[[], None]:
    """Workers on one session: nothing is checked or kept."""
    waiting = iter(messages_of(pack))

    async def work(session: aiohttp.ClientSession) -> None:
        for messages in waiting:
            body = {"model": "vendor/model", "messages": messages}
            async with session.post(f"{base_url}/chat/completions", json=body) as response:
                json.loads(await response.read())

    async def run() -> None:
        connector = aiohttp.TCPConnector(limit=slots)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(work(session) for _ in range(slots)))

    return lambda: asyncio.run(run())


def gathered_httpx(base_url: str, pack: Path, slots: int) -> Callable[[], None]:
    """What most people write: a task per request, a semaphore, httpx's own pool."""
    conversations = messages_of(pack)

    async def run() -> None:
        turn = asyncio.Semaphore(slots)
        limits = httpx.Limits(max_connections=slots, max_keepalive_connections=slots)
        async with httpx.AsyncClient(limits=limits, timeout=120) as session:

            async def ask(messages: list[dict[str, str]]) -> None:
                async with turn:
                    body = {"model": "vendor/model", "messages": messages}
                    response = await session.post(f"{base_url}/chat/completions", json=body)
                    response.json()

            await asyncio.gather(*(ask(messages) for messages in conversations))

    return lambda: asyncio.run(run())


CONTENDERS = {one.__name__: one for one in (replay, client, bare_aiohttp, gathered_httpx)}


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, base_url: str, pack: Path, slots: int) -> dict[str, Any]:
    """Run a contender in this process and return its figures."""
    run = CONTENDERS[name](base_url, pack, slots)
    before_mb, cpu, started = _memory_mb(), time.process_time(), time.perf_counter()
    run()
    return {
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - started,
        "above_imports_mb": _memory_mb() - before_mb,
    }


if __name__ == "__main__":
    contender, address, file, concurrency = sys.argv[1:]
    print(json.dumps(measure(contender, address, Path(file), int(concurrency))))
