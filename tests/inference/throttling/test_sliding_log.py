"""A log counts the calls in its window only, even if a call ends after it left the window."""

from replay_assets.inference.throttling.limits import Ticket
from replay_assets.inference.throttling.sliding_log import SlidingLog


def log_with(
    *, requests: int | None = None, tokens: float | None = None
) -> tuple[SlidingLog, Ticket]:
    """Return a log of 60 s with room for two more calls, and a call that has left its window."""
    log = SlidingLog(60.0, requests, tokens)
    late = Ticket(0.0, 10)
    log.add(late)
    assert log.delay(61.0, 10) == 0  # the late call leaves the window
    log.add(Ticket(61.0, 10))
    late.sent_at = 61.5  # its time of arrival is corrected when it ends, after it left the window
    return log, late


def room(log: SlidingLog) -> int:
    """Return how many calls of 10 tokens fit into the window now."""
    admitted = 0
    while log.delay(62.0, 10) == 0:
        log.add(Ticket(62.0, 10))
        admitted += 1
    return admitted


def test_usage_reported_after_the_window_makes_no_room() -> None:
    """The tokens of the call were already subtracted when it left."""
    log, late = log_with(tokens=30)
    log.correct(late, 0)
    assert room(log) == 2


def test_a_429_after_the_window_makes_no_room() -> None:
    """The call must not be subtracted twice."""
    log, late = log_with(requests=3)
    late.rate_limited = True
    log.forget(late)
    assert room(log) == 2


def test_a_429_within_the_window_makes_room() -> None:
    """The endpoint did not count it either."""
    log, _ = log_with(requests=3, tokens=30)
    limited = Ticket(61.6, 10)
    log.add(limited)
    limited.rate_limited = True
    log.correct(limited, 0)
    limited.tokens = 0
    log.forget(limited)
    assert room(log) == 2
