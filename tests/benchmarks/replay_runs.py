"""What a whole replay costs: CPU and memory a request, through `run_pack`, journal and all.

    python -m tests.benchmarks.replay_runs [--requests 2000 50000] [--profile]

Each size runs in a process of its own against an endpoint in another, which answers after 50 ms.
Printed are CPU of the replaying process a request, its highest memory above what it had after its
imports, and the time from the first request to the last answer over the ideal (latency x requests /
concurrency); beside them what a bare loop over the same client, without journal, contract and
results, takes in the same run.
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.inference.candidate import Candidate
from replay_assets.inference.client import ChatClient
from replay_assets.replay.exchange import Exchange, Exchanges
from replay_assets.replay.pack_reading import read_pack
from replay_assets.replay.runner import run_pack
from tests.replay.packs import answer_text, request

LATENCY_S = 0.05
CONCURRENCY = 64
ANSWER = answer_text(action_plan=["Look at what changed before the first alert"] * 8)
EVIDENCE = "2026-09-21 10:00:00 orders-api ERROR pool exhausted, waited 3000 ms for a connection\n"


class _Endpoint(asyncio.Protocol):
    """One connection of an endpoint that says the same to everything, after a while."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        _, _, rest = head.lower().partition(b"content-length:")
        length = int(rest.split(b"\r\n", 1)[0])
        if len(body) >= length:
            self._buffer = body[length:]
            asyncio.get_running_loop().call_later(LATENCY_S, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_REPLY)  # type: ignore[attr-defined]


def _reply() -> bytes:
    message = {"role": "assistant", "content": ANSWER}
    usage = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps({"choices": [choice], "usage": usage}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


_REPLY = _reply()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Endpoint, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _candidate(port: int) -> Candidate:
    return Candidate.model_validate(
        {
            "id": "benchmark",
            "model": "vendor/model",
            "base_url": f"http://127.0.0.1:{port}/v1",
            "limits": {"concurrency": CONCURRENCY},
        }
    )


def _write_pack(path: Path, requests: int) -> None:
    with path.open("w") as stream:
        for number in range(requests):
            one = request(f"inc-{number}", user_prompt=f"Incident {number}\n" + EVIDENCE * 40)
            stream.write(json.dumps(one) + "\n")


async def _bare(client: ChatClient, exchanges: list[Exchange]) -> None:
    """Ask everything with one task a slot, and keep nothing."""
    waiting = iter(exchanges)

    async def work() -> None:
        for one in waiting:
            await client.complete(one.question.messages, schema=one.question.schema)

    async with client, asyncio.TaskGroup() as tasks:
        for _ in range(client.workers):
            tasks.create_task(work())


def _measure(kind: str, port: int, pack: Path, requests: int) -> dict[str, Any]:
    """Run in this process and return its figures."""
    vocabulary, candidate = load_vocabulary(), _candidate(port)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, cpu = time.perf_counter(), time.process_time()
    if kind == "bare":
        client = ChatClient(candidate, api_key=None)
        how = Exchanges(candidate, vocabulary, client.request_key, client.cleaned)
        lines = read_pack(pack, candidate_id=candidate.id).lines()
        exchanges = list(islice(how.of(lines), requests))
        started, cpu = time.perf_counter(), time.process_time()
        asyncio.run(_bare(client, exchanges))
    else:
        with tempfile.TemporaryDirectory() as folder:
            run = run_pack(
                pack, candidate, api_key=None, vocabulary=vocabulary, folder=Path(folder)
            )
            assert run.report.valid
    return {
        "cpu_ms": (time.process_time() - cpu) / requests * 1000,
        "wall_s": time.perf_counter() - started,
        "above_imports_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb,
    }


def _in_a_process(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", __spec__.name, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _compare(sizes: list[int], port: int, folder: Path) -> None:
    print(f"{'':>8} {'requests':>9} {'CPU ms/request':>15} {'wall s':>8} {'MB above imports':>17}")
    for requests in sizes:
        pack = folder / f"{requests}.jsonl"
        _write_pack(pack, requests)
        for kind in ("bare", "replay") if requests <= min(sizes) else ("replay",):
            one = _in_a_process("--measure", kind, port, pack, requests)
            print(
                f"{kind:>8} {requests:>9} {one['cpu_ms']:>15.3f} {one['wall_s']:>8.2f} "
                f"{one['above_imports_mb']:>17.1f}",
                flush=True,
            )


def main() -> None:
    """Measure, or be one of the processes that do."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, nargs="+", default=[2_000, 50_000])
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--measure", nargs=4)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve())
        return
    if options.measure:
        kind, port, pack, requests = options.measure
        print(json.dumps(_measure(kind, int(port), Path(pack), int(requests))))
        return
    command = [sys.executable, "-m", __spec__.name, "--serve"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            if options.profile:
                _profile(port, Path(folder), min(options.requests))
            else:
                _compare(sorted(options.requests), port, Path(folder))
        finally:
            server.terminate()


def _profile(port: int, folder: Path, requests: int) -> None:
    pack = folder / "pack.jsonl"
    _write_pack(pack, requests)
    with cProfile.Profile() as profile:
        _measure("replay", port, pack, requests)
    pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
