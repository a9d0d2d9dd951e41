"""An endpoint that costs next to nothing, in a separate process, and the ideal time of a run.

*Ideal* is the endpoint's own service times, in the order in which requests came, packed on slots
that are never idle. *Span* is from the first request in to the last answer out, by the endpoint's
clock. Service times are constant or lognormal (sigma 0.5) about a mean, from a seed.
"""

import argparse
import asyncio
import heapq
import json
import math
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.replay.packs import answer_text

SIGMA = 0.5
ANSWER = answer_text(action_plan=["Look at what changed before the first alert"] * 8)
STATS = b"GET /stats"


@dataclass(frozen=True)
class Stats:
    """What an endpoint saw since it was last asked."""

    requests: int
    span_s: float
    most_at_once: int


def service_times(count: int, mean_s: float, kind: str) -> list[float]:
    """Return the times that the first `count` requests take."""
    if kind == "constant":
        return [mean_s] * count
    drawn = random.Random(7)
    return [drawn.lognormvariate(math.log(mean_s) - SIGMA**2 / 2, SIGMA) for _ in range(count)]


def ideal_s(count: int, mean_s: float, kind: str, slots: int) -> float:
    """Return the time that those take on slots that are never idle."""
    free = [0.0] * slots
    for service_s in service_times(count, mean_s, kind):
        heapq.heapreplace(free, free[0] + service_s)
    return max(free)


def _reply(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _completion() -> bytes:
    message = {"role": "assistant", "content": ANSWER}
    usage = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return _reply(json.dumps({"choices": [choice], "usage": usage}).encode())


class _Seen:
    """What all connections of the endpoint have seen."""

    def __init__(self, mean_s: float, kind: str) -> None:
        self._how = (mean_s, kind)
        self.completion = _completion()
        self.reset()

    def reset(self) -> None:
        self.times = iter(service_times(100_000, *self._how))
        self.requests = self.at_once = self.most_at_once = 0
        self.first = self.last = 0.0

    def stats(self) -> bytes:
        told = {
            "requests": self.requests,
            "span_s": self.last - self.first,
            "most_at_once": self.most_at_once,
        }
        self.reset()
        return _reply(json.dumps(told).encode())


class _Connection(asyncio.Protocol):
    """Reads requests by their length alone."""

    def __init__(self, seen: _Seen) -> None:
        self._seen = seen
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        if self._buffer.startswith(STATS):
            self._transport.write(self._seen.stats())
            self._buffer = b""
            return
        head = self._buffer[:end].lower()
        length = int(head[head.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) >= end + 4 + length:
            self._buffer = self._buffer[end + 4 + length :]
            self._ask()

    def _ask(self) -> None:
        seen = self._seen
        seen.first = seen.first or time.perf_counter()
        seen.requests += 1
        seen.at_once += 1
        seen.most_at_once = max(seen.most_at_once, seen.at_once)
        asyncio.get_running_loop().call_later(next(seen.times), self._answer)

    def _answer(self) -> None:
        self._seen.at_once -= 1
        if not self._transport.is_closing():
            self._transport.write(self._seen.completion)
        self._seen.last = time.perf_counter()


async def _serve(mean_s: float, kind: str) -> None:
    seen = _Seen(mean_s, kind)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(seen), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def endpoint(mean_s: float, kind: str) -> Iterator[str]:
    """Run an endpoint; give its base URL."""
    command = [sys.executable, "-m", __spec__.name, str(mean_s), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


def take_stats(base_url: str) -> Stats:
    """Return what an endpoint saw, and let it begin again."""
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/stats") as answer:
        return Stats(**json.loads(answer.read()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mean_s", type=float)
    parser.add_argument("kind", choices=["constant", "lognormal"])
    options = parser.parse_args()
    asyncio.run(_serve(options.mean_s, options.kind))
