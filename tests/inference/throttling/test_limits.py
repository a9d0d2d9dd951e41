"""Never more requests, tokens or slots than allowed, and no call waits for ever."""

import asyncio
import time
from typing import Any

import pytest

from replay_assets.candidates import Limits
from replay_assets.inference.throttling import InProcessLimits, Settled, estimate_tokens, in_process
from replay_assets.inference.throttling.in_process import InProcessLimit

WINDOW = 0.2


def limit_with(**figures: Any) -> InProcessLimit:
    """Return a limit; `requests` and `tokens` are per window of the test."""
    window_s = figures.pop("window_s", WINDOW)
    for name, per_window in (("rpm", "requests"), ("tpm", "tokens")):
        if per_window in figures:
            figures[name] = round(figures.pop(per_window) * 60 / window_s)
    limit = InProcessLimit()
    limit.join(Limits.model_validate({"concurrency": 100, "window_s": window_s, **figures}))
    return limit


def admitted(limit: InProcessLimit, tokens: list[int]) -> list[float]:
    """Start all calls together; each ends when it is admitted. Return the times of admission."""

    async def call(amount: int) -> float:
        ticket = await limit.acquire(amount)
        limit.settle(ticket, Settled(served=True))
        return ticket.sent_at

    async def run() -> list[float]:
        return await asyncio.gather(*(call(amount) for amount in tokens))

    return asyncio.run(run())


def most_in_a_window(times: list[float], amounts: list[int]) -> int:
    """Return the largest sum of amounts in any window."""
    pairs = sorted(zip(times, amounts, strict=True))
    return max(sum(a for t, a in pairs if start <= t < start + WINDOW) for start, _ in pairs)


@pytest.mark.parametrize("requests", [1, 2, 3])
def test_no_window_holds_more_requests_than_allowed(requests: int) -> None:
    """The window slides: there is no burst when a new minute begins."""
    times = admitted(limit_with(requests=requests), [1] * (2 * requests + 1))
    assert most_in_a_window(times, [1] * len(times)) == requests
    assert max(times) - min(times) >= 2 * WINDOW * 1.01


@pytest.mark.parametrize(
    ("rpm", "window_s", "calls"), [(6000, 0.57, 57), (40, 60.0, 40), (1, 1.0, 1), (90, 1.0, 1)]
)
def test_a_rate_per_minute_is_a_whole_number_of_requests_in_a_window(
    rpm: int, window_s: float, calls: int
) -> None:
    """At least one, and not one too few because of the rounding of floats."""

    async def run() -> int:
        limit = InProcessLimit(clock=lambda: 0.0)
        limit.join(Limits(concurrency=100, rpm=rpm, window_s=window_s))
        waiting = [asyncio.create_task(limit.acquire(1)) for _ in range(100)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        admitted = sum(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return admitted

    assert asyncio.run(run()) == calls


def test_no_window_holds_more_tokens_than_allowed() -> None:
    """Tokens are counted, not calls."""
    amounts = [60, 30, 30, 80, 10, 10]
    times = admitted(limit_with(tokens=100), amounts)
    assert most_in_a_window(times, amounts) <= 100


def test_calls_are_admitted_in_their_order() -> None:
    """A small call does not overtake a large one that waits."""
    times = admitted(limit_with(tokens=100), [90, 90, 5])
    assert times == sorted(times)


def test_a_call_that_is_larger_than_the_limit_is_sent_alone() -> None:
    """Else it would wait for ever."""
    times = admitted(limit_with(tokens=10), [500, 500])
    assert times[1] - times[0] >= WINDOW


def test_the_reported_usage_replaces_the_estimate() -> None:
    """A high estimate must not slow down a run of small answers."""

    async def run() -> float:
        limit = limit_with(tokens=100, window_s=5.0)
        limit.settle(await limit.acquire(100), Settled(served=True, tokens=10))
        started = time.monotonic()
        await limit.acquire(90)
        return time.monotonic() - started

    assert asyncio.run(run()) < 1


def test_without_a_limit_nothing_waits() -> None:
    """An embedded baseline is as fast as the machine allows."""
    times = admitted(limit_with(), [10_000] * 500)
    assert max(times) - min(times) < 1


@pytest.mark.parametrize(("text", "tokens"), [("", 900), ("磁碟已滿", 902), ("a" * 400, 1100)])
def test_an_estimate_covers_the_prompt_and_a_full_answer(text: str, tokens: int) -> None:
    """If it is too high, the usage corrects it; if it is too low, the limit is exceeded."""
    assert estimate_tokens(text.encode(), 900) == tokens


def test_runs_that_share_a_key_share_one_limit() -> None:
    """Seven days of a week are seven runs, and the endpoint counts them together."""
    store = InProcessLimits()
    assert store.limit_of("a") is store.limit_of("a")
    assert store.limit_of("a") is not store.limit_of("b")


def test_the_smallest_configured_limit_applies_while_its_candidate_is_active() -> None:
    """And no longer: a run that is over must not slow down another run in the process."""
    limit, small = limit_with(requests=10), Limits(concurrency=2, rpm=300, window_s=WINDOW)
    limit.join(small)
    assert limit.slots == 2
    times = admitted(limit, [1, 1])
    assert times[1] - times[0] >= WINDOW
    limit.leave(small)
    assert limit.slots == 100
    times = admitted(limit, [1, 1])
    assert times[1] - times[0] < WINDOW / 2


def test_a_shared_limit_applies_across_event_loops() -> None:
    """Each run has its own loop; what an earlier run sent still counts."""
    limit = limit_with(requests=2)
    times = [*admitted(limit, [1, 1]), *admitted(limit, [1])]
    assert times[2] - times[0] >= WINDOW


def test_a_cancelled_call_frees_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was stopped must not use slots of the next run."""

    async def run() -> int:
        limit = limit_with(concurrency=1)
        first = await limit.acquire(1)
        waiting = asyncio.create_task(limit.acquire(1))
        await asyncio.sleep(0)
        waiting.cancel()
        limit.settle(first, Settled(served=True))
        async with asyncio.timeout(1):
            await limit.acquire(1)
        return limit.slots

    assert asyncio.run(run()) == 1


async def settle_all(limit: InProcessLimit, ends: list[Settled]) -> None:
    """Admit calls together, then settle each with its end."""
    tickets = [await limit.acquire(1) for _ in ends]
    for ticket, end in zip(tickets, ends, strict=True):
        limit.settle(ticket, end)


SERVED, LIMITED, BROKEN = Settled(served=True), Settled(rate_limited=True), Settled()


def test_a_429_cuts_the_slots_and_answers_restore_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once per pause, however many calls are in flight; never above the configured number."""
    monkeypatch.setattr(in_process, "FIRST_PAUSE_S", 0.001)

    async def run() -> list[int]:
        limit = limit_with(concurrency=10)
        seen = [limit.slots]
        await settle_all(limit, [LIMITED] * 3 + [SERVED] * 7)
        seen.append(limit.slots)
        for _ in range(60):
            await settle_all(limit, [SERVED])
        return [*seen, limit.slots]

    full, cut, restored = asyncio.run(run())
    assert (full, restored) == (10, 10)
    assert 7 <= cut < 9


def test_a_run_does_not_inherit_the_429s_of_one_that_is_over() -> None:
    """Its patience begins with its own first 429; runs at the same time share 429s."""

    async def run() -> list[bool]:
        now = [0.0]
        limit, limits = InProcessLimit(clock=lambda: now[0]), Limits(concurrency=1)
        limit.join(limits)
        limit.settle(await limit.acquire(1), LIMITED)
        now[0] = 3600.0
        limit.join(limits)
        shared = limit.limited_for_s
        limit.leave(limits)
        limit.leave(limits)
        limit.join(limits)
        limit.settle(await limit.acquire(1), LIMITED)
        return [shared >= 3599, limit.limited_for_s < 1]

    assert asyncio.run(run()) == [True, True]


def test_a_failure_of_the_endpoint_changes_no_limit() -> None:
    """A 5xx, a reset or a timeout does not mean that it was asked too often."""

    async def run() -> int:
        limit = limit_with(concurrency=10)
        await settle_all(limit, [BROKEN] * 10)
        return limit.slots

    assert asyncio.run(run()) == 10


def test_after_a_429_one_call_is_sent_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others follow when it is answered, or if no 429 comes as fast as earlier ones."""
    monkeypatch.setattr(in_process, "PROBE_GRACE_S", 30.0)

    async def run() -> tuple[int, int]:
        limit = limit_with(concurrency=10)
        limit.settle(await limit.acquire(1), Settled(rate_limited=True, pause_s=0.05))
        tasks = [asyncio.create_task(limit.acquire(1)) for _ in range(5)]
        await asyncio.sleep(0.2)
        let_in = [task for task in tasks if task.done()]
        limit.settle(let_in[0].result(), SERVED)
        await asyncio.sleep(0.01)
        return len(let_in), sum(task.done() for task in tasks)

    assert asyncio.run(run()) == (1, 5)
