"""The progress of a batch: counts, speed, cost, and estimates for the rest."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from replay_assets.contracts.percentile import percentile
from replay_assets.inference.call import Call, total_cost
from replay_assets.totals import known_total

RECENT = 1_000
"""The number of latest calls from which the 95th percentile and the speed are computed."""


@dataclass(frozen=True)
class BatchProgress:
    """The state of a run at one moment.

    `done` counts dialogues whose calls are all durable, `failed` those of them without an answer,
    `reused` those answered from stored calls only, `retries` attempts after the first of a call.
    Unknown figures are None.
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
        """Return the state as one line for a log."""
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


Report = Callable[[BatchProgress], None]


class ProgressMeter:
    """Counts calls when they become durable, and dialogues when their last call does."""

    def __init__(self, size: int, report: Report | None) -> None:
        self._total = size
        self._report = report
        self._not_durable: set[str] = set()
        self._waiting: defaultdict[str, list[bool]] = defaultdict(list)
        self._done = self._failed = self._reused = self._retries = 0
        self._tokens: int | None = 0
        self._cost_usd: float | None = 0.0
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._moments: deque[float] = deque([time.monotonic()], maxlen=RECENT)

    @property
    def answered(self) -> int:
        """The number of finished dialogues whose last call is an answer: no run asks them again."""
        return self._done - self._failed

    def finish(self, last: Call | None, *, reused: bool) -> None:
        """Count a dialogue as done when its last call is durable, which may be now.

        `reused` means that all its calls were stored before this run.
        """
        if last is not None and last.key in self._not_durable:
            self._waiting[last.key].append(reused)
        else:
            self._count_one(last, reused=reused)

    def count(self, calls: Iterable[Call]) -> None:
        """Count calls that have become durable, and report the progress."""
        for call in calls:
            self._not_durable.discard(call.key)
            for reused in self._waiting.pop(call.key, ()):  # dialogues may share a call
                self._count_one(call, reused=reused)
        if self._report is not None:
            self._report(self.moment())

    def _count_one(self, last: Call | None, *, reused: bool) -> None:
        self._done += 1
        self._failed += last is not None and not last.is_answer
        self._reused += reused

    def moment(self) -> BatchProgress:
        """Return the current state."""
        # Reused answers cost nothing, so estimates are made from the other dialogues.
        fresh = self._done - self._reused
        share = None if not fresh else (self._total - self._reused) / fresh
        span_s = time.monotonic() - self._moments[0]
        pace = len(self._moments) / span_s if len(self._moments) > 1 and span_s > 0 else None
        return BatchProgress(
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
        """Add the time and cost of a call when it ends, before it is durable."""
        self._not_durable.add(call.key)
        attempts = call.all_attempts
        self._retries += max(len(attempts) - 1, 0)
        self._moments.append(time.monotonic())
        if call.completion is not None:
            self._latencies.append(call.completion.latency_ms)
            self._tokens = known_total([self._tokens, call.completion.usage.total_tokens])
            self._cost_usd = known_total([self._cost_usd, total_cost(attempts)])


def _projected(so_far: float | None, share: float | None) -> float | None:
    return None if so_far is None or share is None else so_far * share
