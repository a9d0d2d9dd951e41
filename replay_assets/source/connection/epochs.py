"""Instants that PostgreSQL has as numbers: seconds, milliseconds or microseconds since 1970."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from replay_assets.parsing.instants import PER_SECOND, PLAUSIBLE, Unit
from replay_assets.source.connection.instants import since_1970


class PostgresEpoch:
    """A column of numbers in a declared unit; compared as numbers, so that an index is used."""

    def __init__(self, column: sa.ColumnElement[Any], unit: Unit) -> None:
        # The logical column's type would turn the bounds into timestamps.
        self._column: sa.ColumnElement[Any] = sa.type_coerce(column, sa.types.NullType())
        self._unit = unit
        # The upper bound also excludes NaN and infinity, which exceed everything.
        self._possible = self._plausible(unit)

    def _bound(self, instant: datetime, unit: Unit | None = None) -> sa.ColumnElement[Any]:
        return sa.literal_column(str(since_1970(instant, unit or self._unit)))

    def _plausible(self, unit: Unit) -> sa.ColumnElement[bool]:
        first, last = (self._bound(one, unit) for one in PLAUSIBLE)
        return sa.and_(self._column >= first, self._column < last)

    @property
    def form(self) -> sa.ColumnElement[str]:
        """The form of a value; a unit, if it is a number in a unit that is not declared."""
        return sa.case(
            (self._column.is_(None), "null"),
            (self._possible, "readable"),
            *((self._plausible(unit), unit) for unit in PER_SECOND),
            else_="impossible",
        )

    @property
    def read(self) -> sa.ColumnElement[Any]:
        """Microseconds since 1970; NULL if the value is NULL or impossible."""
        # As bigint, because the product of two of PostgreSQL's integers is an integer.
        factor: sa.ColumnElement[Any] = sa.literal_column(
            f"CAST({PER_SECOND['us'] // PER_SECOND[self._unit]} AS BIGINT)"
        )
        return sa.case((self._possible, sa.cast(self._column * factor, sa.BigInteger)))

    @property
    def impossible(self) -> sa.ColumnElement[bool]:
        """Infinite, or outside the years in which numbers count as instants."""
        return sa.and_(self._column.is_not(None), sa.not_(self._possible))

    @property
    def text(self) -> sa.ColumnElement[str]:
        """The value as the database spells it."""
        return sa.cast(self._column, sa.Text)

    @property
    def newest_first(self) -> sa.ColumnElement[Any]:
        """Order by time, nulls last."""
        return self._column.desc().nulls_last()

    @property
    def oldest_first(self) -> sa.ColumnElement[Any]:
        """Order by time, nulls first."""
        return self._column.asc().nulls_first()

    @property
    def in_no_day(self) -> sa.ColumnElement[bool]:
        """Null or impossible."""
        return sa.or_(
            self._column.is_(None),
            self._column < self._bound(PLAUSIBLE[0]),
            self._column >= self._bound(PLAUSIBLE[1]),
        )

    def within(self, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
        """Whether the instant is in `[start, end)`."""
        return sa.and_(self._column >= self._bound(start), self._column < self._bound(end))

    def known_by(self, as_of: datetime) -> sa.ColumnElement[bool]:
        """Not later than `as_of`, or a value that can't be compared."""
        return sa.or_(
            self._column.is_(None),
            sa.not_(self._possible),
            self._column <= self._bound(as_of),
        )
