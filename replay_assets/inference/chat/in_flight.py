"""What a client has at its endpoint now, and whether it may send more.

A run that ends early sends nothing more, and waits a moment for what it has sent: those answers are
paid for. So it must know which of its tasks have a request out, and which only wait to send one.
"""

import asyncio

from replay_assets.inference.call.completion import Attempt
from replay_assets.inference.call.failures import InfrastructureError

Attempts = tuple[Attempt, ...]


class InFlight:
    """The requests that are out, by the task that sent each. A task has one at a time."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._senders: set[asyncio.Task[object] | None] = set()

    def stop(self) -> None:
        """Let no request be tried again; who waits to send one is the caller's to cancel."""
        self.is_stopped = True

    def is_out(self, task: asyncio.Task[object]) -> bool:
        """Tell whether a task has a request out, or the answer to one not taken up yet."""
        return task in self._senders

    def leaves(self) -> None:
        """Note that the present task sends a request."""
        self._senders.add(asyncio.current_task())

    def is_back(self) -> None:
        """Note that the present task's request is over and taken up."""
        self._senders.discard(asyncio.current_task())

    def is_tried_again(self, attempts: Attempts) -> None:
        """Note that the present task's request is over, and waits to be sent again.

        Raises:
            InfrastructureError: no more is sent.
        """
        if self.is_stopped:
            text = "not tried again, because the run ends early"
            raise InfrastructureError(text, attempts=attempts)
        self.is_back()
