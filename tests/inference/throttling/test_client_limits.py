"""A client can use any store of limits."""

import asyncio

import pytest

from replay_assets.candidates import Candidate, Limits
from replay_assets.inference.call.failures import PatienceExceededError
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.throttling import EndpointLimit, Settled, Ticket
from tests.inference.scripted_server import MESSAGES, Script, candidate, completion, status


class RecordingLimit:
    """Admits every call immediately and records how it is used."""

    def __init__(self, *, limited_for_s: float = 0.0) -> None:
        self.limited_for_s = limited_for_s
        self.pause_left_s = 0.0
        self.events: list[str] = []
        self.settled: list[Settled] = []

    def join(self, limits: Limits) -> None:
        """Record a candidate that joins."""
        self.events.append(f"join {limits.concurrency}")

    def leave(self, limits: Limits) -> None:
        """Record a candidate that leaves."""
        self.events.append(f"leave {limits.concurrency}")

    async def acquire(self, tokens: int) -> Ticket:
        """Admit the call immediately."""
        self.events.append("acquire")
        return Ticket(0.0, tokens)

    def settle(self, ticket: Ticket, end: Settled) -> None:
        """Record how a call ended."""
        self.events.append("settle")
        self.settled.append(end)

    def require(self, ticket: Ticket) -> None:
        """Allow every call."""

    async def pause(self, seconds: float) -> None:
        """Record a pause without waiting."""
        self.events.append("pause")


class OneLimit:
    """A store that has one limit and records for which key it is asked."""

    def __init__(self, limit: EndpointLimit) -> None:
        self.limit = limit
        self.keys: list[str] = []

    def limit_of(self, key: str) -> EndpointLimit:
        """Return the one limit."""
        self.keys.append(key)
        return self.limit


def ask(one: Candidate, store: OneLimit) -> None:
    """Send one request with a store of limits."""

    async def run() -> None:
        async with ChatClient(one, api_key=None, limits=store) as client:
            await client.complete(MESSAGES)

    asyncio.run(run())


@pytest.mark.usefixtures("no_waits")
def test_a_client_uses_the_store_of_limits_that_it_is_given(server: Script) -> None:
    """By the key of its endpoint: before each attempt, and after it with how the attempt ended."""
    server.answers(status(429, Retry_After="0.01"), completion("x", usage=(10, 5)))
    one = candidate(server.base_url, limits={"concurrency": 3, "timeout_s": 5})
    limit = RecordingLimit()
    store = OneLimit(limit)
    ask(one, store)
    assert store.keys == [one.limit_key]
    assert limit.events == ["join 3", *["acquire", "settle"] * 2, "leave 3"]
    assert limit.settled == [
        Settled(rate_limited=True, pause_s=0.01, failed=True),
        Settled(served=True, tokens=15, failed=False),
    ]


@pytest.mark.usefixtures("no_waits")
def test_the_limit_knows_for_how_long_an_endpoint_has_limited_calls(server: Script) -> None:
    """Other runs that share it may have been rate limited before this one."""
    server.answers(status(429))
    one = candidate(server.base_url, limits={"patience_s": 60})
    with pytest.raises(PatienceExceededError, match="every request, beyond the 60 s"):
        ask(one, OneLimit(RecordingLimit(limited_for_s=61.0)))
