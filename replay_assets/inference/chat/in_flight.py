"""Tracks a client's requests in flight, and whether more may be sent.

A run that ends early sends nothing more but waits a moment for its requests in flight, which are
billed anyway. So it must know which of its tasks have a request in flight, and which wait to send.
"""

import asyncio

from replay_assets.inference.call import Attempt, InfrastructureError

Attempts = tuple[Attempt, ...]


class InFlight:
    """The requests in flight, by the task that sent each. A task has one at a time."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._senders: set[asyncio.Task[object] | None] = set()

    def stop(self) -> None:
        """Forbid further retries; the caller cancels the tasks that wait to send."""
        self.is_stopped = True

    def is_sending(self, task: asyncio.Task[object]) -> bool:
        """Return whether a task has a request in flight, or a response that is not handled yet."""
        return task in self._senders

    def begin(self) -> None:
        """Record that the current task sends a request."""
        self._senders.add(asyncio.current_task())

    def end(self) -> None:
        """Record that the current task's request is finished and handled."""
        self._senders.discard(asyncio.current_task())

    def end_for_retry(self, attempts: Attempts) -> None:
        """Record that the current task's request failed and will be sent again.

        Raises:
            InfrastructureError: nothing more is sent.
        """
        if self.is_stopped:
            text = "not retried, because the run ends early"
            raise InfrastructureError(text, attempts=attempts)
        self.end()
