"""The days and weeks of all partitions: half-open intervals in one time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

GRACE = timedelta(hours=24)
"""How long after a day's end its sessions and repairs still count as that day's."""


@dataclass(frozen=True)
class DayWindow:
    """The instants of one day, `start <= t < end`, and the latest instant that joins include."""

    day: str
    start: datetime
    end: datetime
    as_of: datetime
    """Sessions and repairs after this instant are ignored: they belong to later events."""


def day_window(day: str, timezone: str, *, now: datetime | None = None) -> DayWindow:
    """Return the window of an ISO day; it is 23 or 25 hours long when the clocks change.

    Args:
        day: ISO day.
        timezone: IANA name of the day's time zone.
        now: when the day is read; records after it are not known yet. None: the day is read after
            its grace period.
    """
    zone = ZoneInfo(timezone)
    first = date.fromisoformat(day)
    bounds = [
        datetime.combine(one, time.min, tzinfo=zone).astimezone(UTC)
        for one in (first, first + timedelta(days=1))
    ]
    settled = bounds[1] + GRACE
    as_of = settled if now is None else min(settled, now.astimezone(UTC))
    return DayWindow(day=day, start=bounds[0], end=bounds[1], as_of=as_of)


def days_of_week(monday: str) -> list[str]:
    """Return the seven ISO days of the week that a Monday names."""
    return days_between(monday, (date.fromisoformat(monday) + timedelta(days=6)).isoformat())


def days_between(first: str, last: str) -> list[str]:
    """Return the ISO days from first to last, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


def monday_of(day: str) -> str:
    """Return the Monday of the week that contains an ISO day."""
    one = date.fromisoformat(day)
    return (one - timedelta(days=one.weekday())).isoformat()


def is_over(last_day: str, timezone: str, now: datetime) -> bool:
    """Return whether a day of the time zone has ended at `now`."""
    return day_window(last_day, timezone).end <= now
