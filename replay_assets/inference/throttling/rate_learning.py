"""Learning an endpoint's unpublished limit from what it refuses, and trying again for more.

Hosted endpoints throttle near some figure that they do not publish (NVIDIA's: about 40 a minute),
often without Retry-After. When a whole burst is refused, the calls that were served before it and
the time until one is served again are that limit. A stray 429 teaches nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from replay_assets.inference.throttling.sliding_log import SlidingLog, Ticket

USUAL_WINDOWS_S = (1.0, 2.0, 5.0, 6.0, 10.0, 15.0, 20.0, 30.0, 60.0)
"""Spans that endpoints count in; the true one lies between the last refusal and the next answer."""
FEWEST_REFUSED, SMALLEST_SHARE = 3, 0.3
"""A burst is refused, not a call here and there: with 5 % of stray 429s this is never reached."""
CALM_WINDOWS = 10
"""Windows without a refusal before more is tried: at 40 a window that costs 1 in 400 calls."""
GROWTH, WIDER = 1.05, 1.05
SLACK = 0.97
"""A call that was refused at 6.0 s by our clock may have been early for a window of 6 s."""


@dataclass(slots=True)
class Refusals:
    """An unbroken time of refusals. `probes`: how many calls in a row were sent alone, in vain."""

    first_at: float
    last_at: float = 0.0
    count: int = 0
    probes: int = 0

    def add(self, ticket: Ticket) -> None:
        """Count a refused call by when it was sent."""
        self.first_at = min(self.first_at, ticket.sent_at)
        self.last_at = max(self.last_at, ticket.sent_at)
        self.count += 1


class LearnedWindow:
    """A number of calls in a span: what the endpoint was seen to allow."""

    def __init__(self, allowed: int, span_s: float, calls: Sequence[Ticket]) -> None:
        self.allowed = allowed
        self.span_s = span_s
        self._calm_windows = CALM_WINDOWS
        self._next_trial_at: float | None = None
        self._before_trial: int | None = None
        self._start(calls)

    @classmethod
    def of(
        cls, refusals: Refusals, calls: Sequence[Ticket], *, reopened_at: float, window_s: float
    ) -> Self | None:
        """Return what a time of refusals teaches; None where it was a stray one.

        `calls` are those of the last `window_s` seconds that were not refused, oldest first.
        """
        served = [call for call in calls if call.sent_at < reopened_at]
        if not served:
            return None
        since = [call for call in served if call.sent_at >= refusals.first_at]
        share = refusals.count / (refusals.count + len(since))
        if refusals.count < FEWEST_REFUSED or share < SMALLEST_SHARE:
            return None
        start = served[0].sent_at
        shortest, longest = refusals.last_at - start, min(reopened_at - start, window_s)
        usual = [span for span in USUAL_WINDOWS_S if shortest * SLACK < span <= longest]
        return cls(len(served), usual[-1] if usual else max(longest, 0.1), calls)

    def delay(self, now: float) -> float:
        """Return the seconds until another call fits; after a long calm, a few more fit."""
        delay = self.log.delay(now, 0)
        if self._next_trial_at is None:
            self._next_trial_at = now + self._calm_windows * self.span_s
        elif delay > 0 and now >= self._next_trial_at:
            self._before_trial = self.allowed
            self.allowed = max(int(self.allowed * GROWTH), self.allowed + 1)
            self._next_trial_at = now + self.span_s  # while it goes well, more with every window
            self._resize()
            delay = self.log.delay(now, 0)
        return delay

    def took_back(self, refusals: Refusals) -> bool:
        """Take back a trial if there was one: what was refused then is no news."""
        if self._before_trial is None:
            return False
        self.allowed, self._before_trial = self._before_trial, None
        self._calm_windows *= 2
        self._next_trial_at = refusals.last_at + self._calm_windows * self.span_s
        self._resize()
        return True

    def widen(self, refusals: Refusals) -> None:
        """Count over a longer span: a few calls were refused that should have been allowed."""
        self.span_s *= WIDER
        self._next_trial_at = refusals.last_at + self._calm_windows * self.span_s
        self._resize()

    def _start(self, calls: Sequence[Ticket]) -> None:
        self.log = SlidingLog(self.span_s, self.allowed, None)
        for call in calls:
            self.log.add(call)

    def _resize(self) -> None:
        self.log.resize(self.span_s, self.allowed, None)
