"""Decides whether rejected requests are the fault of these requests, or of the whole run.

A 403 may come from a firewall that blocks one incident, or say that the key may not use the
model. It is about the request if the endpoint answers others, and about the run if it does not.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from replay_assets.inference.call import (
    ModelRefusedError,
    RequestRejectedError,
)

MOST_IN_A_ROW = 20
"""After this many rejections in a row, and more than answers, nothing is sent until the requests in
flight return. Rejections cost nothing, but thousands of useless requests need not be sent."""


class RejectionWatch:
    """Counts the rejections of a run that may be about all of its requests."""

    def __init__(self) -> None:
        self._in_flight = self._served = self._kept = self._in_a_row = 0
        self._first: RequestRejectedError | None = None
        self._returned = asyncio.Event()

    def count_kept(self) -> None:
        """Count an answer of an earlier run: the endpoint answered this candidate before."""
        self._kept += 1

    async def admit(self) -> None:
        """Wait while the requests in flight must show whether the endpoint still answers.

        Raises:
            RunRejectedError: they were rejected, too.
        """
        while self._in_a_row >= MOST_IN_A_ROW and self._in_a_row > self._served + self._kept:
            if not self._in_flight:
                self._raise_first()
            self._returned.clear()
            await self._returned.wait()

    @contextmanager
    def request(self, *, was_rejected: Callable[[], bool]) -> Iterator[None]:
        """Watch one request; `was_rejected`: whether the last finished run got the same result."""
        self._in_flight += 1
        try:
            yield
            self._count_served()
        except RequestRejectedError as error:
            if error.of_run is None:
                self._count_served()
            elif not was_rejected():
                self._in_a_row += 1
                self._first = self._first or error
            raise
        except ModelRefusedError:
            self._count_served()
            raise
        finally:
            self._in_flight -= 1
            self._returned.set()

    def require_answers(self) -> None:
        """Check, at the end of a run, that its rejections are not about the run.

        A run that goes on from an earlier one may ask only what was rejected; the answers that it
        has kept show then that the endpoint answers.

        Raises:
            RunRejectedError: nothing but rejections was returned.
        """
        if self._served or self._first is None or self._in_a_row <= self._kept:
            return
        if self._in_a_row > 1 or self._first.decides_alone:
            self._raise_first()

    def _count_served(self) -> None:
        """Count a response that shows that the endpoint takes the key and knows the model."""
        self._served += 1
        self._in_a_row = 0

    def _raise_first(self) -> None:
        if self._first is not None and self._first.of_run is not None:
            raise self._first.of_run from self._first
