"""A run through an endpoint with every fault: each request ends once, and all figures add up."""

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.inference.call.completion import Attempt, Completion
from replay_assets.inference.call.failures import CallFailedError, RequestRejectedError
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.stand_in.faults import Fault, FaultPlan
from replay_assets.inference.throttling import InProcessLimits
from tests.inference.scripted_server import candidate, serving_stand_in

pytestmark = pytest.mark.integration

PRICES = {"input": 1.0, "output": 10.0, "reasoning": 20.0}
MATRIX: tuple[Fault, ...] = ("429", "500", "reset", "truncated", "not_json", "wrong_contract")

Ended = Completion | CallFailedError


def messages(number: int) -> list[dict[str, str]]:
    """Return the conversation of one request."""
    return [{"role": "user", "content": f"pod orders-{number} OOMKilled"}]


def replay(base_url: str, requests: int, **changes: Any) -> list[Ended]:
    """Send requests with as many workers as the client asks for; return how each ended."""
    one = candidate(base_url, model="rules-baseline", **changes)
    return asyncio.run(_replay(one, requests))


async def _replay(one: Candidate, requests: int) -> list[Ended]:
    ended: dict[int, Ended] = {}
    waiting = iter(range(requests))

    async def work(client: ChatClient) -> None:
        for number in waiting:
            assert number not in ended
            try:
                ended[number] = await client.complete(messages(number))
            except CallFailedError as error:
                ended[number] = error

    async with ChatClient(one, api_key=None, limits=InProcessLimits()) as client:
        await asyncio.gather(*(work(client) for _ in range(client.workers)))
        attempts = [attempt for end in ended.values() for attempt in end.attempts]
        assert client.spent_usd == pytest.approx(sum(each.cost_usd or 0 for each in attempts))
    return [ended[number] for number in range(requests)]


LIMITS = {"concurrency": 64, "timeout_s": 20}
PAUSE_S = 0.1
"""What a 429 asks for; it applies to all requests, so a second of it would take minutes."""


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize(
    "requests", [pytest.param(1000, marks=pytest.mark.slow), 100], ids=["1000", "100"]
)
def test_a_run_through_every_fault_gives_the_answers_of_one_without(requests: int) -> None:
    """64 in flight, 5 % each of six faults."""
    with serving_stand_in(FaultPlan()) as base_url:
        sound = [end.content for end in replay(base_url, requests, limits=LIMITS)]  # type: ignore[union-attr]
    plan = FaultPlan(
        latency_ms=2, shares=dict.fromkeys(MATRIX, 0.05), seed=12, asked_pause_s=PAUSE_S
    )
    with serving_stand_in(plan) as base_url:
        ended = replay(base_url, requests, limits=LIMITS, prices_usd_per_million=PRICES)
    answers = [end.content if isinstance(end, Completion) else None for end in ended]
    wrong = '{"proposed_action": "none"}'
    differing = [
        number for number in range(requests) if answers[number] not in (sound[number], wrong)
    ]
    # Four attempts with 20 % faults: about two in a thousand fail all of them, and report that.
    assert len(differing) <= 6
    for number in differing:
        end = ended[number]
        assert isinstance(end, CallFailedError)
        assert len([one for one in end.attempts if one.outcome != "rate_limited"]) == 4
    low, high = requests * 0.02, requests * 0.12
    assert low <= answers.count(wrong) <= high
    attempts = [attempt for end in ended for attempt in end.attempts]
    assert plan.requests == len(attempts)
    outcomes = Counter(attempt.outcome for attempt in attempts)
    for outcome in ("rate_limited", "server_error", "connection_lost", "truncated", "not_protocol"):
        assert low <= outcomes[outcome] <= high, outcomes
    assert_adds_up(ended)


def assert_adds_up(ended: list[Ended]) -> None:
    """Waits after a 429 are as long as requested; costs are those of what may have been paid."""
    for end in ended:
        for before, after in zip(end.attempts, end.attempts[1:], strict=False):
            if before.outcome == "rate_limited":
                assert after.wait_ms >= 1000 * PAUSE_S
        for attempt in end.attempts:
            assert_priced(attempt)


def assert_priced(attempt: Attempt) -> None:
    """Known usage at its price, nothing for a 4xx, the highest possible cost if it is unknown."""
    paid = attempt.outcome == "answered"
    assert attempt.possibly_paid is (
        attempt.outcome in ("connection_lost", "truncated", "timeout", "not_protocol")
    )
    assert attempt.cost_usd is not None
    if attempt.possibly_paid:
        assert attempt.cost_usd > 900 * 20 / 1e6
    elif paid:
        usage = attempt.usage
        expected = (usage.prompt_tokens or 0) * 1 + (usage.completion_tokens or 0) * 10
        assert attempt.cost_usd == pytest.approx(expected / 1e6)
    else:
        assert attempt.cost_usd == 0


@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [
        ("503", "server_error", 503),
        ("html_error", "server_error", 502),
        ("429_silent", "rate_limited", 429),
        ("hang", "timeout", None),
        ("drip", "timeout", None),
        ("gzip_bomb", "too_large", None),
    ],
)
@pytest.mark.usefixtures("no_waits")
def test_a_passing_fault_is_answered_and_recorded(
    fault: Fault, outcome: str, status: int | None
) -> None:
    """Half of all attempts fail; each failed one is in the record of its request."""
    # Long if nothing has to time out, because a busy machine answers late.
    timeout_s = 0.6 if outcome == "timeout" else 30
    with serving_stand_in(FaultPlan(shares={fault: 0.5}, seed=3)) as base_url:
        ended = replay(base_url, 12, limits={"concurrency": 12, "timeout_s": timeout_s})
    failed = [one for end in ended for one in end.attempts if one.outcome != "answered"]
    assert failed
    assert {(one.outcome, one.status) for one in failed} == {(outcome, status)}
    assert sum(isinstance(end, Completion) for end in ended) >= 8


@pytest.mark.usefixtures("no_waits")
def test_an_endpoint_that_quotes_our_headers_shows_no_key() -> None:
    """The key is in the request's headers, but in no error."""
    key = "FAKE-" + "key-of-this-endpoint"
    with serving_stand_in(FaultPlan(shares={"echo_headers": 1.0})) as base_url:

        async def run() -> None:
            one = candidate(base_url, model="rules-baseline")
            async with ChatClient(one, api_key=key) as client:
                await client.complete(messages(0))

        with pytest.raises(RequestRejectedError, match="HTTP 400") as caught:
            asyncio.run(run())
    assert "authorization" in str(caught.value)
    assert "FAKE" not in f"{caught.value!r}"


def test_wrong_usage_is_unknown_and_so_is_its_cost() -> None:
    """A negative count, or text, must not become a price."""
    with serving_stand_in(FaultPlan(shares={"wrong_usage": 1.0})) as base_url:
        (end,) = replay_unpaid(base_url)
    assert end.attempts[0].usage.prompt_tokens is None
    assert end.attempts[0].cost_usd is None


def replay_unpaid(base_url: str) -> list[Completion]:
    """Send one request with prices; its cost need not add up."""

    async def run() -> list[Completion]:
        one = candidate(base_url, model="rules-baseline", prices_usd_per_million=PRICES)
        async with ChatClient(one, api_key=None) as client:
            return [await client.complete(messages(0))]

    return asyncio.run(run())


def test_a_cancelled_run_ends_immediately_and_leaves_nothing_open() -> None:
    """Within two seconds, whatever hangs."""
    store = InProcessLimits()
    with serving_stand_in(FaultPlan(shares={"hang": 1.0})) as base_url:
        one = candidate(base_url, model="rules-baseline", limits=LIMITS)

        async def run() -> None:
            async with ChatClient(one, api_key=None, limits=store) as client:
                await asyncio.gather(*(client.complete(messages(n)) for n in range(100)))

        async def stop() -> float:
            task = asyncio.create_task(run())
            await asyncio.sleep(0.5)
            started = time.perf_counter()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.perf_counter() - started

        assert asyncio.run(stop()) < 2
    assert store.limit_of(one.limit_key)._in_flight == 0
