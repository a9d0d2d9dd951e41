"""An endpoint that allows a number of calls per window: configured, or learned from 429s."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest

from replay_assets.candidates import Limits
from replay_assets.inference.throttling import Settled, in_process
from replay_assets.inference.throttling.in_process import InProcessLimit
from replay_assets.inference.throttling.limits import Ticket
from replay_assets.inference.throttling.rate_learning import LearnedWindow, RateLimitedSpan
from tests.inference.virtual_time import run_in_virtual_time, virtual_clock

ALLOWED, WINDOW_S = 40, 1.0


@dataclass
class Throttled:
    """A server's sliding window: when each request came, and which were rate limited."""

    latency_s: float
    tells_when: bool = False
    window_s: float = WINDOW_S
    served: deque[float] = field(default_factory=deque)
    limited_at: list[float] = field(default_factory=list)
    served_at: list[float] = field(default_factory=list)

    async def ask(self) -> Settled:
        """Answer after the latency, or give a 429 sooner."""
        now = virtual_clock()
        while self.served and self.served[0] <= now - self.window_s:
            self.served.popleft()
        if len(self.served) >= ALLOWED:
            self.limited_at.append(now)
            pause_s = self.served[0] + self.window_s - now if self.tells_when else None
            await asyncio.sleep(0.005)
            return Settled(rate_limited=True, pause_s=pause_s)
        self.served.append(now)
        self.served_at.append(now)
        await asyncio.sleep(self.latency_s)
        return Settled(served=True)


def replay(server: Throttled, requests: int, **figures: Any) -> None:
    """Send requests from as many workers as a run has, each until it is served."""
    limit = InProcessLimit(clock=virtual_clock)
    limit.join(Limits.model_validate({"concurrency": 64, **figures}))

    async def work(left: list[int]) -> None:
        while left:
            left.pop()
            while True:
                ticket = await limit.acquire(1)
                end = await server.ask()
                limit.settle(ticket, end)
                if end.served:
                    break

    async def run() -> None:
        left = list(range(requests))
        await asyncio.gather(*(work(left) for _ in range(128)))

    run_in_virtual_time(run())


def late_429s(server: Throttled) -> float:
    """Return the share of requests that were rate limited after the first window."""
    start = server.served_at[0] + server.window_s * 1.05
    late = [at for at in server.limited_at if at > start]
    return len(late) / len([at for at in server.served_at if at > start])


def throughput(server: Throttled, *, later_than_s: float = -1.0) -> float:
    """Return the share of the calls allowed in that time that were served."""
    served_at = [at for at in server.served_at if at > server.served_at[0] + later_than_s]
    return len(served_at) / (ALLOWED * ((served_at[-1] - served_at[0]) / server.window_s + 1))


@pytest.mark.parametrize("latency_s", [0.02, 0.3])
def test_a_configured_limit_is_never_exceeded_and_almost_fully_used(latency_s: float) -> None:
    """The window is 1 % longer than the server's: there is no 429, and 1 % is not used."""
    server = Throttled(latency_s)
    replay(server, 3 * ALLOWED, rpm=ALLOWED * 60, window_s=WINDOW_S)
    assert server.limited_at == []
    assert throughput(server) >= 0.95


@pytest.mark.parametrize(
    ("latency_s", "tells_when"), [(0.02, False), (0.3, True)], ids=["silent", "retry_after"]
)
def test_an_unpublished_limit_is_learned_in_its_first_window(
    latency_s: float, tells_when: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only from 429s and their times; number and window are not configured."""
    monkeypatch.setattr(in_process, "FIRST_PAUSE_S", 0.08)
    server = Throttled(latency_s, tells_when)
    replay(server, 6 * ALLOWED)
    assert server.limited_at
    assert late_429s(server) <= 0.02
    assert throughput(server) >= 0.8  # its first window is spent on learning


@pytest.mark.parametrize("latency_s", [0.05, 1.0])
def test_a_learned_limit_is_almost_fully_used_after_its_first_window(latency_s: float) -> None:
    """The case of `test_throttled_server`, without the delays of a real machine."""
    server = Throttled(latency_s, window_s=6.0)
    replay(server, 4 * ALLOWED)
    assert late_429s(server) <= 0.02
    assert throughput(server, later_than_s=server.window_s) >= 0.95


def calls(times: list[float]) -> list[Ticket]:
    """Tickets of calls that were served."""
    return [Ticket(at, 1) for at in times]


def learned(
    rate_limited: list[float], served: list[float], reopened_at: float
) -> LearnedWindow | None:
    """Return the limit that is learned from 429s among served calls."""
    limited = RateLimitedSpan(first_at=rate_limited[0])
    for at in rate_limited:
        limited.add(Ticket(at, 1))
    return LearnedWindow.of(limited, calls(served), reopened_at=reopened_at, window_s=60.0)


def test_nothing_is_learned_from_a_single_429() -> None:
    """One call in twenty is rate limited, the others are served."""
    served = [0.01 * step for step in range(200)]
    assert learned([1.0, 1.2, 1.4], served, reopened_at=2.5) is None
    assert learned([1.99], served, reopened_at=2.5) is None


def test_the_span_is_a_usual_one_between_the_last_429_and_the_next_answer() -> None:
    """No endpoint uses windows of 7.3 s."""
    window = learned([0.5, 2.0, 5.5], [0.01] * 40, reopened_at=7.3)
    assert window is not None
    assert (window.allowed, window.span_s) == (40, 6.0)


def test_after_windows_without_429s_more_is_tried_and_undone_after_one() -> None:
    """If the limit was raised, it is used; if not, this costs one 429 in ten windows."""
    window = LearnedWindow(40, 1.0, [])
    now = 0.0
    for _ in range(40):
        window.log.add(Ticket(now, 1))
    assert window.delay(now) > 0
    for _ in range(40):
        window.log.add(Ticket(10.05, 1))
    assert window.delay(10.05) == 0
    assert window.allowed == 42
    assert window.took_back(RateLimitedSpan(first_at=10.06, last_at=10.06, count=1, probes=1))
    assert window.allowed == 40
    assert window.delay(10.1) > 0
