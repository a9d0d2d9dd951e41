"""How hard an endpoint is asked: slots, requests and tokens in a window, and pauses it asks for.

One `EndpointLimit` admits the calls of all candidates that share base URL, model and key variable,
in the order in which they came. The configured figures are a ceiling; what the endpoint refuses
(429) lowers what is really used, what it answers raises it again. A 5xx changes nothing: it is
broken, not asked too much.

A limit belongs to one event loop at a time. Two runs in two processes are kept apart by a Dagster
pool a limit key; a store that processes share can take the place of `InProcessLimits`.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from replay_assets.candidates import Limits
from replay_assets.inference.throttling.rate_learning import LearnedWindow, Refusals
from replay_assets.inference.throttling.sliding_log import SlidingLog, Ticket

CHARACTERS_PER_TOKEN = 2
"""A careful guess for mixed English and Chinese; it is corrected by the usage reported."""
FIRST_PAUSE_S, PAUSE_GROWTH, LONGEST_PAUSE_S = 0.5, 1.5, 30.0
"""After a 429 without Retry-After: ten refusals in a row span a minute, the usual window."""
CUT = 0.7
WINDOW_S = 60.0
PROBE_GRACE_S = 0.1
ARRIVAL_S, ARRIVAL_SHARE = 0.3, 0.025
"""How much later than let in a call may arrive: a new connection, a busy machine."""


def estimate_tokens(body: bytes, max_tokens: int) -> int:
    """Return an upper estimate of what a call will use: its prompt and a full answer."""
    characters = len(body) if body.isascii() else len(body.decode())
    return characters // CHARACTERS_PER_TOKEN + max_tokens


@dataclass(frozen=True, slots=True)
class Settled:
    """What a limit is told of a finished attempt. `tokens` is null where none were reported."""

    refused: bool = False
    served: bool = False
    tokens: int | None = None
    pause_s: float | None = None


class EndpointLimit:
    """Admits calls: in order, within slots and windows, never while the endpoint asks for a pause.

    After a refusal one call goes first, and the others follow once it is clear that it was let in.
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
        self._refusals: Refusals | None = None
        self._probe: Ticket | None = None
        self._slowest_refusal_s = 0.0
        self._jitter = random.Random(0)  # noqa: S311 - spreads retries, guards nothing

    def join(self, limits: Limits) -> None:
        """Hold to a candidate's limits too, for as long as it asks: the smallest of all hold.

        The first to ask begins with no refusals in a row: those of a run that is over, perhaps
        hours ago, must not use up its patience. What was learned of the endpoint's window stays.
        """
        if not self._users:
            self._refusals = self._probe = None
        self._users.append(limits)
        self._resize()

    def leave(self, limits: Limits) -> None:
        """Forget a candidate's limits; what was sent and learned stays known."""
        self._users.remove(limits)
        self._resize()

    def _resize(self) -> None:
        if not self._users:
            return
        present, self._most_slots = self._most_slots, min(one.concurrency for one in self._users)
        if self._slots >= present:  # nothing was cut
            self._slots = float(self._most_slots)
        self._slots = min(self._slots, self._most_slots)
        self._log.resize(
            max(one.window_s for one in self._users),
            _smallest([one.rpm for one in self._users]),
            _smallest([one.tpm for one in self._users]),
        )

    @property
    def slots(self) -> int:
        """How many calls may be in flight now."""
        return max(int(self._slots), 1)

    @property
    def refused_for_s(self) -> float:
        """For how long every call has been refused; 0 where the last was not."""
        return 0.0 if self._refusals is None else self._clock() - self._refusals.first_at

    async def acquire(self, tokens: int) -> Ticket:
        """Wait for a slot and for room, then return the call's ticket, to be settled."""
        if not self._waiting and self._delay(tokens) == 0:
            return self._admit(tokens)
        turn: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, tokens))
        self._pump()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.settle(turn.result(), Settled())
            raise

    def settle(self, ticket: Ticket, end: Settled) -> None:
        """Take a call's slot back and learn from how it ended."""
        now = self._clock()
        self._in_flight -= 1
        # It arrived after it was let in: when, is only known to lie before its end.
        ticket.sent_at = min(
            now, ticket.sent_at + min(ARRIVAL_S, ARRIVAL_SHARE * self._log.window_s)
        )
        if end.tokens is not None:
            self._correct(ticket, end.tokens)
        if end.pause_s is not None:
            self._closed_until = max(self._closed_until, now + end.pause_s)
        if end.refused:
            self._refuse(ticket, now, told_when=end.pause_s is not None)
        elif end.served:
            self._slots = min(self._slots + 1 / self._slots, self._most_slots)
        if ticket is self._probe and not end.refused:
            self._reopen(ticket)
        self._pump()

    def _refuse(self, ticket: Ticket, now: float, *, told_when: bool) -> None:
        ticket.refused = True
        self._slowest_refusal_s = max(self._slowest_refusal_s, now - ticket.sent_at)
        self._correct(ticket, 0)
        self._log.forget(ticket)
        if self._learned is not None:
            self._learned.log.forget(ticket)
        if self._refusals is None:
            self._refusals = Refusals(first_at=ticket.sent_at)
            self._slots = max(self._slots * CUT, 1.0)
        elif ticket is not self._probe:
            self._refusals.add(ticket)
            return  # sent before the pause began: it says nothing new
        self._refusals.add(ticket)
        self._probe = None
        if not told_when:
            pause = FIRST_PAUSE_S * PAUSE_GROWTH**self._refusals.probes
            pause = min(pause, LONGEST_PAUSE_S) * self._jitter.uniform(0.8, 1.0)
            self._closed_until = max(self._closed_until, now + pause)
        self._refusals.probes += 1

    def _reopen(self, probe: Ticket) -> None:
        refusals, self._refusals, self._probe = self._refusals, None, None
        if refusals is None:
            return
        burst = [call for call in self._log.recent() if call.sent_at >= self._opened_at]
        self._opened_at = probe.sent_at
        if self._learned is not None and self._learned.took_back(refusals):
            return
        learned = LearnedWindow.of(
            refusals, burst, reopened_at=probe.sent_at, window_s=self._log.window_s
        )
        if learned is not None:
            self._learned = learned
        elif self._learned is not None:
            self._learned.widen(refusals)

    def _delay(self, tokens: int) -> float:
        """Return the seconds until a call may go; infinite where only another's end can help."""
        now = self._clock()
        if self._in_flight >= self.slots:
            return float("inf")
        if now < self._closed_until:
            return self._closed_until - now
        if self._probe is not None:
            grace = max(PROBE_GRACE_S, 3 * self._slowest_refusal_s)
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
        if self._refusals is not None:
            self._probe = ticket
        return ticket

    def _correct(self, ticket: Ticket, tokens: int) -> None:
        self._log.correct(ticket, tokens)
        ticket.tokens = tokens

    def _pump(self) -> None:
        """Let in whoever may go; come back when the next may, if time alone decides that."""
        while self._waiting:
            turn, tokens = self._waiting[0]
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


class LimitStore(Protocol):
    """Where limits are kept: in this process, or some day where processes share them."""

    def limit_of(self, key: str) -> EndpointLimit:
        """Return the one limit of a key."""


class InProcessLimits:
    """The limits of this process, however many runs ask through it."""

    def __init__(self) -> None:
        self._limits: dict[str, EndpointLimit] = {}

    def limit_of(self, key: str) -> EndpointLimit:
        """Return the one limit of a key."""
        return self._limits.setdefault(key, EndpointLimit())

    def forget(self) -> None:
        """Begin anew with every key: what an endpoint refused does not slow down what follows."""
        self._limits.clear()


SHARED_LIMITS = InProcessLimits()


def _smallest(limits: list[int | None]) -> int | None:
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None
