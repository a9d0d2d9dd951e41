"""What the client makes of time: limits, waits, latency."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from replay_assets.inference import client as client_module
from replay_assets.inference.client import ChatClient
from replay_assets.inference.completion import Completion
from replay_assets.inference.failures import InfrastructureError
from replay_assets.inference.limits import SlidingLimit
from tests.inference.scripted_server import (
    MESSAGES,
    Reply,
    Script,
    ask,
    candidate,
    completion,
    drip,
    hang,
    status,
)

pytestmark = pytest.mark.usefixtures("no_waits")


@pytest.mark.parametrize("endpoint", [hang, drip], ids=["hanging", "dripping"])
def test_an_endpoint_that_never_ends_is_left_in_time(server: Script, endpoint: Reply) -> None:
    """The limit is on the whole call: a byte every now and then does not extend it."""
    server.answers(endpoint)
    started = time.perf_counter()
    with pytest.raises(InfrastructureError, match=r"no answer within 0\.1 s"):
        ask(server, limits={"timeout_s": 0.1})
    assert time.perf_counter() - started < 3


def test_retry_after_is_honoured(server: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server knows best when it will answer again."""
    monkeypatch.setattr(client_module, "LONGEST_WAIT_S", 2.0)
    server.answers(status(429, Retry_After="1"), "later")
    answer = ask(server)
    assert server.arrived_at[1] - server.arrived_at[0] >= 1
    assert 1000 <= answer.wait_ms < 1100


@pytest.mark.parametrize("asked", ["Sun, 06 Nov 1994 08:49:37 GMT", "0", "-5", "soon", "\xb2", ""])
def test_a_retry_after_that_names_no_time_to_come_is_passed_over(
    server: Script, asked: str
) -> None:
    """A date that is over, a negative number, a word: the client's own backoff holds."""
    server.answers(status(503, Retry_After=asked), "later")
    answer = ask(server)
    assert answer.content == "later"
    assert answer.wait_ms <= client_module.LONGEST_WAIT_S * 1000


def test_a_retry_after_may_be_a_date(server: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP allows both; the date counts in whole seconds."""
    monkeypatch.setattr(client_module, "LONGEST_WAIT_S", 4.0)
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.answers(status(429, Retry_After=moment), "later")
    assert ask(server).wait_ms > 500


@pytest.mark.parametrize("asked", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_wait_beyond_patience_ends_the_request_and_nothing_is_asked_too_early(
    server: Script, asked: str
) -> None:
    """Asking before the server allows it would only be refused again, or punished."""
    server.answers(status(429, Retry_After=asked), "too early")
    with pytest.raises(InfrastructureError, match="asked to wait"):
        ask(server)
    assert len(server.arrived_at) == 1


def test_latency_is_the_last_calls_own_time(server: Script) -> None:
    """Neither earlier tries nor waits make a model look slow."""
    server.answers(status(500), completion("x", delay_s=0.05))
    assert 50 <= ask(server).latency_ms < 1000


def test_latency_leaves_out_the_wait_for_a_turn(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original's clock started in the queue."""
    one_limit = SlidingLimit(rpm=1, tpm=None, window_s=0.5)
    server.answers(completion("x", delay_s=0.02))
    monkeypatch.setattr(
        client_module,
        "shared_limit",
        lambda *_, **__: one_limit,
    )

    async def run() -> list[Completion]:
        only_one = candidate(server.base_url, limits={"rpm": 1, "timeout_s": 5})
        async with ChatClient(only_one, api_key=None) as client:
            return await asyncio.gather(*(client.complete(MESSAGES) for _ in range(2)))

    answers = asyncio.run(run())
    assert server.arrived_at[1] - server.arrived_at[0] >= 0.45
    assert all(answer.latency_ms < 400 for answer in answers)
