"""When a circuit opens, for how long, and how it closes, by a clock that the test moves."""

import pytest

from replay_assets.inference.call.failures import CircuitOpenError
from replay_assets.inference.routing.breaker import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    CircuitBreaker,
    CircuitBreakers,
)


class Clock:
    """A clock that passes only when a test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """The clock of the breaker."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    """A breaker that nothing has used."""
    return CircuitBreaker(clock=clock)


def play(breaker: CircuitBreaker, ends: str) -> None:
    """Send attempts one after the other: `x` fails, `.` does not."""
    for end in ends:
        breaker.settle(breaker.admit(), failed=end == "x")


@pytest.mark.parametrize(
    ("ends", "closed"),
    [
        ("xxxxxxx", True),
        ("xxxxxxxx", False),
        ("....xxxx", False),
        (".....xxx", True),
        ("." * 20 + "x" * 9, True),
        ("." * 20 + "x" * 10, False),
        ("xxx" + "." * 30 + "x" * 9, True),
    ],
    ids=["seven", "eight", "half", "less", "9_of_20", "10_of_20", "forgotten"],
)
def test_half_of_the_last_20_of_at_least_8_open_it(
    breaker: CircuitBreaker, ends: str, closed: bool
) -> None:
    """A few failures of many are retried at the same endpoint."""
    play(breaker, ends)
    assert breaker.is_closed is closed


def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    """Return the breaker, opened."""
    play(breaker, "x" * 8)
    return breaker


def test_while_it_is_open_nothing_is_sent(breaker: CircuitBreaker, clock: Clock) -> None:
    """Until the pause is over; then one probe."""
    opened(breaker)
    clock.now_s = FIRST_PAUSE_S - 0.01
    with pytest.raises(CircuitOpenError):
        breaker.admit()
    clock.now_s = FIRST_PAUSE_S
    breaker.admit()
    with pytest.raises(CircuitOpenError):
        breaker.admit()


def test_a_probe_that_is_answered_closes_it_with_an_empty_window(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """Failures of before do not count again."""
    opened(breaker)
    clock.now_s = FIRST_PAUSE_S
    play(breaker, ".xxxxxxx")
    assert breaker.is_closed
    play(breaker, "x")
    assert not breaker.is_closed


def test_pauses_grow_with_every_failed_probe_up_to_the_longest(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """A long outage costs few probes, and its end is noticed within ten seconds."""
    opened(breaker)
    pauses = []
    for _ in range(6):
        pauses.append(breaker.left_s)
        clock.now_s += breaker.left_s
        play(breaker, "x")
    assert pauses == [1, 2, 4, 8, 10, 10]
    assert LONGEST_PAUSE_S == 10
    clock.now_s += breaker.left_s
    play(breaker, ".")
    opened(breaker)
    assert breaker.left_s == FIRST_PAUSE_S  # another outage may be short


def test_a_probe_without_an_end_frees_its_place(breaker: CircuitBreaker, clock: Clock) -> None:
    """A request that the gate blocks, or a run that is cancelled, must not keep it open."""
    opened(breaker)
    clock.now_s = FIRST_PAUSE_S
    breaker.settle(breaker.admit(), failed=None)
    play(breaker, ".")
    assert breaker.is_closed


def test_what_was_sent_before_it_opened_changes_nothing_at_its_end(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """Neither an answer, which may have been sent long ago, nor a failure after it closed again."""
    early = breaker.admit()
    opened(breaker)
    with pytest.raises(CircuitOpenError):
        breaker.require(early)
    breaker.settle(early, failed=False)
    assert not breaker.is_closed
    clock.now_s = FIRST_PAUSE_S
    play(breaker, ".")
    for _ in range(20):
        breaker.settle(early, failed=True)
    assert breaker.is_closed


def test_everyone_in_the_process_shares_the_breaker_of_an_endpoint(clock: Clock) -> None:
    """What one route learns, another one need not."""
    breakers = CircuitBreakers(clock=clock)
    opened(breakers.breaker_of("a"))
    assert not breakers.breaker_of("a").is_closed
    assert breakers.breaker_of("b").is_closed
