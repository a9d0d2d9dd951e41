"""Learns the unpublished limit of an endpoint from its 429s, and later tries to send more.

Hosted endpoints limit rates without publishing the figure (NVIDIA: about 40 per minute), often
without Retry-After. If a burst of calls is rate limited, the limit is the number of calls that were
served before it, and its window is the time until a call is served again. A single 429 says nothing
about a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from replay_assets.inference.throttling.limits import Ticket
from replay_assets.inference.throttling.sliding_log import SlidingLog

USUAL_WINDOWS_S = (1.0, 2.0, 5.0, 6.0, 10.0, 15.0, 20.0, 30.0, 60.0)
"""Usual windows of endpoints in seconds; the true one is between the last 429 and the next
answer."""
FEWEST_LIMITED, SMALLEST_SHARE = 3, 0.3
"""At least this many calls and this share of them must be rate limited to be a burst: 5 % of single
429s never reach it."""
CALM_WINDOWS = 10
"""Windows without a 429 before more is tried: with 40 calls per window, a failed trial costs 1
in 400 calls."""
GROWTH, WIDER = 1.05, 1.05
"""Factors by which a trial raises the number of calls, and by which the window is made longer."""
SLACK = 0.97
"""Tolerance of clocks: a 429 at 6.0 s by ours may have been early in a window of 6 s."""


@dataclass(slots=True)
class RateLimitedSpan:
    """A time in which every call was rate limited; `probes` counts those that were sent alone."""

    first_at: float
    last_at: float = 0.0
    count: int = 0
    probes: int = 0

    def add(self, ticket: Ticket) -> None:
        """Add a rate-limited call."""
        self.first_at = min(self.first_at, ticket.sent_at)
        self.last_at = max(self.last_at, ticket.sent_at)
        self.count += 1


class LearnedWindow:
    """The number of calls in a span that the endpoint was observed to allow."""

    def __init__(self, allowed: int, span_s: float, calls: Sequence[Ticket]) -> None:
        self.allowed = allowed
        self.span_s = span_s
        self._calm_windows = CALM_WINDOWS
        self._next_trial_at: float | None = None
        self._before_trial: int | None = None
        self._start(calls)

    @classmethod
    def of(
        cls,
        limited: RateLimitedSpan,
        calls: Sequence[Ticket],
        *,
        reopened_at: float,
        window_s: float,
    ) -> Self | None:
        """Return the limit that a time of 429s shows; None if it was not a burst.

        `calls` are those of the last `window_s` seconds that were not rate limited, oldest first.
        """
        served = [call for call in calls if call.sent_at < reopened_at]
        if not served:
            return None
        since = [call for call in served if call.sent_at >= limited.first_at]
        share = limited.count / (limited.count + len(since))
        if limited.count < FEWEST_LIMITED or share < SMALLEST_SHARE:
            return None
        start = served[0].sent_at
        shortest, longest = limited.last_at - start, min(reopened_at - start, window_s)
        # No endpoint counts in spans such as 7.3 s, so a usual one is taken if one fits.
        usual = [span for span in USUAL_WINDOWS_S if shortest * SLACK < span <= longest]
        return cls(len(served), usual[-1] if usual else max(longest, 0.1), calls)

    def delay(self, now: float) -> float:
        """Return the seconds until another call fits; after many calm windows, allow a few more."""
        delay = self.log.delay(now, 0)
        if self._next_trial_at is None:
            self._next_trial_at = now + self._calm_windows * self.span_s
        elif delay > 0 and now >= self._next_trial_at:
            self._before_trial = self.allowed
            self.allowed = max(int(self.allowed * GROWTH), self.allowed + 1)
            self._next_trial_at = now + self.span_s  # until a 429, try more in every window
            self._resize()
            delay = self.log.delay(now, 0)
        return delay

    def took_back(self, limited: RateLimitedSpan) -> bool:
        """Undo a trial, if one is running, and return whether it was: it explains the 429s."""
        if self._before_trial is None:
            return False
        self.allowed, self._before_trial = self._before_trial, None
        # Each failed trial costs a rate-limited call, so the next one comes later.
        self._calm_windows *= 2
        self._next_trial_at = limited.last_at + self._calm_windows * self.span_s
        self._resize()
        return True

    def widen(self, limited: RateLimitedSpan) -> None:
        """Count over a longer span, because there were 429s that should not have been."""
        self.span_s *= WIDER
        self._next_trial_at = limited.last_at + self._calm_windows * self.span_s
        self._resize()

    def _start(self, calls: Sequence[Ticket]) -> None:
        self.log = SlidingLog(self.span_s, self.allowed, None)
        for call in calls:
            self.log.add(call)

    def _resize(self) -> None:
        self.log.resize(self.span_s, self.allowed, None)
