"""How far a run has come: counts, pace, money, and what is left at this pace."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from replay_assets.contracts.percentile import percentile
from replay_assets.inference.call.call import Call

Number = TypeVar("Number", int, float)

RECENT = 1_000
"""Latencies over which the 95th percentile is taken, and calls over which the pace is."""


@dataclass(frozen=True)
class ReplayProgress:
    """A moment of a run.

    `done` counts requests whose every call is durable, `failed` those among them without an answer,
    `reused` those that cost nothing now, `retries` attempts beyond the first of a call. What is
    unknown is null.
    """

    total: int
    done: int
    failed: int
    reused: int
    retries: int
    rate_per_s: float | None
    p95_latency_ms: float | None
    tokens: int | None
    cost_usd: float | None
    projected_tokens: float | None
    projected_cost_usd: float | None
    left_s: float | None

    def line(self) -> str:
        """Return the moment in one line, for a log."""
        parts = [f"{self.done} of {self.total} done", f"{self.failed} failed"]
        parts += [f"{self.reused} reused", f"{self.retries} retries"]
        if self.rate_per_s is not None:
            parts.append(f"{self.rate_per_s:.1f}/s")
        if self.p95_latency_ms is not None:
            parts.append(f"p95 {self.p95_latency_ms:,.0f} ms")
        if self.projected_tokens is not None:
            parts.append(f"{self.tokens:,} of {self.projected_tokens:,.0f} tokens")
        if self.projected_cost_usd is not None:
            parts.append(f"${self.cost_usd:.4f} of ${self.projected_cost_usd:.4f}")
        if self.left_s is not None:
            parts.append(f"{self.left_s:,.0f} s left")
        return ", ".join(parts)


Report = Callable[[ReplayProgress], None]


class ProgressMeter:
    """Counts calls as they become durable, and requests as their last call does."""

    def __init__(self, requests: int, report: Report | None) -> None:
        self._total = requests
        self._report = report
        self._last_calls: set[str] = set()
        self._done = self._failed = self._reused = self._retries = 0
        self._tokens: int | None = 0
        self._cost_usd: float | None = 0.0
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._moments: deque[float] = deque([time.monotonic()], maxlen=RECENT)

    @property
    def done(self) -> int:
        """How many requests are done."""
        return self._done

    def finish(self, call: Call, *, reused: bool) -> None:
        """Count a request as done: at once if all its calls were kept, else with its last call."""
        if reused:
            self._done += 1
            self._reused += 1
        else:
            self._last_calls.add(call.key)

    def count(self, calls: Iterable[Call]) -> None:
        """Take up calls that are durable now, and report."""
        for call in calls:
            if call.key in self._last_calls:
                self._last_calls.remove(call.key)
                self._done += 1
                self._failed += not call.is_answer
        if self._report is not None:
            self._report(self.moment())

    def moment(self) -> ReplayProgress:
        """Return the present moment."""
        fresh = self._done - self._reused
        share = None if not fresh else (self._total - self._reused) / fresh
        span_s = time.monotonic() - self._moments[0]
        pace = len(self._moments) / span_s if len(self._moments) > 1 and span_s > 0 else None
        return ReplayProgress(
            total=self._total,
            done=self._done,
            failed=self._failed,
            reused=self._reused,
            retries=self._retries,
            rate_per_s=pace,
            p95_latency_ms=percentile(self._latencies, 95),
            tokens=self._tokens,
            cost_usd=self._cost_usd,
            projected_tokens=_projected(self._tokens, share),
            projected_cost_usd=_projected(self._cost_usd, share),
            left_s=(self._total - self._done) / pace if pace else None,
        )

    def account(self, call: Call) -> None:
        """Take up what a call took and cost, when it ends."""
        attempts = call.all_attempts
        self._retries += max(len(attempts) - 1, 0)
        self._moments.append(time.monotonic())
        if call.completion is not None:
            self._latencies.append(call.completion.latency_ms)
            self._tokens = _sum(self._tokens, call.completion.usage.total_tokens)
            self._cost_usd = _sum(self._cost_usd, call.completion.cost_usd)


def _sum(one: Number | None, other: Number | None) -> Number | None:
    """Add what is known; what is unknown once stays so."""
    return None if one is None or other is None else one + other


def _projected(so_far: float | None, share: float | None) -> float | None:
    return None if so_far is None or share is None else so_far * share
