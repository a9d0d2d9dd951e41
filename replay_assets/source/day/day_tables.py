"""The tables of a day as one database has them: how each column is read, guarded and compared.

Values that can't be held (infinite instants, texts over the limit) stay in the database; the
statement has a separate column that says why.
"""

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from replay_assets.source.connection import InstantColumn, MappedTable
from replay_assets.source.day.batches import END_OF_PROBLEM, PROBLEMS, Field
from replay_assets.source.day.instant_columns import InstantColumns
from replay_assets.source.day.same_ids import is_cast
from replay_assets.source.schema import TablePhysical

Shape = Literal["lateral", "correlated", "window"]


BOUNDED = (sa.Boolean, sa.Date, sa.DateTime, sa.Integer, sa.Numeric, sa.Time, sa.Uuid)
"""Types whose values are small; any other may hold megabytes."""
NULL_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "json": sa.Text(),
    "instant": sa.BigInteger(),
    "boolean": sa.Boolean(),
    "integer": sa.BigInteger(),
}
"""The type of NULL for a column that the database lacks."""


@dataclass(frozen=True)
class Read:
    """A statement and the columns of its result."""

    statement: sa.Select[Any]
    fields: list[Field]


@dataclass(frozen=True)
class DayTables:
    """The tables that a day is read from, in one snapshot.

    Attributes:
        layouts: by logical table name.
        max_text_bytes: longer texts stay in the database.
    """

    evidence: MappedTable
    sessions: MappedTable
    repairs: MappedTable
    messages: MappedTable | None
    layouts: dict[str, TablePhysical]
    instants: InstantColumns
    max_text_bytes: int

    def shape(self) -> Shape:
        """Return the shape of the statement that suits the database."""
        for table in (self.sessions, self.repairs):
            layout = self.layouts[table.logical.name]
            theirs = (self.evidence, "incident_id")
            indexed = table.native("incident_id").name in layout.led_by and not is_cast(
                table, "incident_id", *theirs
            )
            # The tables behind a view are unknown; they are assumed to be indexed.
            if not indexed and layout.locator is not None:
                return "window"
        return "lateral" if self.instants.postgres else "correlated"

    def version(self, table: MappedTable, alias: str) -> sa.ColumnElement[Any] | None:
        """Return the column that changes with each update of a row; None if there is none."""
        name = self.layouts[table.logical.name].version
        if name is None:
            return None
        # Through text, because PostgreSQL has no cast from xid to bigint.
        return sa.cast(sa.cast(sa.literal_column(f"{alias}.{name}"), sa.Text), sa.BigInteger)

    def locator(self, table: MappedTable, alias: str) -> sa.ColumnElement[Any]:
        """Return what finds one row of a table again: system columns, else the id."""
        locator = self.layouts[table.logical.name].locator
        if locator is None:
            return table.native("id")
        return sa.literal_column(locator.format(row=alias))

    def read_columns(self, table: MappedTable, labels: dict[str, str]) -> "ResultColumns":
        """Return columns of a table as they leave the database: guarded, each with its problems.

        Args:
            table: the table that has the columns.
            labels: the logical names by the names that the result gives them.
        """
        columns = ResultColumns([], [], [])
        for label, name in labels.items():
            kind = next(one.kind for one in table.logical.columns if one.name == name)
            zone = self.instants.zone(table, name) if kind == "instant" else None
            columns.fields.append(Field(label, kind, zone))
            if table.type_of(name) is None:
                columns.selected.append(sa.cast(sa.null(), NULL_TYPES[kind]).label(label))
            elif kind == "instant" and self.instants.postgres:
                self._add_instant(columns, self.instants.instant(table, name), label)
            elif kind == "instant":
                self._add_guarded(columns, self.instants.instant(table, name).read, label)
            elif self._has_a_bound(table, name):
                columns.selected.append(table.value(name).label(label))
            else:
                self._add_guarded(columns, table.value(name), label)
        return columns

    def _has_a_bound(self, table: MappedTable, name: str) -> bool:
        """Return whether a column's values are small; on SQLite any column may hold any text."""
        return self.instants.postgres and isinstance(table.type_of(name), BOUNDED)

    @staticmethod
    def _add_instant(columns: "ResultColumns", instant: InstantColumn, label: str) -> None:
        columns.selected.append(instant.read.label(label))
        if instant.impossible is not None:
            columns.problems.append((instant.impossible, f"impossible:{label}:", instant.text))

    def _add_guarded(
        self, columns: "ResultColumns", value: sa.ColumnElement[Any], label: str
    ) -> None:
        # PostgreSQL knows it without reading a text that is stored outside its row.
        if self.instants.postgres:
            text = value if isinstance(value.type, sa.Text) else sa.cast(value, sa.Text)
            size = sa.func.octet_length(text)
        else:
            size = sa.func.length(sa.cast(value, sa.LargeBinary))
        fits = size <= sa.literal_column(str(self.max_text_bytes))
        columns.selected.append(sa.case((fits, value)).label(label))
        columns.problems.append((sa.not_(fits), f"oversize:{label}:", sa.cast(size, sa.Text)))


@dataclass
class ResultColumns:
    """Columns of a result, and on which conditions the database does not return one, and why."""

    selected: list[sa.ColumnElement[Any]]
    fields: list[Field]
    problems: list[tuple[sa.ColumnElement[bool], str, sa.ColumnElement[str]]]

    def __add__(self, other: "ResultColumns") -> "ResultColumns":
        return ResultColumns(
            self.selected + other.selected,
            self.fields + other.fields,
            self.problems + other.problems,
        )

    def read(self, statement: sa.Select[Any]) -> Read:
        """Return a statement without columns, given these and the problems of its rows."""
        if not self.problems:
            return Read(statement.add_columns(*self.selected), self.fields)
        spelled, *more = (self._spelled(*problem) for problem in self.problems)
        for one in more:
            spelled = spelled + one
        any_problem = sa.or_(*(condition for condition, _, _ in self.problems))
        problems = sa.case((any_problem, spelled)).label(PROBLEMS)
        return Read(statement.add_columns(*self.selected, problems), self.fields)

    @staticmethod
    def _spelled(
        condition: sa.ColumnElement[bool], prefix: str, value: sa.ColumnElement[str]
    ) -> sa.ColumnElement[str]:
        start, end = (sa.literal_column(f"'{text}'", sa.Text) for text in (prefix, END_OF_PROBLEM))
        nothing = sa.literal_column("''", sa.Text)
        return sa.case((condition, start + value + end), else_=nothing)
