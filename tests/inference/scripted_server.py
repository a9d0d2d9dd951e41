"""A real HTTP server on a free loopback port that answers according to a test's script."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from replay_assets.candidates.candidate import Candidate
from replay_assets.inference.call.completion import Completion
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.stand_in.faults import FaultPlan
from replay_assets.inference.stand_in.server import server_config
from replay_assets.inference.throttling import InProcessLimits

MESSAGES = [{"role": "system", "content": "you answer"}, {"role": "user", "content": "磁碟已滿？"}]

Body = dict[str, Any]
Reply = Callable[[Body], Awaitable[Response]]


@dataclass
class Script:
    """The server's next replies (the last one repeats for ever), and the requests received."""

    replies: list[Reply] = field(default_factory=list)
    results: list[Reply] = field(default_factory=list)
    """What a GET returns, in the same way."""
    polled: list[str] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    arrived_at: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    base_url: str = ""

    def answers(self, *replies: Reply | str) -> None:
        """Set the replies; a text is the content of a completion."""
        self.replies = [completion(one) if isinstance(one, str) else one for one in replies]

    async def handle(self, request: Request) -> Response:
        """Record a request and return the next reply."""
        if request.method == "GET":
            self.polled.append(request.url.path)
            self.headers.append(request.headers)
            return await self.results[min(len(self.polled), len(self.results)) - 1]({})
        self.arrived_at.append(time.perf_counter())
        body = json.loads(await request.body())
        self.bodies.append(body)
        self.headers.append(request.headers)
        self.paths.append(request.url.path)
        reply = self.replies[min(len(self.bodies), len(self.replies)) - 1]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await reply(body)
        finally:
            self.at_once -= 1


def completion(
    content: Any,
    *,
    usage: Any = (100, 20),
    finish_reason: str = "stop",
    refusal: str | None = None,
    delay_s: float = 0.0,
) -> Reply:
    """Return the reply of a model that answers with a content."""
    tokens = usage
    if isinstance(usage, tuple):
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        tokens = dict(zip(names, (*usage, sum(usage)), strict=True))
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return payload({"choices": [choice], "usage": tokens}, delay_s=delay_s)


def payload(value: Any, *, delay_s: float = 0.0) -> Reply:
    """Return a reply of status 200 with any JSON body."""

    async def reply(_: Body) -> Response:
        await asyncio.sleep(delay_s)
        return Response(json.dumps(value), media_type="application/json")

    return reply


def status(code: int, text: str = "on purpose", **headers: str) -> Reply:
    """Return a reply of a status; underscores in header names are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def reply(_: Body) -> Response:
        return Response(text, code, headers=named)

    return reply


async def hang(_: Body) -> Response:
    """Never answer."""
    await asyncio.sleep(60)
    return JSONResponse({})


async def drip(_: Body) -> Response:
    """Send a byte now and then: no pause is long, and the answer never ends."""

    async def stream() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    return StreamingResponse(stream())


async def break_off(_: Body) -> Response:
    """Announce more bytes than are sent, then close the connection."""

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"choices"'
        raise ConnectionResetError

    return StreamingResponse(stream(), headers={"Content-Length": "1000"})


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application in a thread; yield its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level=60, ws="none", lifespan="off", http="h11"
    )
    with running(config) as address:
        yield address


@contextmanager
def serving_stand_in(plan: FaultPlan) -> Iterator[str]:
    """Serve the stand-in as the command line does; yield its address."""
    with running(server_config(plan, host="127.0.0.1", port=0)) as address:
        yield address


@contextmanager
def running(config: uvicorn.Config) -> Iterator[str]:
    """Run a server in a thread; yield its address."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)


@dataclass
class ScriptedServer:
    """A server that many tests share, one after the other; each test plays its own script."""

    base_url: str = ""
    script: Script = field(default_factory=Script)

    def new_script(self) -> Script:
        """Replace the current script with an empty one."""
        self.script = Script(base_url=self.base_url)
        return self.script

    async def handle(self, request: Request) -> Response:
        """Answer with the current script."""
        return await self.script.handle(request)


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """Serve scripts, one per test."""
    server = ScriptedServer()
    routes = [
        Route("/v1/chat/completions", server.handle, methods=["POST"]),
        Route("/v1/{path:path}", server.handle, methods=["GET"]),
    ]
    with serving(Starlette(routes=routes)) as address:
        server.base_url = address
        yield server


def candidate(base_url: str, **changes: Any) -> Candidate:
    """Return a candidate at an address, with limits that no test reaches."""
    return Candidate.model_validate(
        {
            "id": "model-under-test",
            "model": "vendor/model",
            "base_url": base_url,
            "limits": {"concurrency": 4, "timeout_s": 5},
            **changes,
        }
    )


def ask(server: Script, *, api_key: str | None = None, **changes: Any) -> Completion:
    """Send one conversation and return the answer."""

    (answer,) = ask_all(server, 1, api_key=api_key, **changes)
    return answer


def ask_all(
    server: Script, times: int, *, api_key: str | None = None, **changes: Any
) -> list[Completion]:
    """Send a conversation many times in parallel and return the answers, with separate limits."""

    async def run() -> list[Completion]:
        one = candidate(server.base_url, **changes)
        async with ChatClient(one, api_key=api_key, limits=InProcessLimits()) as client:
            return await asyncio.gather(*(client.complete(MESSAGES) for _ in range(times)))

    return asyncio.run(run())
