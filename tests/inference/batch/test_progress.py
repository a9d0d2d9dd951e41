"""Progress of a run: what is counted, what is estimated, and the line for the log."""

from dataclasses import replace
from itertools import count

import pytest

from replay_assets.inference.batch.progress import BatchProgress, ProgressMeter
from replay_assets.inference.call.completion import ChainStep
from tests.inference.calls import answered, attempt, failed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that advances by one second each time it is read."""
    ticks = count()
    monkeypatch.setattr(
        "replay_assets.inference.batch.progress.time.monotonic", lambda: float(next(ticks))
    )


def test_a_request_is_done_once_its_last_call_is_durable(clock: None) -> None:
    """Asking, and the first of two calls, are not enough."""
    seen: list[BatchProgress] = []
    meter = ProgressMeter(4, seen.append)
    first, repair, broken = answered("first"), answered("repair"), failed("broken")
    for call in (first, repair, broken):
        meter.account(call)
    meter.finish(repair, reused=False)
    meter.count([first])
    meter.finish(broken, reused=False)
    meter.count([repair, broken])
    meter.finish(answered("kept"), reused=True)
    meter.count([])
    assert [one.done for one in seen] == [0, 2, 3]
    last = seen[-1]
    assert (last.failed, last.reused, last.retries) == (1, 1, 2)
    assert last.p95_latency_ms == 20.0
    assert last.tokens == 24
    assert last.rate_per_s is not None
    assert last.left_s == pytest.approx(1 / last.rate_per_s)
    assert last.projected_tokens == pytest.approx(24 * 3 / 2)
    assert last.cost_usd is None


def test_the_cost_includes_the_members_of_a_route_that_failed_before() -> None:
    """As it includes the failed attempts of a single candidate."""
    lost = attempt(outcome="timeout", cost_usd=0.25, possibly_paid=True)
    chain = (
        ChainStep("first", "infrastructure_failure", (lost,)),
        ChainStep("second", "answered"),
    )
    completion = answered("a").completion
    assert completion is not None
    completion = replace(completion, attempts=(attempt(cost_usd=0.5),))
    meter = ProgressMeter(1, None)
    meter.account(answered("a", completion=completion, chain=chain))
    assert meter.moment().cost_usd == 0.75


def test_the_progress_is_one_line() -> None:
    """Unknown figures are left out, not shown as 0."""
    nothing = ProgressMeter(10, None).moment()
    assert nothing.line() == "0 of 10 done, 0 failed, 0 reused, 0 retries"
    full = BatchProgress(
        total=100, done=50, failed=1, reused=10, retries=7, rate_per_s=12.34, p95_latency_ms=1234.5,
        tokens=50_000, cost_usd=0.5, projected_tokens=112_500, projected_cost_usd=1.125,
        left_s=4.05,
    )  # fmt: skip
    assert full.line() == (
        "50 of 100 done, 1 failed, 10 reused, 7 retries, 12.3/s, p95 1,234 ms, "
        "50,000 of 112,500 tokens, $0.5000 of $1.1250, 4 s left"
    )
