"""A log of the calls in a sliding window, which is 1 % longer than the window of the endpoint.

Because of network delays, calls that the client sent in a minute can arrive within a little less
than a minute. A token bucket exceeds a server's sliding window by 13 to 17 %, this log never.
"""

from collections import OrderedDict

from replay_assets.inference.throttling.limits import Ticket

LONGER = 1.01
REMEMBERED = 10_000
"""Calls that a log without a limit keeps, to learn a limit from the endpoint's first 429s."""


class SlidingLog:
    """Counts requests and tokens in the last window, each with a maximum or without one (None)."""

    def __init__(
        self, window_s: float, most_requests: int | None, most_tokens: float | None
    ) -> None:
        # In the order of admission. The time of a ticket changes when its call ends, so time alone
        # does not show whether a call is still in the window.
        self._calls: OrderedDict[Ticket, None] = OrderedDict()
        self._requests = 0
        self._tokens = 0
        self.resize(window_s, most_requests, most_tokens)

    def resize(self, window_s: float, most_requests: int | None, most_tokens: float | None) -> None:
        """Change the window or the maximums."""
        self.window_s = window_s
        self._span_s = window_s * LONGER
        self._most_requests = most_requests
        self._most_tokens = most_tokens

    def delay(self, now: float, tokens: int) -> float:
        """Return 0 if a call fits now, else the seconds until the oldest call leaves the window."""
        self._expire(now)
        over_requests = self._most_requests is not None and self._requests >= self._most_requests
        # A call that is larger than the maximum is sent when the window is empty; else it would
        # wait for ever.
        over_tokens = (
            self._most_tokens is not None
            and self._requests > 0
            and self._tokens + tokens > self._most_tokens
        )
        if not (over_requests or over_tokens):
            return 0.0
        oldest = next(call for call in self._calls if not call.rate_limited)
        return max(oldest.sent_at + self._span_s - now, 0.001)

    def add(self, ticket: Ticket) -> None:
        """Count a call."""
        self._calls[ticket] = None
        self._requests += 1
        self._tokens += ticket.tokens
        unlimited = self._most_requests is None and self._most_tokens is None
        if unlimited and len(self._calls) > REMEMBERED:
            self._drop()

    def correct(self, ticket: Ticket, tokens: int) -> None:
        """Replace a call's estimate by the reported tokens if the call is still in the window."""
        if ticket in self._calls:
            self._tokens += tokens - ticket.tokens

    def forget(self, ticket: Ticket) -> None:
        """Stop counting a rate-limited call, because the endpoint did not count it either."""
        if ticket in self._calls:
            self._requests -= 1

    def recent(self) -> list[Ticket]:
        """Return the calls in the window that were not rate limited, oldest first."""
        return [call for call in self._calls if not call.rate_limited]

    def _expire(self, now: float) -> None:
        while self._calls and next(iter(self._calls)).sent_at <= now - self._span_s:
            self._drop()

    def _drop(self) -> None:
        gone, _ = self._calls.popitem(last=False)
        if not gone.rate_limited:
            self._requests -= 1
        self._tokens -= gone.tokens
