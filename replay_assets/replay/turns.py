"""Turns at the event loop: one long step a pass, and sockets are looked at in between.

Answers come in bunches. Where each is followed at once by making the next request ready, the last
of a bunch of 64 waits for 63 of those, its slot at the endpoint stands idle meanwhile, and the
bunch never dissolves: 0.78 of an endpoint's speed at 50 ms and 64 in flight, with turns 0.95. Steps
that take turns let what is ready to be sent go first.
"""

import asyncio
from collections import deque


class Turns:
    """Lets those who wait go on one by one, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._under_way = False

    async def take(self) -> None:
        """Wait for a turn: at least for the pass of the event loop that is under way."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if not self._under_way:
            self._under_way = True
            loop.call_soon(self._next, loop)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let one go on in the next pass."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else its task was cancelled
                turn.set_result(None)
                break
        self._under_way = bool(self._waiting)
        if self._under_way:
            loop.call_soon(self._next, loop)
