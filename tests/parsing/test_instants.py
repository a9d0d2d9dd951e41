"""ISO instants: which texts name one, and which instant a wall time means."""

from datetime import UTC, datetime

import pytest

from replay_assets.parsing.instants import Unit, is_naive, likely_unit, parse_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-09-21T06:10Z", "2026-09-21T06:10:00+00:00"),
        ("2026-09-21 14:10:00.5+08:00", "2026-09-21T06:10:00.500000+00:00"),
        ("2026-09-21T14:10", "2026-09-21T06:10:00+00:00"),
        ("2026-09-21", "2026-09-20T16:00:00+00:00"),
    ],
)
def test_dates_and_times_with_or_without_an_offset_are_read_in_utc(text: str, instant: str) -> None:
    """Without an offset they are wall times of the declared zone."""
    found = parse_instant(text, "Asia/Taipei")
    assert found == datetime.fromisoformat(instant)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "20260921T061000Z", "2026-W39-1T06:10Z", " 2026-09-21T06:10Z",
        "2026-02-30T06:10Z", "0001-01-01T00:00+08:00", "2026-09-21T06:10Zulu",
    ],
)  # fmt: skip
def test_other_texts_are_refused(text: str) -> None:
    """SQLite finds a day's rows by the date that a text begins with, so it must begin with one."""
    assert parse_instant(text, "Asia/Taipei") is None
    assert not is_naive(text)


def test_a_time_without_an_offset_needs_a_declared_zone() -> None:
    """A guess would put rows into another day."""
    assert parse_instant("2026-09-21T06:10", None) is None
    assert is_naive("2026-09-21T06:10")
    assert not is_naive("2026-09-21T06:10Z")


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T06:30+00:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T01:30+00:00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:30+00:00"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T15:15+00:00"),
    ],
    ids=["set back", "set back in Europe", "skipped", "set back by half an hour"],
)
def test_a_wall_time_shown_twice_or_never_is_read_in_standard_time(
    wall: str, zone: str, instant: str
) -> None:
    """As PostgreSQL does."""
    assert parse_instant(wall, zone) == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("text", "unit", "instant"),
    [
        ("1789970400", "s", "2026-09-21T06:00:00+00:00"),
        ("1789970400.25", "s", "2026-09-21T06:00:00.250000+00:00"),
        ("1789970400.0", "s", "2026-09-21T06:00:00+00:00"),
        ("1789970400123", "ms", "2026-09-21T06:00:00.123000+00:00"),
        ("1789970400123456", "us", "2026-09-21T06:00:00.123456+00:00"),
    ],
)
def test_numbers_are_instants_in_their_unit(text: str, unit: Unit, instant: str):
    """Without a unit they are not; the likely unit is that of a time of this century."""
    assert parse_instant(text, None, unit) == datetime.fromisoformat(instant)
    assert parse_instant(text, "UTC") is None
    assert likely_unit(text) == unit


@pytest.mark.parametrize("text", ["-1", "0", "1789970400123", "178997040", "1e12"])
def test_a_number_of_no_likely_year_is_not_an_instant(text: str):
    """Its unit is another one, or it represents nothing."""
    assert parse_instant(text, None, "s") is None


@pytest.mark.parametrize(
    "text",
    ["", "20260921", "20260921061000", "0", "1e99", "nan", "١٧٨٩٩٧٠٤٠٠", "999999999999999999"],
)
def test_other_numbers_have_no_likely_unit(text: str):
    """Such as dates without dashes."""
    assert likely_unit(text) is None
