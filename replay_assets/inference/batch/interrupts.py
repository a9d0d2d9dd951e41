"""SIGINT and SIGTERM while a batch runs: they cancel it, whichever handlers the process has.

A handler that raises does so wherever the process is. Within the event loop, its error can be taken
for that of a connection, and the run would continue; within the journal, answers would be lost.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupts:
    """Handles both signals within a `with` block; `received` is the last one that arrived.

    SIGINT stays ignored where it was, as it is in scripts that run in the background. Python allows
    handlers in the main thread only; in another thread nothing changes.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}
        self._cancel: Callable[[], object] | None = None

    @contextmanager
    def cancelling(self) -> Iterator[None]:
        """Cancel the running task if a signal arrives within a `with` block, or has arrived."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is not None:
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self._cancel is not None and self.received is not None:
            self._cancel()
        try:
            yield
        finally:
            self._cancel = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                # Where SIGINT is ignored, Dagster ignores SIGTERM too: nothing would end the run.
                if number == signal.SIGTERM or before is not signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        error: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            # None if it was not set from Python, which can't set it again.
            signal.signal(number, signal.SIG_DFL if before is None else before)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self.received = number
        if self._cancel is not None:
            self._cancel()
