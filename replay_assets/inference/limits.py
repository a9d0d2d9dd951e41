"""Requests and tokens a minute: a sliding log that waits until the next call fits.

The window is 1 % longer than the server's: the two clocks differ by the network's delay, and what
the client counts as a minute is a little less at the server.
"""

import asyncio
import time
from collections import deque
from weakref import WeakKeyDictionary

WINDOW_S = 60.0 * 1.01
CHARACTERS_PER_TOKEN = 2
"""A careful guess for mixed English and Chinese; it is corrected by the usage reported."""


def estimate_tokens(text: str, max_tokens: int) -> int:
    """Return an upper estimate of what a call will use: its prompt and a full answer."""
    return len(text) // CHARACTERS_PER_TOKEN + max_tokens


class SlidingLimit:
    """Admits calls so that no window holds more requests or tokens than allowed."""

    def __init__(self, *, rpm: int | None, tpm: int | None, window_s: float = WINDOW_S) -> None:
        self._rpm = rpm
        self._tpm = tpm
        self._window_s = window_s
        self._calls: deque[list[float]] = deque()
        # One lock a loop: the limit outlives the event loop of a run, a lock does not.
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )

    def tighten(self, *, rpm: int | None, tpm: int | None) -> None:
        """Hold to the smaller of the present and another configured limit."""
        self._rpm = _smaller(self._rpm, rpm)
        self._tpm = _smaller(self._tpm, tpm)

    async def admit(self, tokens: int) -> list[float]:
        """Wait for room, then return the call's entry, to be corrected when its usage is known.

        Calls are let in in the order in which they came.
        """
        async with self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            while (delay := self._delay(tokens)) > 0:
                await asyncio.sleep(delay)
            entry = [time.monotonic(), float(tokens)]
            self._calls.append(entry)
            return entry

    @staticmethod
    def correct(entry: list[float], tokens: int) -> None:
        """Replace a call's estimate by what the endpoint reported."""
        entry[1] = float(tokens)

    def _delay(self, tokens: int) -> float:
        """Return the seconds until the oldest call that stands in the way leaves the window."""
        now = time.monotonic()
        while self._calls and self._calls[0][0] <= now - self._window_s:
            self._calls.popleft()
        over_requests = self._rpm is not None and len(self._calls) >= self._rpm
        used = sum(entry[1] for entry in self._calls)
        # A call larger than the whole allowance goes alone, rather than never.
        over_tokens = self._tpm is not None and bool(self._calls) and used + tokens > self._tpm
        if not (over_requests or over_tokens):
            return 0.0
        return max(self._calls[0][0] + self._window_s - now, 0.001)


_SHARED: dict[str, SlidingLimit] = {}


def shared_limit(key: str, *, rpm: int | None, tpm: int | None) -> SlidingLimit:
    """Return the one limit of an endpoint's key in this process, however many runs ask through it.

    Where candidates configure it differently, the smallest holds.
    """
    limit = _SHARED.setdefault(key, SlidingLimit(rpm=rpm, tpm=tpm))
    limit.tighten(rpm=rpm, tpm=tpm)
    return limit


def _smaller(one: int | None, other: int | None) -> int | None:
    known = [limit for limit in (one, other) if limit is not None]
    return min(known) if known else None
