"""An event loop whose clock jumps to the next timer, so that a test of waits takes no time."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Give its `time` as the clock of what is tested: nothing here waits for the real one."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the seconds that have passed for this loop."""
        return self.now


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Pass the time that the loop would wait for; wait for nothing but other threads."""
        if timeout is None:
            return super().select(None)
        self._loop.now += timeout
        return super().select(0)


def run_in_virtual_time(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine as `asyncio.run` does, without waiting for its timers."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(main)


def virtual_clock() -> float:
    """Return the time of the loop that runs."""
    return asyncio.get_running_loop().time()
