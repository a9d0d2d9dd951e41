"""The circuit breaker of an endpoint: after many failures, nothing is sent to it for a while.

    closed     everything is sent; opens if half of the last 20 attempts failed, of at least 8
    open       nothing is sent until the pause is over
    half-open  one attempt, the probe, is sent; its end closes the circuit or opens it again

What was sent before the circuit opened changes nothing when it ends: only the probe does.

pybreaker, aiobreaker, circuitbreaker and purgatory count failures in a row, or all since the last
success; none can end the waits of calls that it has already admitted, which is what moves a route's
requests to the next member. So this is our own.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from replay_assets.inference.call import CircuitOpenError

WINDOW = 20
FEWEST = 8
MOST_FAILED = 0.5
FIRST_PAUSE_S, PAUSE_GROWTH, LONGEST_PAUSE_S = 1.0, 2.0, 10.0
"""A short outage is over soon; each probe of a long one costs a request the time of one attempt."""

OPENED = "not sent, because other requests failed meanwhile"


class Permit:
    """The permission for one attempt; it is withdrawn if the circuit opens."""

    __slots__ = ()


class CircuitBreaker:
    """The circuit of one endpoint, used by one event loop at a time."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._permit: Permit | None = Permit()
        self._probe: Permit | None = None
        self._half_open_at = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._waiting: set[asyncio.Timeout] = set()

    @property
    def is_closed(self) -> bool:
        """Whether everything is sent."""
        return self._permit is not None

    @property
    def left_s(self) -> float:
        """The seconds until a probe may be sent; 0 if it may, or the circuit is closed."""
        return 0.0 if self.is_closed else max(self._half_open_at - self._clock(), 0.0)

    def admit(self) -> Permit:
        """Return the permission for an attempt; each must be settled.

        Raises:
            CircuitOpenError: nothing may be sent now.
        """
        if self._permit is not None:
            return self._permit
        if self._probe is not None or self.left_s > 0:
            raise CircuitOpenError("not sent, because of failures shortly before")
        self._probe = Permit()
        return self._probe

    def require(self, permit: Permit) -> None:
        """Check that a permission is still valid.

        Raises:
            CircuitOpenError: the circuit has opened since.
        """
        if permit is not self._permit and permit is not self._probe:
            raise CircuitOpenError(OPENED)

    def settle(self, permit: Permit, *, failed: bool | None) -> None:
        """Record how an attempt ended; None if nothing was sent, or it is not known."""
        if permit is self._probe:
            self._settle_probe(failed=failed)
        elif permit is self._permit and failed is not None:
            self._recent.append(failed)
            if len(self._recent) >= FEWEST and sum(self._recent) >= MOST_FAILED * len(self._recent):
                self._pause_s = FIRST_PAUSE_S
                self._open()

    @contextmanager
    def ending(self, scope: asyncio.Timeout) -> Iterator[None]:
        """Let a timeout expire as soon as the circuit opens, within a `with` block."""
        self._waiting.add(scope)
        try:
            yield
        finally:
            self._waiting.discard(scope)

    def _settle_probe(self, *, failed: bool | None) -> None:
        self._probe = None
        if failed:
            self._pause_s = min(self._pause_s * PAUSE_GROWTH, LONGEST_PAUSE_S)
            self._open()
        elif failed is not None:
            self._permit = Permit()

    def _open(self) -> None:
        self._permit = None
        self._recent.clear()
        self._half_open_at = self._clock() + self._pause_s
        self.end_waits()

    def end_waits(self) -> None:
        """Let all calls that wait to be sent ask another member."""
        waiting, self._waiting = self._waiting, set()
        for scope in waiting:
            scope.reschedule(0.0)  # now: this time of the loop's clock has passed


class CircuitBreakers:
    """The breakers of this process, shared by all routes."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._breakers: dict[str, CircuitBreaker] = {}

    def breaker_of(self, key: str) -> CircuitBreaker:
        """Return the one breaker of a key, which is that of the endpoint's limits."""
        if key not in self._breakers:
            self._breakers[key] = CircuitBreaker(clock=self._clock)
        return self._breakers[key]

    def forget(self) -> None:
        """Close all circuits."""
        self._breakers.clear()


SHARED_BREAKERS = CircuitBreakers()
