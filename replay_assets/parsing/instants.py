"""ISO 8601 instants: the one rule of what text names an instant, and which one.

Loading, reading and `doctor` share it, so that a row which was loaded can be read, and `doctor`
warns of exactly those texts that reading refuses.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_BEGINS_WITH_A_DATE = re.compile(r"\d{4}-\d\d-\d\d")
"""SQLite's index on a text column narrows down by this prefix; `20260921T061000Z` has none."""


def parse_instant(text: str, zone: str | None) -> datetime | None:
    """Return the instant that an ISO text names, in UTC; None if it does not name one.

    Args:
        text: date and time, with an offset or without; the date is written YYYY-MM-DD.
        zone: the zone of texts without an offset; None if no zone is declared.
    """
    if not _BEGINS_WITH_A_DATE.match(text):
        return None
    try:
        value = datetime.fromisoformat(text)
        if value.tzinfo is None:
            value = _in_zone(value, zone) if zone is not None else value
        return value.astimezone(UTC) if value.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def is_naive(text: str) -> bool:
    """Return whether a text is a valid date and time that only lacks a zone."""
    return parse_instant(text, None) is None and parse_instant(text, "UTC") is not None


def _in_zone(value: datetime, zone: str) -> datetime:
    """Read a wall time as PostgreSQL does: if two instants are possible, with the smaller offset.

    That is standard time when clocks are set back, and also where clocks skip the wall time.
    """
    first, second = (value.replace(tzinfo=_zone(zone), fold=fold) for fold in (0, 1))
    return min(first, second, key=lambda one: one.utcoffset() or timedelta())


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
