"""What an instant is in each database: reading it, comparing it, ordering by it.

PostgreSQL has a type for instants, but also infinity and years that Python lacks; and a naive
`timestamp` is an instant only in a zone that the mapping declares. SQLite has text: the fixed-width
UTC form that `load` writes sorts as text, any other ISO form is read by our own function. Numbers
are instants in both only in a unit that the mapping declares.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from replay_assets.parsing.instants import EPOCH, PER_SECOND, Unit
from replay_assets.source.schema import instant_text

FIRST_INSTANT = datetime(1, 1, 4, tzinfo=UTC)
LAST_INSTANT = datetime(9999, 12, 31, tzinfo=UTC)
"""What Python, Arrow and both databases can hold, with some days left at both ends for time zones
and neighbouring days."""
CANONICAL = (
    "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T"
    "[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]+00:00"
)
"""The form that `load` writes, as a GLOB; text order is time order."""
FARTHEST_OFFSET = timedelta(days=1)
"""Zones differ from UTC by less than a day, so the date in a text is at most one day off."""


class InstantColumn(Protocol):
    """A column of instants, as conditions and keys of a statement."""

    @property
    def read(self) -> sa.ColumnElement[Any]:
        """What the statement returns: microseconds since 1970 (PostgreSQL) or text (SQLite)."""

    @property
    def impossible(self) -> sa.ColumnElement[bool] | None:
        """Whether `read` can't return the value; None if the reader decides."""

    @property
    def form(self) -> sa.ColumnElement[str]:
        """The `Form` of the value, as `sqlite_functions` has them."""

    @property
    def text(self) -> sa.ColumnElement[str]:
        """The value as the database spells it."""

    @property
    def newest_first(self) -> sa.ColumnElement[Any]:
        """Order by time, NULLs last; invalid times come first, so that they are noticed."""

    @property
    def oldest_first(self) -> sa.ColumnElement[Any]:
        """Order by time, nulls first."""

    @property
    def in_no_day(self) -> sa.ColumnElement[bool]:
        """Whether the value is null, infinite or not an instant."""

    def within(self, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
        """Whether the instant is in `[start, end)`; an index on the bare column can be used."""

    def known_by(self, as_of: datetime) -> sa.ColumnElement[bool]:
        """Whether it is not later than `as_of`; NULL and invalid times are left to the reader."""


class PostgresInstant:
    """A `timestamptz` column, or a naive one read in its declared zone."""

    def __init__(self, column: sa.ColumnElement[Any], zone: str | None) -> None:
        self._column = column
        self._zone = zone
        # The upper bound also excludes infinity, which exceeds everything.
        self._possible = sa.and_(
            column >= self._bound(FIRST_INSTANT), column < self._bound(LAST_INSTANT)
        )
        self._point = column if zone is None else sa.func.timezone(zone, column)
        # Not by local times: those that a change to summer time skips would sort before the
        # instants that they mean. An impossible value may have no instant in the zone.
        self._ordered = (
            column
            if zone is None
            else sa.case((self._possible, self._point), else_=sa.func.timezone("UTC", column))
        )

    def _bound(self, instant: datetime) -> sa.ColumnElement[Any]:
        """Return a literal of the column's type: with parameters, ADBC buffers the whole result."""
        if self._zone is None:
            return _timestamptz(instant)
        wall = instant.astimezone(ZoneInfo(self._zone)).replace(tzinfo=None)
        return sa.literal_column(f"TIMESTAMP '{wall.isoformat(sep=' ')}'")

    @property
    def read(self) -> sa.ColumnElement[Any]:
        """Microseconds since 1970; NULL if the value is NULL or impossible."""
        micros = sa.extract("epoch", self._point) * sa.literal_column("1000000")
        return sa.case((self._possible, sa.cast(micros, sa.BigInteger)))

    @property
    def impossible(self) -> sa.ColumnElement[bool]:
        """Infinite, or outside the years that exist."""
        return sa.and_(self._column.is_not(None), sa.not_(self._possible))

    @property
    def form(self) -> sa.ColumnElement[str]:
        """Null, readable or impossible."""
        return sa.case(
            (self._column.is_(None), "null"), (self._possible, "readable"), else_="impossible"
        )

    @property
    def text(self) -> sa.ColumnElement[str]:
        """The value as the database spells it."""
        return sa.cast(self._column, sa.Text)

    @property
    def newest_first(self) -> sa.ColumnElement[Any]:
        """Order by time, nulls last; infinity exceeds everything."""
        return self._ordered.desc().nulls_last()

    @property
    def oldest_first(self) -> sa.ColumnElement[Any]:
        """Order by time, nulls first."""
        return self._ordered.asc().nulls_first()

    @property
    def in_no_day(self) -> sa.ColumnElement[bool]:
        """Null or impossible, in three conditions that an index answers."""
        return sa.or_(
            self._column.is_(None),
            self._column < self._bound(FIRST_INSTANT),
            self._column >= self._bound(LAST_INSTANT),
        )

    def within(self, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
        """Compare the bare column; a naive one also exactly, since its wall times can repeat."""
        if self._zone is None:
            return sa.and_(self._column >= self._bound(start), self._column < self._bound(end))
        return sa.and_(
            self._column >= self._bound(start - FARTHEST_OFFSET),
            self._column < self._bound(end + FARTHEST_OFFSET),
            self._point >= _timestamptz(start),
            self._point < _timestamptz(end),
        )

    def known_by(self, as_of: datetime) -> sa.ColumnElement[bool]:
        """Not later than `as_of`, or nothing that could be compared."""
        return sa.or_(
            self._column.is_(None),
            sa.not_(self._possible),
            self._point <= _timestamptz(as_of),
        )


class SqliteInstant:
    """A column of texts, or of numbers in a declared unit.

    `uniform` says that every value in reach has the canonical form.
    """

    def __init__(
        self, column: sa.ColumnElement[Any], zone: str | None, unit: Unit | None, *, uniform: bool
    ) -> None:
        # As text: the column's own type would turn what it reads into datetimes.
        self._column = sa.type_coerce(column, sa.Text)
        self._unit = unit
        # With a declared unit, values may also be numbers, which `uniform` says nothing about.
        self._uniform = uniform and unit is None
        plain = self._column.op("GLOB", is_comparison=True)(sa.literal(CANONICAL))
        self._other: sa.ColumnElement[bool] = sa.not_(plain)
        # The driver fails the whole statement on a text argument that is not UTF-8.
        arguments = (sa.cast(self._column, sa.LargeBinary), zone, unit)
        parsed = sa.func.replay_instant(*arguments, type_=sa.Text)
        # The functions cost a microsecond and more; most texts need none.
        self._point: sa.ColumnElement[Any] = sa.case((plain, self._column), else_=parsed)
        canonical = sa.and_(
            plain,
            self._column >= instant_text(FIRST_INSTANT),
            self._column < instant_text(LAST_INSTANT),
        )
        self._form = sa.case(
            (canonical, "canonical"), else_=sa.func.replay_form(*arguments, type_=sa.Text)
        )

    @property
    def not_uniform(self) -> sa.ColumnElement[bool]:
        """Whether a value has another form than the canonical one; null never has."""
        return self._other

    @property
    def form(self) -> sa.ColumnElement[str]:
        """What a value is."""
        return self._form

    @property
    def read(self) -> sa.ColumnElement[Any]:
        """The text, unchanged; for a number in the declared unit, its instant as text."""
        return self.text if self._unit is None else sa.func.coalesce(self._point, self.text)

    @property
    def impossible(self) -> None:
        """None: the caller that reads the text decides."""
        return None

    @property
    def text(self) -> sa.ColumnElement[str]:
        """The value as text."""
        return sa.cast(self._column, sa.Text)

    @property
    def newest_first(self) -> sa.ColumnElement[Any]:
        """Order by time; NULL after everything, texts that are not instants before everything."""
        # '~' sorts after all digits, with which an instant begins.
        no_time: sa.ColumnElement[str] = sa.literal_column("'~'", sa.Text)
        point = sa.func.coalesce(self._point, no_time)
        return sa.case((self._column.is_not(None), point)).desc().nulls_last()

    @property
    def oldest_first(self) -> sa.ColumnElement[Any]:
        """Order by time, nulls first."""
        return (self._column if self._uniform else self._point).asc().nulls_first()

    @property
    def in_no_day(self) -> sa.ColumnElement[bool]:
        """Null, not an ISO date and time with a zone, or outside the years that count."""
        return sa.or_(
            self._point.is_(None),
            self._point < instant_text(FIRST_INSTANT),
            self._point >= instant_text(LAST_INSTANT),
        )

    def within(self, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
        """Compare the text where it is uniform; else narrow by text, then ask the function."""
        first, last = instant_text(start), instant_text(end)
        if self._uniform:
            return sa.and_(self._column >= first, self._column < last)
        # Twice, because `near` compares dates and excludes the last one.
        early, late = start - FARTHEST_OFFSET, end + FARTHEST_OFFSET * 2
        return sa.and_(self.near(early, late), self._point >= first, self._point < last)

    def near(self, early: datetime, late: datetime) -> sa.ColumnElement[bool]:
        """Whether the text begins with a date of this range, or a number in the unit is in it.

        That is what an index can narrow down.
        """
        return self._in_range(early, late, () if self._unit is None else (self._unit,))

    def seems_near(self, early: datetime, late: datetime) -> sa.ColumnElement[bool]:
        """Whether a value is of this range as a date, or as a number in any unit."""
        return self._in_range(early, late, tuple(PER_SECOND))

    def _in_range(
        self, early: datetime, late: datetime, units: tuple[Unit, ...]
    ) -> sa.ColumnElement[bool]:
        bounds = [(f"'{early.date().isoformat()}'", f"'{late.date().isoformat()}'")]
        bounds += [(str(since_1970(early, one)), str(since_1970(late, one))) for one in units]
        return sa.or_(*(_between(self._column, *pair) for pair in bounds))

    def known_by(self, as_of: datetime) -> sa.ColumnElement[bool]:
        """Not later than `as_of`, or nothing that could be compared."""
        return sa.func.coalesce(self._point <= instant_text(as_of), sa.true())


def number_of(instant: datetime, unit: Unit) -> int:
    """Return an instant as a whole number of a unit, without its fraction."""
    return (instant - EPOCH) // timedelta(microseconds=PER_SECOND["us"] // PER_SECOND[unit])


def since_1970(instant: datetime, unit: Unit) -> int:
    """Return an instant as a whole number of a unit, rounded up."""
    return -((EPOCH - instant) // timedelta(microseconds=PER_SECOND["us"] // PER_SECOND[unit]))


def _between(column: sa.ColumnElement[Any], first: str, after: str) -> sa.ColumnElement[bool]:
    """Compare with literals: without a type, SQLite gives them the column's."""
    return sa.and_(column >= sa.literal_column(first), column < sa.literal_column(after))


def _timestamptz(instant: datetime) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"TIMESTAMPTZ '{instant.isoformat(sep=' ')}'")
