"""The limits of one process, in its memory; there is no store yet that processes share.

A limit is used by one event loop at a time.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable

from replay_assets.candidates import Limits
from replay_assets.inference.throttling.limits import Settled, Ticket
from replay_assets.inference.throttling.rate_learning import LearnedWindow, RateLimitedSpan
from replay_assets.inference.throttling.sliding_log import SlidingLog

FIRST_PAUSE_S, PAUSE_GROWTH, LONGEST_PAUSE_S = 0.5, 1.5, 30.0
"""Pauses after a 429 without Retry-After: ten in a row take a minute, the usual window."""
CUT = 0.7
"""Factor of the slots after the first 429; each answer then gives back a part of a slot."""
WINDOW_S = 60.0
PROBE_GRACE_S = 0.1
"""A probe that is not rate limited within this time, and within three times the slowest 429 so far,
counts as accepted: 429s come sooner than answers."""
ARRIVAL_S, ARRIVAL_SHARE = 0.3, 0.025
"""How much later than its admission a call may arrive at the endpoint, because of a new connection
or a busy machine: at most these seconds, and this share of the window."""


class InProcessLimit:
    """Admits calls in order, within slots and windows, never while the endpoint asks for a pause.

    After a 429 one call (the probe) is sent alone; the others follow when it is clear that the
    endpoint accepted it.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._users: list[Limits] = []
        self._log = SlidingLog(WINDOW_S, None, None)
        self._learned: LearnedWindow | None = None
        self._most_slots = 1
        self._slots = 1.0
        self._in_flight = 0
        self._waiting: deque[tuple[asyncio.Future[Ticket], int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closed_until = 0.0
        self._opened_at = 0.0
        self._limited: RateLimitedSpan | None = None
        self._probe: Ticket | None = None
        self._slowest_429_s = 0.0
        self._jitter = random.Random(0)  # noqa: S311 - spreads retries, guards nothing

    def join(self, limits: Limits) -> None:
        """Add a candidate's limits until it leaves; the smallest limits of all candidates apply.

        If no other candidate is active, the count of 429s in a row begins at 0: 429s of a
        run that is over, perhaps for hours, must not use up this one's patience. What was learned
        of the endpoint's window remains.
        """
        if not self._users:
            self._limited = self._probe = None
        self._users.append(limits)
        self._resize()

    def leave(self, limits: Limits) -> None:
        """Remove a candidate's limits; what was sent and learned is remembered."""
        self._users.remove(limits)
        self._resize()

    def _resize(self) -> None:
        if not self._users:
            return
        present, self._most_slots = self._most_slots, min(one.concurrency for one in self._users)
        if self._slots >= present:  # nothing was cut
            self._slots = float(self._most_slots)
        self._slots = min(self._slots, self._most_slots)
        window_s = max(one.window_s for one in self._users)
        requests = [one.rpm for one in self._users if one.rpm is not None]
        tokens = [one.tpm for one in self._users if one.tpm is not None]
        self._log.resize(
            window_s,
            max(int(_in_window(min(requests), window_s)), 1) if requests else None,
            _in_window(min(tokens), window_s) if tokens else None,
        )

    @property
    def slots(self) -> int:
        """How many calls may be in flight now."""
        return max(int(self._slots), 1)

    @property
    def limited_for_s(self) -> float:
        """For how long every call has been rate limited; 0 if the last call was not."""
        return 0.0 if self._limited is None else self._clock() - self._limited.first_at

    @property
    def pause_left_s(self) -> float:
        """The rest of the pause before the next call; 0 if there is none."""
        return max(self._closed_until - self._clock(), 0.0)

    async def acquire(self, tokens: int) -> Ticket:
        """Wait for a slot and for room in the windows; return a ticket for `settle`."""
        # Not before those that wait: a small call must not overtake a large one.
        if not self._waiting and self._delay(tokens) == 0:
            return self._admit(tokens)
        turn: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, tokens))
        self._pump()
        try:
            return await turn
        except asyncio.CancelledError:
            # It was admitted in the same moment: without this, its slot would never be freed.
            if turn.done() and not turn.cancelled():
                self.settle(turn.result(), Settled())
            raise

    def settle(self, ticket: Ticket, end: Settled) -> None:
        """Free a call's slot and learn from how it ended."""
        now = self._clock()
        self._in_flight -= 1
        # The call arrived at an unknown moment after its admission; a later time is safer.
        ticket.sent_at = min(
            now, ticket.sent_at + min(ARRIVAL_S, ARRIVAL_SHARE * self._log.window_s)
        )
        if end.tokens is not None:
            self._correct(ticket, end.tokens)
        if end.pause_s is not None:
            self._closed_until = max(self._closed_until, now + end.pause_s)
        if end.rate_limited:
            self._note_rate_limit(ticket, now, says_when=end.pause_s is not None)
        elif end.served:
            self._slots = min(self._slots + 1 / self._slots, self._most_slots)
        if ticket is self._probe and not end.rate_limited:
            self._reopen(ticket)
        self._pump()

    def require(self, ticket: Ticket) -> None:
        """Allow every call: an admitted one may be sent."""

    async def pause(self, seconds: float) -> None:
        """Wait before a call is sent again."""
        await asyncio.sleep(seconds)

    def _note_rate_limit(self, ticket: Ticket, now: float, *, says_when: bool) -> None:
        ticket.rate_limited = True
        self._slowest_429_s = max(self._slowest_429_s, now - ticket.sent_at)
        self._correct(ticket, 0)
        self._log.forget(ticket)
        if self._learned is not None:
            self._learned.log.forget(ticket)
        if self._limited is None:
            self._limited = RateLimitedSpan(first_at=ticket.sent_at)
            self._slots = max(self._slots * CUT, 1.0)
        elif ticket is not self._probe:
            self._limited.add(ticket)
            return  # sent before the pause began, so it must not make the pause longer
        self._limited.add(ticket)
        self._probe = None
        if not says_when:
            pause = FIRST_PAUSE_S * PAUSE_GROWTH**self._limited.probes
            pause = min(pause, LONGEST_PAUSE_S) * self._jitter.uniform(0.8, 1.0)
            self._closed_until = max(self._closed_until, now + pause)
        self._limited.probes += 1

    def _reopen(self, probe: Ticket) -> None:
        limited, self._limited, self._probe = self._limited, None, None
        if limited is None:
            return
        # Only calls since the last pause: those before it belong to an earlier window.
        burst = [call for call in self._log.recent() if call.sent_at >= self._opened_at]
        self._opened_at = probe.sent_at
        if self._learned is not None and self._learned.took_back(limited):
            return
        learned = LearnedWindow.of(
            limited, burst, reopened_at=probe.sent_at, window_s=self._log.window_s
        )
        if learned is not None:
            self._learned = learned
        elif self._learned is not None:
            self._learned.widen(limited)

    def _delay(self, tokens: int) -> float:
        """Return the seconds until a call may be sent; infinite if another call must end first."""
        now = self._clock()
        if self._in_flight >= self.slots:
            return float("inf")
        if now < self._closed_until:
            return self._closed_until - now
        if self._probe is not None:
            grace = max(PROBE_GRACE_S, 3 * self._slowest_429_s)
            if (left := self._probe.sent_at + grace - now) > 0:
                return left
            self._reopen(self._probe)
        delay = self._log.delay(now, tokens)
        if self._learned is not None:
            delay = max(delay, self._learned.delay(now))
        return delay

    def _admit(self, tokens: int) -> Ticket:
        ticket = Ticket(self._clock(), tokens)
        self._in_flight += 1
        self._log.add(ticket)
        if self._learned is not None:
            self._learned.log.add(ticket)
        if self._limited is not None:
            self._probe = ticket
        return ticket

    def _correct(self, ticket: Ticket, tokens: int) -> None:
        self._log.correct(ticket, tokens)
        ticket.tokens = tokens

    def _pump(self) -> None:
        """Admit the calls that may be sent; set a timer for the next if it must only wait."""
        while self._waiting:
            turn, tokens = self._waiting[0]
            # Cancelled, or left by a run that is over: a limit outlives its runs' event loops.
            if turn.done() or turn.get_loop().is_closed():
                self._waiting.popleft()
                continue
            delay = self._delay(tokens)
            if delay > 0:
                self._wake_in(delay)
                return
            self._waiting.popleft()
            turn.set_result(self._admit(tokens))

    def _wake_in(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if delay != float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(delay, 0.001), self._pump)


class InProcessLimits:
    """The limits of this process, shared by all its runs."""

    def __init__(self) -> None:
        self._limits: dict[str, InProcessLimit] = {}

    def limit_of(self, key: str) -> InProcessLimit:
        """Return the one limit of a key."""
        return self._limits.setdefault(key, InProcessLimit())

    def forget(self) -> None:
        """Forget all limits, so that earlier 429s of an endpoint slow nothing down."""
        self._limits.clear()


SHARED_LIMITS = InProcessLimits()


def _in_window(per_minute: int, window_s: float) -> float:
    """Return what a rate per minute allows in a window; rounded, so 6,000 gives 57 in 0.57 s."""
    return round(per_minute * window_s / 60, 6)
