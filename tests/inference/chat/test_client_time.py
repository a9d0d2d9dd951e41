"""How the client handles time: limits, waits, latency."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from replay_assets.inference.call.failures import InfrastructureError, PatienceExceededError
from replay_assets.inference.throttling import Settled, backoff
from replay_assets.inference.throttling.in_process import InProcessLimit
from replay_assets.inference.throttling.limits import Ticket
from tests.inference.scripted_server import (
    Reply,
    Script,
    ask,
    ask_all,
    completion,
    drip,
    hang,
    status,
)

pytestmark = pytest.mark.usefixtures("no_waits")


@pytest.mark.parametrize("endpoint", [hang, drip], ids=["hanging", "dripping"])
def test_an_endpoint_that_never_ends_is_abandoned_in_time(server: Script, endpoint: Reply) -> None:
    """The limit is on the complete call: single bytes now and then do not extend it."""
    server.answers(endpoint)
    started = time.perf_counter()
    with pytest.raises(InfrastructureError, match=r"no answer within 0\.1 s"):
        ask(server, limits={"timeout_s": 0.1})
    assert time.perf_counter() - started < 3


def test_retry_after_is_honoured(server: Script) -> None:
    """The server reports when it will answer again."""
    server.answers(status(429, Retry_After="1"), "later")
    started = time.perf_counter()
    answer = ask(server)
    took_ms = (time.perf_counter() - started) * 1000
    assert server.arrived_at[1] - server.arrived_at[0] >= 1
    # Counted once: waits and latencies together are not more than the call took.
    assert 1000 <= answer.wait_ms <= took_ms - answer.latency_ms


def test_all_time_between_attempts_counts_as_waiting(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if this process loses the processor just after the endpoint's pause has begun."""
    settle = InProcessLimit.settle

    def settle_and_stall(limit: InProcessLimit, ticket: Ticket, end: Settled) -> None:
        settle(limit, ticket, end)
        time.sleep(0.05)

    monkeypatch.setattr(InProcessLimit, "settle", settle_and_stall)
    server.answers(status(429, Retry_After_Ms="100"), "later")
    assert ask(server).attempts[1].wait_ms >= 100


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_applies_to_queued_requests_too(server: Script, code: int) -> None:
    """A pause is for the endpoint, not for one request."""
    server.answers(status(code, Retry_After="1"), "later")
    answers = ask_all(server, 12, limits={"concurrency": 2, "timeout_s": 5})
    assert [answer.content for answer in answers] == ["later"] * 12
    refused_at, under_way = server.arrived_at[0], server.arrived_at[1]
    assert under_way - refused_at < 0.5
    assert min(server.arrived_at[2:]) - refused_at >= 1


@pytest.mark.parametrize(
    "asked",
    [
        *("Sun, 06 Nov 1994 08:49:37 GMT", "0", "-5", "soon", "\xb2", ""),
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
    ],
)
def test_a_retry_after_without_a_future_time_is_ignored(server: Script, asked: str) -> None:
    """A past date, a negative number, a word: the client's own backoff is used."""
    server.answers(status(503, Retry_After=asked), "later")
    answer = ask(server)
    assert answer.content == "later"
    assert answer.wait_ms < 1000  # a busy machine adds to it, no value above does


def test_a_retry_after_may_be_a_date(server: Script) -> None:
    """HTTP allows both; dates have a resolution of one second."""
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.answers(status(429, Retry_After=moment), "later")
    assert ask(server).wait_ms > 500


@pytest.mark.parametrize("asked", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_wait_beyond_patience_ends_the_run_and_nothing_is_sent_too_early(
    server: Script, asked: str
) -> None:
    """A request before the allowed time would only be rejected again, or punished."""
    server.answers(status(429, Retry_After=asked), "too early")
    with pytest.raises(
        PatienceExceededError, match=r"asks to wait .* Run it again later"
    ) as caught:
        ask(server)
    assert len(server.arrived_at) == len(caught.value.attempts) == 1
    assert caught.value.pause_s > 3500


def test_an_endpoint_that_rate_limits_everything_ends_the_run(server: Script) -> None:
    """A used-up quota is often reported as a 429 without a time."""
    server.answers(completion("x", delay_s=0.01), status(429))
    limits = {"concurrency": 1, "timeout_s": 5, "patience_s": 0.2}
    with pytest.raises(PatienceExceededError, match="has rate limited every request"):
        ask_all(server, 60, limits=limits)


def test_the_time_of_one_request_is_bounded(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Including pauses: a request must not be retried for an hour."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_S", 100.0)
    server.answers(status(500))
    with pytest.raises(InfrastructureError, match="no answer after 1 tries"):
        ask(server, limits={"timeout_s": 5, "retry_budget_s": 0.01})


def test_waiting_for_a_turn_does_not_count_as_time_of_the_request(server: Script) -> None:
    """Our own low rate limit must not make a second failure final."""
    server.answers(status(500), status(500), "x")
    limits = {"rpm": 120, "window_s": 0.5, "timeout_s": 5, "retry_budget_s": 0.4}
    answer = ask(server, limits=limits)
    assert (answer.content, len(answer.attempts)) == ("x", 3)
    # All time before the third attempt: windows count from requests, waits from the end of one.
    assert answer.wait_ms + sum(one.latency_ms for one in answer.attempts[:2]) >= 1000


def test_a_pause_that_the_endpoint_asks_for_counts_as_time_of_the_request(server: Script) -> None:
    """The client waits for it once; after the next failure there is no further attempt."""
    server.answers(status(503, Retry_After="1"), status(503), "x")
    with pytest.raises(InfrastructureError, match="no answer after 2 tries"):
        ask(server, limits={"timeout_s": 5, "retry_budget_s": 0.9})


def test_latency_is_the_time_of_the_last_attempt(server: Script) -> None:
    """Earlier attempts and waits must not make a model look slow."""
    server.answers(status(500), completion("x", delay_s=0.05))
    assert 50 <= ask(server).latency_ms < 1000


def test_latency_excludes_the_wait_for_a_turn(server: Script) -> None:
    """The original's measurement started in the queue."""
    server.answers(completion("x", delay_s=0.02))
    started = time.perf_counter()
    answers = ask_all(server, 2, limits={"rpm": 120, "window_s": 0.5, "timeout_s": 5})
    # Not from the first arrival: that may be late, and the window begins before it.
    assert server.arrived_at[1] - started >= 0.5
    assert all(answer.latency_ms < 400 for answer in answers)
    assert max(answer.wait_ms for answer in answers) >= 450


def test_a_request_that_waits_for_its_retry_releases_its_slot(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one slot, the second request is answered while the first one waits."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_S", 0.5)
    server.answers(status(500), "x")
    answers = ask_all(server, 2, limits={"concurrency": 1, "timeout_s": 5})
    assert server.most_at_once == 1
    assert [len(answer.attempts) for answer in answers] == [2, 1]
    assert server.bodies[1] == server.bodies[2]
    assert answers[1].wait_ms < answers[0].wait_ms


def test_the_limits_are_those_of_the_configuration_however_many_workers(server: Script) -> None:
    """The client limits concurrency, whatever the number of workers."""
    server.answers(completion("x", delay_s=0.02))
    ask_all(server, 30, limits={"concurrency": 3, "timeout_s": 5})
    assert server.most_at_once == 3


@pytest.mark.parametrize(
    "text",
    [
        '{"error": {"code": 503, "message": "Loading model"}}',
        '{"error": "Model vendor/model is currently loading", "estimated_time": 20.0}',
        "Model is not ready",
        "The instance is starting",
        "scaled to zero: cold start",
    ],
)
def test_a_model_that_is_loaded_is_waited_for(server: Script, text: str) -> None:
    """It takes a minute, and costs nothing: these are not failed attempts."""
    server.answers(*[status(503, text)] * (2 * backoff.TRIES), "loaded")
    answer = ask(server)
    assert answer.content == "loaded"
    assert {one.outcome for one in answer.attempts[:-1]} == {"loading"}


def test_a_model_that_is_never_loaded_is_given_up(server: Script) -> None:
    """After as many attempts as the retry budget has seconds, it is a failure like others."""
    server.answers(status(503, "Loading model"))
    with pytest.raises(InfrastructureError, match=r"no answer after 24 tries.*Loading model"):
        ask(server, limits={"retry_budget_s": 20})
