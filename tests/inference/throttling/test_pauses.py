"""The pause that a response asks for, in every form of a time."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from replay_assets.inference.throttling.pauses import pause_asked_s, seconds_asked

DAY_S = 86400
TOMORROW = datetime.now(UTC) + timedelta(seconds=DAY_S)
EPOCH = TOMORROW.timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("0", 0), ("7", 7), (" 1.5 ", 1.5), ("86400", 86400)),
        *(("1m30s", 90), ("250ms", 0.25), ("6m0s", 360), ("2m59.56s", 179.56), ("1h0m1s", 3601)),
        *(("1d2h", 93600), ("500us", 0.0005), ("12.5ms", 0.0125), ("2 minutes", 120)),
        *(("1 min, 5 sec", 65), ("30S", 30)),
    ],
)
def test_a_duration_is_read_by_its_units(text: str, seconds: float) -> None:
    """A number without a unit is in seconds."""
    assert seconds_asked(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        *(str(int(EPOCH)), f"{EPOCH:.3f}", str(int(EPOCH * 1e3)), str(int(EPOCH * 1e6))),
        *(str(int(EPOCH * 1e9)), format_datetime(TOMORROW, usegmt=True)),
        *(TOMORROW.isoformat(), TOMORROW.strftime("%Y-%m-%dT%H:%M:%SZ")),
    ],
    ids=["s", "s_with_point", "ms", "us", "ns", "http_date", "iso", "iso_z"],
)
def test_a_moment_is_as_far_away_as_it_is(text: str) -> None:
    """An epoch is not a number of seconds to wait."""
    assert seconds_asked(text) == pytest.approx(EPOCH - time.time(), abs=1.1)


@pytest.mark.parametrize("text", ["1000000001", "1700000000000", "Sun, 06 Nov 1994 08:49:37 GMT"])
def test_a_moment_in_the_past_is_now(text: str) -> None:
    """The clocks may differ."""
    assert seconds_asked(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "-5", "\xb2", "5 parsecs", "1m 30", "2026-11-28", "2999-11-28T06:00:00"),
        *("2999-02-30T06:00:00Z", "9999-12-31T23:59:59-05:00", "Mon, 21 Sep 2999 06:00:00 -0000"),
    ],
)
def test_other_text_asks_for_nothing(text: str) -> None:
    """It is not guessed; a day without a zone is not a moment, nor is one of the year 10000."""
    assert seconds_asked(text) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3", "retry-after-ms": "9"}, 3),
        ({"retry-after-ms": "250"}, 0.25),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, 90),
        ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "1m30s"}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(EPOCH * 1e3))}, DAY_S),
        ({"anthropic-ratelimit-tokens-remaining": "0",
          "anthropic-ratelimit-tokens-reset": TOMORROW.isoformat()}, DAY_S),
        ({"ratelimit": "limit=10, remaining=0, reset=30"}, 30),
        ({"ratelimit": '"default";r=0;t=30'}, 30),
        ({"ratelimit": "limit=10, remaining=5, reset=30"}, None),
        ({"x-ratelimit-reset": "30"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_header_of_each_provider_is_read(
    headers: dict[str, str], seconds: float | None
) -> None:
    """Retry-After first; the reset of a limit only if nothing is left of it."""
    found = pause_asked_s(headers)
    # The moments were a day away when this module was read.
    within_s = 3600 if seconds == DAY_S else 1e-6
    assert found == (None if seconds is None else pytest.approx(seconds, abs=within_s))


def test_a_429_has_used_up_a_limit_that_does_not_say_what_is_left() -> None:
    """Only the limit that has room is not the reason."""
    headers = {"x-ratelimit-reset": "30"}
    assert pause_asked_s(headers, rate_limited=True) == 30
    assert pause_asked_s({**headers, "x-ratelimit-remaining": "5"}, rate_limited=True) is None
