"""Responses that no correct server gives: resets, slow drips, incomplete bodies, zip bombs.

A reset and an incomplete body need access to the connection: `server` registers the open ones.
"""

import asyncio
import gzip
import math
import socket
import struct
from collections.abc import Awaitable, Callable
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from replay_assets.inference.baselines import error_response
from replay_assets.inference.stand_in.faults import Fault

BOMB_BYTES = 64 * 1024 * 1024
DRIP_S = 0.05
NO_LINGER = struct.pack("ii", 1, 0)
"""Close with a reset instead of an orderly end."""

OPEN: dict[tuple[str, int], asyncio.Transport] = {}
"""The open connections of the stand-in's server, by the caller's address."""


def broken_response(fault: Fault, request: Request, *, pause_s: float) -> Response | None:
    """Return a fault's response instead of a completion; None if it only changes the completion."""
    if fault == "429":
        headers = {"Retry-After": f"{pause_s:g}"}
        return error_response(429, "rate limited, on purpose", headers=headers)
    if fault == "429_silent":
        return error_response(429, "rate limited, on purpose")
    if fault in ("500", "503"):
        return error_response(int(fault), "broken, on purpose")
    if fault == "not_json":
        return PlainTextResponse('{"choices": [{"message": {"content": "on purp')
    if fault == "html_error":
        return HTMLResponse("<html><h1>502 Bad Gateway, on purpose</h1></html>", 502)
    if fault == "gzip_bomb":
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return Response(_bomb(), headers=headers)
    if fault == "echo_headers":
        return JSONResponse({"error": dict(request.headers)}, 400)
    play = {"reset": _reset, "truncated": _break_off, "hang": _hang, "drip": _drip}.get(fault)
    return None if play is None else _Played(play)


def too_many(pause_s: float, *, send_retry_after: bool) -> Response:
    """Return the 429 response of a rate limit."""
    headers = {"Retry-After": str(math.ceil(pause_s))} if send_retry_after else None
    return error_response(429, "more requests than the limit allows", headers=headers)


Play = Callable[[Scope, Send], Awaitable[None]]


class _Played(Response):
    """A response that plays a fault on the connection, then waits until the caller disconnects."""

    def __init__(self, play: Play) -> None:
        super().__init__()
        self._play = play

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        playing = asyncio.ensure_future(self._play(scope, send))
        while (await receive())["type"] != "http.disconnect":
            pass
        playing.cancel()


async def _reset(scope: Scope, _: Send) -> None:
    transport = OPEN[tuple(scope["client"])]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


async def _break_off(scope: Scope, send: Send) -> None:
    # More bytes are announced than sent, so that the caller can see that the body is incomplete.
    await _begin(send, {"content-length": "1000"})
    await send({"type": "http.response.body", "body": b'{"choices"', "more_body": True})
    OPEN[tuple(scope["client"])].close()


async def _hang(_: Scope, __: Send) -> None:
    return  # `_Played` waits until the caller gives up


async def _drip(_: Scope, send: Send) -> None:
    await _begin(send, {})
    while True:
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(DRIP_S)


async def _begin(send: Send, headers: dict[str, str]) -> None:
    named = {"content-type": "application/json", **headers}
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """Return 64 MB of blanks compressed to a few hundred kB."""
    return gzip.compress(b" " * BOMB_BYTES, compresslevel=1)
