"""What a log counts is what is in its window, however late a call ends."""

from replay_assets.inference.throttling.sliding_log import SlidingLog, Ticket


def log_with(
    *, requests: int | None = None, tokens: float | None = None
) -> tuple[SlidingLog, Ticket]:
    """Return a log of 60 s with room for two more calls, and a call that has left its window."""
    log = SlidingLog(60.0, requests, tokens)
    late = Ticket(0.0, 10)
    log.add(late)
    assert log.delay(61.0, 10) == 0  # the late one leaves
    log.add(Ticket(61.0, 10))
    late.sent_at = 61.5  # when a call arrived is known at its end alone: no sooner than others
    return log, late


def room(log: SlidingLog) -> int:
    """Return how many calls of 10 tokens go into the window now."""
    admitted = 0
    while log.delay(62.0, 10) == 0:
        log.add(Ticket(62.0, 10))
        admitted += 1
    return admitted


def test_usage_reported_after_the_window_makes_no_room() -> None:
    """The tokens of a call that has left were taken off with it."""
    log, late = log_with(tokens=30)
    log.correct(late, 0)
    assert room(log) == 2


def test_a_refusal_after_the_window_makes_no_room() -> None:
    """Nor are its requests taken off twice."""
    log, late = log_with(requests=3)
    late.refused = True
    log.forget(late)
    assert room(log) == 2


def test_a_refusal_within_the_window_makes_room() -> None:
    """The endpoint did not count it either."""
    log, _ = log_with(requests=3, tokens=30)
    refused = Ticket(61.6, 10)
    log.add(refused)
    refused.refused = True
    log.correct(refused, 0)
    refused.tokens = 0
    log.forget(refused)
    assert room(log) == 2
