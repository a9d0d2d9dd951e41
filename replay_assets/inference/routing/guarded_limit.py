"""The limit of an endpoint behind its circuit breaker: admits nothing while the circuit is open."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from replay_assets.candidates import Limits
from replay_assets.inference.call import CircuitOpenError
from replay_assets.inference.routing.breaker import (
    OPENED,
    CircuitBreaker,
    CircuitBreakers,
    Permit,
)
from replay_assets.inference.throttling import EndpointLimit, LimitStore, Settled, Ticket

Result = TypeVar("Result")


PATIENCE_S = 1.0
"""How long requests wait for an endpoint that rate limits all of them, if another one can answer: a
single 429 with a short pause is waited for, as without a route."""
PAUSED = "not sent, because the endpoint rate limits every request"


class GuardedLimit:
    """An `EndpointLimit` whose waits end with a `CircuitOpenError` when the circuit opens.

    With `has_next` they also end if the endpoint rate limits for longer than `PATIENCE_S`: it is
    then sent so few requests that the circuit would hardly open.
    """

    def __init__(self, limit: EndpointLimit, breaker: CircuitBreaker, *, has_next: bool) -> None:
        self._limit = limit
        self._breaker = breaker
        self._has_next = has_next
        self._permits: dict[Ticket, Permit] = {}

    def join(self, limits: Limits) -> None:
        """Add a candidate's limits until it leaves."""
        self._limit.join(limits)

    def leave(self, limits: Limits) -> None:
        """Remove a candidate's limits."""
        self._limit.leave(limits)

    @property
    def limited_for_s(self) -> float:
        """For how long every call has been rate limited; 0 if the last call was not."""
        return self._limit.limited_for_s

    @property
    def pause_left_s(self) -> float:
        """The rest of the pause that the endpoint asked for."""
        return self._limit.pause_left_s

    async def acquire(self, tokens: int) -> Ticket:
        """Wait for a slot and for room in the windows.

        Raises:
            CircuitOpenError: the circuit is open, or opens before there is room. No probe is sent
                during a pause that the endpoint asked for: it would be rate limited.
        """
        if self.pause_left_s > 0 and (self._is_paused_long or not self._breaker.is_closed):
            raise CircuitOpenError(PAUSED)
        permit = self._breaker.admit()
        try:
            ticket = await self._until_open(self._limit.acquire(tokens))
        except BaseException:
            self._breaker.settle(permit, failed=None)
            raise
        self._permits[ticket] = permit
        return ticket

    def require(self, ticket: Ticket) -> None:
        """Check, directly before a call is sent, that the circuit has not opened meanwhile.

        Raises:
            CircuitOpenError: it has.
        """
        self._breaker.require(self._permits[ticket])

    def settle(self, ticket: Ticket, end: Settled) -> None:
        """Free a call's slot, and count how it ended."""
        self._limit.settle(ticket, end)
        self._breaker.settle(self._permits.pop(ticket), failed=end.failed)
        if end.rate_limited and self._is_paused_long:
            self._breaker.end_waits()

    async def pause(self, seconds: float) -> None:
        """Wait before a retry.

        Raises:
            CircuitOpenError: the circuit is open, or opens meanwhile.
        """
        if not self._breaker.is_closed:
            raise CircuitOpenError(OPENED)
        await self._until_open(self._limit.pause(seconds))

    @property
    def _is_paused_long(self) -> bool:
        return self._has_next and self.limited_for_s + self.pause_left_s > PATIENCE_S

    async def _until_open(self, wait: Awaitable[Result]) -> Result:
        try:
            async with asyncio.timeout(None) as scope:
                with self._breaker.ending(scope):
                    result = await wait
        except TimeoutError:
            raise CircuitOpenError(OPENED) from None
        return result


class GuardedLimits:
    """The limits of a store, each behind the breaker of its endpoint."""

    def __init__(self, limits: LimitStore, breakers: CircuitBreakers, *, has_next: bool) -> None:
        self._limits = limits
        self._breakers = breakers
        self._has_next = has_next

    def limit_of(self, key: str) -> GuardedLimit:
        """Return the limit of a key; its breaker is that of the same key."""
        limit, breaker = self._limits.limit_of(key), self._breakers.breaker_of(key)
        return GuardedLimit(limit, breaker, has_next=self._has_next)
