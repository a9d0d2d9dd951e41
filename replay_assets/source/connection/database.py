"""The connection to the incident database, and which of the logical columns it really has.

Reading happens in one read-only snapshot. No message contains any part of the password; see
`source_url`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from replay_assets.errors import SourceError
from replay_assets.source.connection.expressions import (
    conditions_on,
    constant,
    json_place,
    translation,
)
from replay_assets.source.connection.session_settings import (
    postgres_settings,
    read_only_sqlite,
)
from replay_assets.source.connection.source_url import SourceUrl
from replay_assets.source.schema import (
    SQL_TYPES,
    Kind,
    LogicalTable,
    RealColumn,
    SourceMapping,
    Types,
    missing_in_source,
    missing_of,
    real_columns,
    refuse_hidden_rows,
)

CONSTANT_TYPES: dict[Kind, TypeEngine[Any]] = {**SQL_TYPES, "instant": sa.DateTime(timezone=True)}


class IncidentDatabase:
    """A team's database, seen through its mapping; closed at the end of a `with` block."""

    def __init__(self, url: str, mapping: SourceMapping | None = None) -> None:
        self._url = SourceUrl(url)
        self.mapping = mapping or SourceMapping()

    @property
    def name(self) -> str:
        """The database's URL with its password masked and without options: they may hold one."""
        return self._url.name

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine; created on first use."""
        return self._url.create_engine()

    def reason(self, error: Exception) -> str:
        """Return the first line of what the driver said, without any part of a password."""
        return self._url.reason(error)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Open one read-only, repeatable view of the database."""
        self._require_file()
        with self._url.errors_named(), self._url.connect(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                # One state for evidence and messages; read-only even for a role that may write.
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                connection.exec_driver_sql(postgres_settings(connection))
                yield connection
                return
            with read_only_sqlite(connection):
                yield connection

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[sa.Connection]:
        """Open one transaction that is committed at the end or not at all.

        A missing SQLite file is created only if `create` is set: a mistyped path must not become an
        empty database.
        """
        if not create:
            self._require_file()
        with (
            self._url.errors_named(),
            self._url.connect(self.engine) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == "sqlite":
                # Without it the driver commits at the first savepoint's release; deferred, it could
                # not wait for another writer once it has read.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the pooled connections."""
        # The property would create an engine only to close it.
        if "engine" in self.__dict__:
            self.engine.dispose()

    def real_columns(self, connection: sa.Connection, logical: LogicalTable) -> Types | None:
        """Return a table's real columns and types; None if the database lacks the table."""
        return real_columns(connection, self.mapping, logical)

    def selectable(self, connection: sa.Connection, logical: LogicalTable) -> "MappedTable | None":
        """Return a table as it can be read here; None if it is optional and missing.

        Raises:
            SourceError: something is missing; the message lists all that any table lacks, with the
                nearest names.
        """
        present = self.real_columns(connection, logical)
        if missing_of(connection, self.mapping, logical, present):
            lacks = "; ".join(missing_in_source(connection, self.mapping))
            raise SourceError(
                f"{self.name}: {lacks}. Name the tables and columns it has, or the `value` of a "
                "column that it lacks, in the mapping file (REPLAY_MAPPING), or create ours with "
                "`replay-assets load DIR`."
            )
        if present is None:
            return None
        refuse_hidden_rows(connection, self.mapping.table(logical))
        return MappedTable(logical, self.mapping, present, connection.dialect)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a server, and for a database in memory."""
        path = self._url.url.database
        if self._url.url.get_backend_name() != "sqlite" or not path or path == ":memory:":
            return None
        return Path(path.removeprefix("file:"))  # SQLite's own URIs, such as file:x.sqlite?mode=ro

    def required(self, connection: sa.Connection, logical: LogicalTable) -> "MappedTable":
        """Return a table that every source must have, as it can be read here.

        Raises:
            SourceError: it is not there, or lacks a column.
        """
        table = self.selectable(connection, logical)
        if table is None:
            raise AssertionError("a required table is there or selectable() has raised")
        return table

    def _require_file(self) -> None:
        if self.file is not None and not self.file.is_file():
            raise SourceError(
                f"there is no SQLite file at {self.file}. Create it with `replay-assets load DIR` "
                "(the samples are in data/samples), or set REPLAY_SOURCE_URL to your database."
            )


class MappedTable:
    """A real table under logical names; columns that it lacks are read as NULL.

    `sql` is what to select from, `conditions` what its rows must meet to be the team's incidents.
    """

    def __init__(
        self, logical: LogicalTable, mapping: SourceMapping, present: Types, dialect: Dialect
    ) -> None:
        self.logical = logical
        self._present = present
        self._dialect = dialect
        self._where = mapping.entry(logical).where
        self._kinds = {column.name: column.kind for column in logical.columns}
        found = {one.name: mapping.constant_of(logical, one) for one in logical.columns}
        self._constants = {name: value for name, value in found.items() if value is not None}
        self._sources: dict[str, RealColumn] = {
            column.name: source
            for column in logical.columns
            if (source := mapping.source_of(logical, column.name)) and source.column in present
        }
        # The kind says nothing about the type of a column that is translated or holds JSON.
        typed = {
            source.column: SQL_TYPES[self._kinds[name]]
            for name, source in self._sources.items()
            if not source.path and not source.values
        }
        schema, name = mapping.table(logical)
        self.table = sa.table(
            name,
            *(sa.column(real, typed.get(real, kind)) for real, kind in present.items()),
            schema=schema,
        )
        self.sql = self.table.alias(logical.name)

    def aliased(self, alias: str) -> "MappedTable":
        """Return the same table under another alias, for a statement that reads it twice."""
        twin = copy(self)
        twin.sql = self.table.alias(alias)
        return twin

    def over(self, rows: sa.FromClause) -> "MappedTable":
        """Return the same table read from a selection of its rows, which has its real columns."""
        twin = copy(self)
        twin.sql = rows  # type: ignore[assignment]  # an alias and a lateral are used alike
        return twin

    def type_of(self, name: str) -> TypeEngine[Any] | None:
        """Return a column's type as the database has it; None if the table lacks the column."""
        if name in self._constants:
            return CONSTANT_TYPES[self._kinds[name]]
        source = self._sources.get(name)
        return self._present[source.column] if source is not None else None

    @property
    def columns(self) -> list[sa.ColumnElement[Any]]:
        """The real columns that the logical ones are read from."""
        return [self.sql.c[name] for name in sorted({one.column for one in self._sources.values()})]

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The mapping's `where`, to be joined by AND wherever the table is read."""
        return conditions_on(self._where, self.sql, self._present, self._dialect)

    @property
    def filtered_by(self) -> tuple[str, ...]:
        """The columns that the mapping's `where` names."""
        return tuple(self._where)

    def has(self, name: str) -> bool:
        """Return whether the database has a logical column."""
        return name in self._sources

    def native(self, name: str) -> sa.ColumnElement[Any]:
        """Return a column in its own type: for conditions and for ordering."""
        if name in self._constants:
            # Where a row is missing in an outer join, its constants are missing too.
            key = self.sql.c[self._sources[self.logical.key[0]].column]
            value = constant(self._kinds[name], self._constants[name], self._dialect)
            return sa.case((key.is_not(None), value))
        source = self._sources[name]
        column: sa.ColumnElement[Any] = self.sql.c[source.column]
        real = self._present[source.column]
        if source.path:
            column = json_place(
                column, source.path, self._kinds[name], real=real, dialect=self._dialect
            )
        if source.values:
            inside = sa.Text() if source.path else real
            return translation(column, source.values, self._kinds[name], inside, self._dialect)
        if source.path:
            return column
        # PostgreSQL compares no enumeration with text.
        return sa.cast(column, sa.Text) if isinstance(real, sa.Enum) else column

    def order(self, name: str) -> sa.ColumnElement[Any]:
        """Return a column to order by."""
        return self.ordered(self.native(name), name)

    def ordered(self, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[Any]:
        """Order text by code point whatever the server's locale; integers stay integers."""
        if isinstance(self._present[self._sources[name].column], sa.String):
            return sa.collate(column, "C" if self._dialect.name == "postgresql" else "BINARY")
        return column

    def value(self, name: str) -> sa.ColumnElement[Any]:
        """Return a column as it is read: ids and JSON as text, NULL if the table lacks it."""
        if name in self._constants:
            return self.native(name)
        if name not in self._sources:
            return sa.null()
        source = self._sources[name]
        if self._kinds[name] == "json" and isinstance(self._present[source.column], sa.ARRAY):
            # An array cast to text is {a,b}, which is not JSON.
            return sa.cast(sa.func.array_to_json(self.native(name)), sa.Text)
        is_bytes = isinstance(self._present[source.column], sa.LargeBinary)
        if self._kinds[name] in ("text", "json") and not (
            # Cast to text it is \\x6869; its bytes are read as UTF-8 where they arrive.
            is_bytes and self._dialect.name == "postgresql"
        ):
            return sa.cast(self.native(name), sa.Text)
        return self.native(name)
