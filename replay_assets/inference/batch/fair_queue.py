"""A fair share of the event loop: one long step per pass, and sockets are served in between.

Answers come in bunches. If each is followed at once by preparing the next request, the last answer
of a bunch of 64 waits for 63 preparations; its slot at the endpoint is unused meanwhile, and the
bunch never dissolves. Measured at 50 ms and 64 in flight: 0.78 of an endpoint's speed without this
queue, 0.95 with it.
"""

import asyncio
from collections import deque


class FairQueue:
    """Lets waiting tasks continue one per pass of the event loop, in the order of their arrival."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_running = False

    async def take_turn(self) -> None:
        """Wait at least until the next pass of the event loop."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if not self._is_running:
            self._is_running = True
            loop.call_soon(self._next, loop)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let one task continue in the next pass."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # a turn that is done belongs to a cancelled task
                turn.set_result(None)
                break
        self._is_running = bool(self._waiting)
        if self._is_running:
            loop.call_soon(self._next, loop)
