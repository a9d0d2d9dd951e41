"""Waits for an endpoint's slot, pause or retry, and when a route ends them; in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from replay_assets.candidates import Limits
from replay_assets.inference.call.failures import CircuitOpenError
from replay_assets.inference.routing.breaker import FEWEST, FIRST_PAUSE_S, CircuitBreaker
from replay_assets.inference.routing.guarded_limit import GuardedLimit
from replay_assets.inference.throttling import Settled
from replay_assets.inference.throttling.in_process import InProcessLimit
from tests.inference.virtual_time import run_in_virtual_time, virtual_clock

SERVED = Settled(served=True, failed=False)
BROKEN = Settled(failed=True)
Test = Callable[[GuardedLimit], Awaitable[None]]


def play(test: Test, *, concurrency: int = 4, has_next: bool = True) -> None:
    """Run a test with a limit of an endpoint."""

    async def run() -> None:
        limit = InProcessLimit(clock=virtual_clock)
        guarded = GuardedLimit(limit, CircuitBreaker(clock=virtual_clock), has_next=has_next)
        guarded.join(Limits(concurrency=concurrency))
        await test(guarded)

    run_in_virtual_time(run())


def rate_limited(pause_s: float | None) -> Settled:
    """Return the end of an attempt that was rate limited."""
    return Settled(rate_limited=True, pause_s=pause_s, failed=True)


async def fail(limit: GuardedLimit, times: int = FEWEST) -> None:
    """Let attempts fail."""
    for _ in range(times):
        limit.settle(await limit.acquire(1), BROKEN)


def test_a_wait_for_a_slot_ends_when_the_circuit_opens() -> None:
    """Also one for a retry; the slot of a call that gave up is not lost."""

    async def test(limit: GuardedLimit) -> None:
        held = await limit.acquire(1)
        waits = [asyncio.ensure_future(limit.acquire(1)), asyncio.ensure_future(limit.pause(60))]
        await asyncio.sleep(0)
        for _ in range(FEWEST):
            limit._breaker.settle(limit._breaker.admit(), failed=True)
        for wait in waits:
            with pytest.raises(CircuitOpenError):
                await wait
        with pytest.raises(CircuitOpenError):
            limit.require(held)  # it was admitted, but not sent yet
        limit.settle(held, SERVED)
        await asyncio.sleep(FIRST_PAUSE_S)
        limit.settle(await limit.acquire(1), SERVED)
        limit.settle(await limit.acquire(1), SERVED)

    play(test, concurrency=1)


def test_a_probe_waits_for_no_longer_than_the_pause() -> None:
    """One attempt is sent; another one is not, until the first has ended."""

    async def test(limit: GuardedLimit) -> None:
        await fail(limit)
        await asyncio.sleep(FIRST_PAUSE_S)
        probe = await limit.acquire(1)
        with pytest.raises(CircuitOpenError):
            await limit.acquire(1)
        limit.settle(probe, SERVED)
        limit.settle(await limit.acquire(1), SERVED)

    play(test)


@pytest.mark.parametrize(("pause_s", "moves_on"), [(0.5, False), (5.0, True)])
def test_requests_move_on_from_an_endpoint_that_asks_for_a_long_pause(
    pause_s: float, moves_on: bool
) -> None:
    """A short one is waited for, as without a route."""

    async def test(limit: GuardedLimit) -> None:
        first = await limit.acquire(1)
        waiting = [asyncio.ensure_future(limit.acquire(1)) for _ in range(2)]
        await asyncio.sleep(0)
        limit.settle(first, rate_limited(pause_s))
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [isinstance(one, CircuitOpenError) for one in results] == [moves_on] * 2
        assert virtual_clock() < 1

    play(test, concurrency=1 if moves_on else 4)


def test_the_last_member_is_waited_for() -> None:
    """No other one can answer."""

    async def test(limit: GuardedLimit) -> None:
        limit.settle(await limit.acquire(1), rate_limited(5.0))
        limit.settle(await limit.acquire(1), SERVED)
        assert virtual_clock() >= 5

    play(test, has_next=False)


def test_a_member_that_answers_429_again_and_again_is_left_within_a_second() -> None:
    """Without a time to retry, each pause is short; together they are long."""

    async def test(limit: GuardedLimit) -> None:
        limit.settle(await limit.acquire(1), rate_limited(None))
        limit.settle(await limit.acquire(1), rate_limited(None))
        with pytest.raises(CircuitOpenError):
            await limit.acquire(1)
        assert 0.1 < virtual_clock() < 1

    play(test)
