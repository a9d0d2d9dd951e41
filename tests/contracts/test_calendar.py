"""Days and weeks: half-open, complete, without overlap, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from replay_assets.contracts.calendar import (
    GRACE,
    day_window,
    days_between,
    days_of_week,
    is_over,
    monday_of,
)

ZONES = ("Asia/Taipei", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_day_begins_and_ends_at_local_midnight():
    """Taipei is eight hours ahead of UTC."""
    window = day_window("2026-09-21", "Asia/Taipei")
    assert window.start == instant("2026-09-20T16:00:00Z")
    assert window.end == instant("2026-09-21T16:00:00Z")
    assert window.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        pytest.param("2026-03-29", "Europe/Berlin", 23, id="Berlin, spring"),
        pytest.param("2026-10-25", "Europe/Berlin", 25, id="Berlin, autumn"),
        pytest.param("2026-03-08", "America/New_York", 23, id="New York, spring"),
        pytest.param("2026-11-01", "America/New_York", 25, id="New York, autumn"),
        pytest.param("2026-10-04", "Australia/Lord_Howe", 23.5, id="Lord Howe, half an hour"),
        pytest.param("2026-04-05", "Australia/Lord_Howe", 24.5, id="Lord Howe, back"),
        pytest.param("2026-03-29", "Asia/Beirut", 23, id="Beirut, where midnight is skipped"),
        pytest.param("2026-11-01", "America/Havana", 25, id="Havana, where midnight comes twice"),
        pytest.param("2026-09-21", "Asia/Taipei", 24, id="Taipei, never"),
    ],
)
def test_a_day_is_longer_or_shorter_when_the_clocks_change(day: str, zone: str, hours: float):
    """If every day had 24 hours, an hour of incidents would be lost or repeated twice a year."""
    window = day_window(day, zone)
    assert window.end - window.start == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_without_gap_or_overlap(zone: str):
    """Every instant of a year is in exactly one day."""
    windows = [day_window(day, zone) for day in days_between("2026-01-01", "2026-12-31")]
    assert len(windows) == 365
    for earlier, later in pairwise(windows):
        assert earlier.end == later.start
        assert earlier.start < earlier.end


@pytest.mark.parametrize("zone", ZONES)
def test_midnight_belongs_to_the_day_that_begins(zone: str):
    """An incident at exactly 00:00 is in the new day, one a microsecond earlier in the old day."""
    old, new = day_window("2026-09-21", zone), day_window("2026-09-22", zone)
    midnight = datetime(2026, 9, 22, tzinfo=ZoneInfo(zone))
    assert [window.start <= midnight < window.end for window in (old, new)] == [False, True]
    before = midnight - timedelta(microseconds=1)
    assert [window.start <= before < window.end for window in (old, new)] == [True, False]


def test_sessions_count_until_a_day_after_the_end():
    """A repair after midnight still belongs to the incident of 23:50."""
    window = day_window("2026-09-21", "Asia/Taipei")
    assert window.as_of == instant("2026-09-22T16:00:00Z") == window.end + GRACE


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        pytest.param("2026-09-21", "2026-09-21", id="a Monday itself"),
        pytest.param("2026-09-27", "2026-09-21", id="Sunday ends the week"),
        pytest.param("2026-09-28", "2026-09-28", id="the next Monday"),
        pytest.param("2027-01-01", "2026-12-28", id="over New Year"),
    ],
)
def test_a_week_is_named_by_its_monday(day: str, monday: str):
    """Every day of a week has the same partition."""
    assert monday_of(day) == monday
    assert day in days_of_week(monday)


def test_a_week_has_seven_days_in_order():
    """Monday first, Sunday last."""
    days = days_of_week("2026-09-28")
    assert days[0] == "2026-09-28"
    assert days[-1] == "2026-10-04"
    assert len(set(days)) == 7
    assert days == sorted(days)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param("2026-09-21", "2026-09-21", ["2026-09-21"], id="one day"),
        pytest.param("2026-02-28", "2026-03-01", ["2026-02-28", "2026-03-01"], id="month's end"),
        pytest.param("2026-09-22", "2026-09-21", [], id="backwards"),
    ],
)
def test_a_range_of_days_includes_both_ends(first: str, last: str, expected: list[str]):
    """As the options `--from` and `--to` promise."""
    assert days_between(first, last) == expected


@pytest.mark.parametrize(
    ("now", "over"),
    [
        pytest.param("2026-09-21T15:59:59Z", False, id="a second before midnight"),
        pytest.param("2026-09-21T16:00:00Z", True, id="midnight in Taipei"),
    ],
)
def test_a_day_is_over_at_midnight_in_its_time_zone(now: str, over: bool):
    """Not at midnight in UTC. A week that is not over is skipped."""
    assert is_over("2026-09-21", "Asia/Taipei", instant(now)) is over
