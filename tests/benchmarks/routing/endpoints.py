"""Endpoints that cost next to nothing, one of which is ill for some seconds of a replay."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, get_args

from tests.replay.packs import answer_text

Illness = Literal["down", "hanging", "slow", "throttling", "500"]
ILLNESSES: tuple[Illness, ...] = get_args(Illness)
SLOW_S = 6.0
"""Longer than any timeout of these runs."""


@dataclass
class Endpoint:
    """An endpoint, and when it received and answered which incident, since its first request.

    Args:
        latency_s: how long an answer takes.
        illness: what is wrong with it, if anything.
        ill_from_s: when that begins, in seconds after `clock` started.
        ill_until_s: when it ends.
    """

    latency_s: float
    illness: Illness | None = None
    ill_from_s: float = 0.0
    ill_until_s: float = 0.0
    started: float | None = None
    arrived: list[float] = field(default_factory=list)
    answered: list[tuple[float, str]] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _connections: "set[_Connection]" = field(default_factory=set)

    @property
    def base_url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def now_s(self) -> float:
        """The seconds since the first request of the replay."""
        return 0.0 if self.started is None else time.perf_counter() - self.started

    @property
    def is_ill(self) -> bool:
        """Whether something is wrong now."""
        return self.illness is not None and self.ill_from_s <= self.now_s < self.ill_until_s

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, backlog=512, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def start_clock(self) -> None:
        """Begin to count the seconds; an endpoint that will be down closes at its time."""
        if self.started is not None:
            return
        self.started = time.perf_counter()
        if self.illness == "down":
            asyncio.get_running_loop().create_task(self._go_down())

    async def _go_down(self) -> None:
        await asyncio.sleep(self.ill_from_s - self.now_s)
        await self.close()
        await asyncio.sleep(self.ill_until_s - self.now_s)
        await self.listen()

    async def close(self) -> None:
        """Accept no connections, and break those that are open."""
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # let them be closed


class _Connection(asyncio.Protocol):
    """Reads requests by their length alone."""

    transport: asyncio.Transport

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._endpoint._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._endpoint._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = int(head[head.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        body = json.loads(self._buffer[end + 4 : end + 4 + length])
        self._buffer = self._buffer[end + 4 + length :]
        self._handle(body["messages"][1]["content"].split()[2])

    def _handle(self, incident: str) -> None:
        endpoint, loop = self._endpoint, asyncio.get_running_loop()
        endpoint.start_clock()
        endpoint.arrived.append(endpoint.now_s)
        if not endpoint.is_ill or endpoint.illness == "down":
            loop.call_later(endpoint.latency_s, self._answer, incident)
        elif endpoint.illness == "slow":
            loop.call_later(SLOW_S, self._answer, incident)
        elif endpoint.illness == "throttling":
            self._reply(b"{}", "429 Too Many Requests\r\nRetry-After: 1")
        elif endpoint.illness == "500":
            self._reply(b"on purpose", "500 Internal Server Error")

    def _answer(self, incident: str) -> None:
        if self.transport.is_closing():
            return  # the client gave it up
        text = answer_text(proposed_action=f"Look after {incident}")
        choice = {"index": 0, "finish_reason": "stop"}
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
        content = {"choices": [{**choice, "message": message}], "usage": usage}
        self._reply(json.dumps(content).encode(), "200 OK")
        self._endpoint.answered.append((self._endpoint.now_s, incident))

    def _reply(self, body: bytes, status: str) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


@contextmanager
def serving(endpoints: Sequence[Endpoint]) -> Iterator[None]:
    """Serve endpoints in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    for one in endpoints:
        asyncio.run_coroutine_threadsafe(one.listen(), loop).result()
    try:
        yield
    finally:
        for one in endpoints:
            asyncio.run_coroutine_threadsafe(one.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
