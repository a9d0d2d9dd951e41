"""ISO 8601 instants: the one rule of what text names an instant, and which one.

Loading, reading and `doctor` share it, so that a row which was loaded can be read, and `doctor`
warns of exactly those texts that reading refuses.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["s", "ms", "us"]
"""Of numbers that count from 1970-01-01T00:00:00Z."""
PER_SECOND: dict[Unit, int] = {"s": 1, "ms": 1000, "us": 1_000_000}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?")
PLAUSIBLE = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""Numbers are instants only in these years: seconds read as milliseconds are of 1970.

Dates like 20260921 and 20260921061000 are numbers too; in no unit are they in these years.
"""
_BEGINS_WITH_A_DATE = re.compile(r"\d{4}-\d\d-\d\d")
"""SQLite's index on a text column narrows down by this prefix; `20260921T061000Z` has none."""


def parse_instant(text: str, zone: str | None, unit: Unit | None = None) -> datetime | None:
    """Return the instant that an ISO text or a number names, in UTC; None if it names none.

    Args:
        text: date and time, with an offset or without; the date is written YYYY-MM-DD.
        zone: the zone of texts without an offset; None if no zone is declared.
        unit: what numbers count from 1970 on; None if no unit is declared. A number that is not
            of these years in it names no instant.
    """
    if not _BEGINS_WITH_A_DATE.match(text):
        return None if unit is None else _plausible(text, unit)
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


def likely_unit(text: str) -> Unit | None:
    """Return the unit in which a number is an instant of this century; None if there is none."""
    return next((unit for unit in PER_SECOND if _plausible(text, unit) is not None), None)


def _plausible(text: str, unit: Unit) -> datetime | None:
    if not _NUMBER.fullmatch(text):
        return None
    # Not by floats: they have no exact microseconds.
    micros = round(Decimal(text) * PER_SECOND["us"] / PER_SECOND[unit])
    try:
        found = EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None
    return found if PLAUSIBLE[0] <= found < PLAUSIBLE[1] else None


def _in_zone(value: datetime, zone: str) -> datetime:
    """Read a wall time as PostgreSQL does: if two instants are possible, with the smaller offset.

    That is standard time when clocks are set back, and also where clocks skip the wall time.
    """
    first, second = (value.replace(tzinfo=_zone(zone), fold=fold) for fold in (0, 1))
    return min(first, second, key=lambda one: one.utcoffset() or timedelta())


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
