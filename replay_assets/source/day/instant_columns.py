"""Days of a database: which of its columns are points in time, in which zone, and how to compare.

One place for it, so that evidence, labels and freshness agree on the day that a row belongs to.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow
from replay_assets.errors import SourceError
from replay_assets.source.connection import (
    IncidentDatabase,
    InstantColumn,
    MappedTable,
    PostgresEpoch,
    PostgresInstant,
    SqliteInstant,
)
from replay_assets.source.schema import INCIDENT_EVIDENCE, SourceMapping

NUMBERS = (sa.Integer, sa.Numeric, sa.Float)
"""Types of PostgreSQL whose values are instants if a unit is declared."""


@dataclass(frozen=True)
class InstantColumns:
    """How instants are read in one snapshot.

    Attributes:
        uniform: whether every `collected_at` near the day has SQLite's canonical form, so that
            its text can be compared.
    """

    postgres: bool
    mapping: SourceMapping
    uniform: bool = False

    @classmethod
    def of(
        cls,
        database: IncidentDatabase,
        connection: sa.Connection,
        evidence: MappedTable,
        window: DayWindow,
    ) -> "InstantColumns":
        """Return the instants for a day: on SQLite an index shows whether its texts are uniform."""
        if connection.dialect.name == "postgresql":
            return cls(postgres=True, mapping=database.mapping)
        collected_at = SqliteInstant(evidence.native("collected_at"), None, None, uniform=False)
        near = collected_at.near(window.start - timedelta(days=1), window.end + timedelta(days=2))
        other = sa.select(sa.literal(1)).where(near, collected_at.not_uniform).limit(1)
        uniform = connection.execute(other).first() is None
        return cls(postgres=False, mapping=database.mapping, uniform=uniform)

    def instant(self, table: MappedTable, name: str) -> InstantColumn:
        """Return a column of instants as this database compares and reads it."""
        zone, unit = self.zone(table, name), self.mapping.unit_of(table.logical, name)
        if not self.postgres:
            return self.sqlite_instant(table, name)
        if unit is not None and isinstance(table.type_of(name), NUMBERS):
            return PostgresEpoch(table.native(name), unit)
        return PostgresInstant(table.native(name), zone)

    def sqlite_instant(self, table: MappedTable, name: str) -> SqliteInstant:
        """Return a column of instants as SQLite compares and reads it."""
        zone = self.mapping.timezone_of(table.logical, name)
        unit = self.mapping.unit_of(table.logical, name)
        uniform = self.uniform and table.logical is INCIDENT_EVIDENCE
        return SqliteInstant(table.native(name), zone, unit, uniform=uniform)

    def in_day(self, evidence: MappedTable, window: DayWindow) -> sa.ColumnElement[bool]:
        """Return whether a row of evidence is in the day and meets the mapping's conditions."""
        collected_at = self.instant(evidence, "collected_at")
        return sa.and_(collected_at.within(window.start, window.end), *evidence.conditions)

    def day_order(self, evidence: MappedTable) -> list[sa.ColumnElement[Any]]:
        """Return the order of a day's rows: by `collected_at`, then `id`."""
        # By id as well, because the order of rows is part of a file's bytes.
        return [self.instant(evidence, "collected_at").oldest_first, evidence.order("id").asc()]

    def zone(self, table: MappedTable, name: str) -> str | None:
        """Return the declared zone of a column; None if its values have an offset.

        Raises:
            SourceError: the column can't be read as instants; the message says what to declare.
        """
        zone = self.mapping.timezone_of(table.logical, name)
        real = table.type_of(name)
        if not self.postgres or real is None:
            return zone
        if isinstance(real, sa.DateTime) and real.timezone:
            return None
        column = f"{table.table.name}.{table.native(name).name}"
        if isinstance(real, NUMBERS):
            if self.mapping.unit_of(table.logical, name) is None:
                raise SourceError(
                    f"{column} is {real}: numbers are times only in a unit. If they count from "
                    f"1970, name it in the mapping file: {_with_unit(table, name, 'ms')} "
                    "(or s, or us)"
                )
            return None
        if not isinstance(real, sa.DateTime):
            raise SourceError(
                f"{column} is {real}, which is not a point in time; map "
                f"{table.logical.name}.{name} to a timestamptz column, or make a view that has one"
            )
        if zone is None:
            raise SourceError(
                f"{column} is a timestamp without time zone; say in the mapping file which zone "
                f"its values are in: timezone: Asia/Taipei (or only for {table.logical.name})"
            )
        return zone


def _with_unit(table: MappedTable, name: str, unit: str) -> str:
    """Return the entry of a mapping file that declares the unit of a column."""
    return f"{name}: {{column: {table.native(name).name}, unit: {unit}}}"
