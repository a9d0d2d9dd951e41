"""Never more requests or tokens in a window than allowed, and no call waits for ever."""

import asyncio
import time

import pytest

from replay_assets.inference.limits import (
    WINDOW_S,
    SlidingLimit,
    estimate_tokens,
    shared_limit,
)

WINDOW = 0.2


def admitted(limit: SlidingLimit, tokens: list[int]) -> list[float]:
    """Ask for all calls at once; return when each was let in."""

    async def call(amount: int) -> float:
        await limit.admit(amount)
        return time.monotonic()

    async def run() -> list[float]:
        return await asyncio.gather(*(call(amount) for amount in tokens))

    return asyncio.run(run())


def most_in_a_window(times: list[float], amounts: list[int]) -> int:
    """Return the largest sum of amounts that any window holds."""
    slack = 0.002  # the test's clock is read a little after the limit's
    pairs = sorted(zip(times, amounts, strict=True))
    return max(
        sum(a for t, a in pairs if start <= t < start + WINDOW - slack) for start, _ in pairs
    )


@pytest.mark.parametrize("rpm", [1, 2, 3])
def test_no_window_holds_more_requests_than_allowed(rpm: int) -> None:
    """Sliding, not in steps: no burst at the turn of a minute."""
    times = admitted(SlidingLimit(rpm=rpm, tpm=None, window_s=WINDOW), [1] * (2 * rpm + 1))
    assert most_in_a_window(times, [1] * len(times)) == rpm
    assert max(times) - min(times) >= 2 * WINDOW


def test_no_window_holds_more_tokens_than_allowed() -> None:
    """Tokens are counted as asked for, whatever the number of calls."""
    amounts = [60, 30, 30, 80, 10, 10]
    times = admitted(SlidingLimit(rpm=None, tpm=100, window_s=WINDOW), amounts)
    assert most_in_a_window(times, amounts) <= 100


def test_calls_are_let_in_in_the_order_in_which_they_came() -> None:
    """A small call does not overtake a large one that waits."""
    times = admitted(SlidingLimit(rpm=None, tpm=100, window_s=WINDOW), [90, 90, 5])
    assert times == sorted(times)


def test_a_call_larger_than_the_allowance_goes_alone() -> None:
    """Rather than never."""
    times = admitted(SlidingLimit(rpm=None, tpm=10, window_s=WINDOW), [500, 500])
    assert times[1] - times[0] >= WINDOW - 0.002


def test_the_reported_usage_replaces_the_estimate() -> None:
    """A careful estimate must not slow down a run of small answers."""

    async def run() -> float:
        limit = SlidingLimit(rpm=None, tpm=100, window_s=5.0)
        limit.correct(await limit.admit(100), 10)
        started = time.monotonic()
        await limit.admit(90)
        return time.monotonic() - started

    assert asyncio.run(run()) < 1


def test_without_a_limit_nothing_waits() -> None:
    """An embedded baseline is as fast as the machine."""
    times = admitted(SlidingLimit(rpm=None, tpm=None), [10_000] * 50)
    assert max(times) - min(times) < 1


def test_the_window_is_a_little_longer_than_the_servers() -> None:
    """Two clocks a network apart: ours must not be the faster one."""
    assert 60 < WINDOW_S < 63


@pytest.mark.parametrize(("text", "tokens"), [("", 900), ("磁碟已滿", 902), ("a" * 400, 1100)])
def test_an_estimate_covers_the_prompt_and_a_full_answer(text: str, tokens: int) -> None:
    """Too high is corrected by the usage, too low breaks the limit."""
    assert estimate_tokens(text, 900) == tokens


def test_runs_that_share_a_key_share_one_limit() -> None:
    """Seven days of a week are seven runs, and the endpoint counts them together."""
    key = f"endpoint-{time.monotonic_ns()}"
    first = shared_limit(key, rpm=10, tpm=None)
    assert shared_limit(key, rpm=3, tpm=None) is first
    assert shared_limit(f"{key}-other", rpm=10, tpm=None) is not first


def test_a_shared_limit_holds_across_event_loops_at_the_smallest_figure() -> None:
    """Each run has a loop of its own; what an earlier run sent still counts."""
    limit = SlidingLimit(rpm=10, tpm=None, window_s=WINDOW)
    limit.tighten(rpm=2, tpm=None)
    times = [*admitted(limit, [1, 1]), *admitted(limit, [1])]
    assert times[2] - times[0] >= WINDOW - 0.002
