"""The connection to the incident database, and what of the logical tables it really has.

Reading happens in one read-only snapshot. The password never stands in a message: URLs are shown
masked, and of a driver's error only the first line.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from replay_assets.errors import ConfigurationError, ReadOnlySourceError, SourceError
from replay_assets.source.mapping import SourceMapping
from replay_assets.source.tables import Column, LogicalTable
from replay_assets.source.types import SQL_TYPES

NOT_ALLOWED = ("42501", "25006")
"""PostgreSQL's states for a missing privilege and for a read-only transaction."""


class IncidentDatabase:
    """A team's database, seen through its mapping."""

    def __init__(self, url: str, mapping: SourceMapping | None = None) -> None:
        try:
            self._url = sa.make_url(url)
        except (ArgumentError, ValueError):
            # Without its cause: that may quote the part of the URL it stumbled over.
            raise ConfigurationError(
                "REPLAY_SOURCE_URL is no SQLAlchemy URL; write sqlite:///file.sqlite or "
                "postgresql+psycopg://user:password@host/database"
            ) from None
        self.mapping = mapping or SourceMapping()

    @property
    def name(self) -> str:
        """The database's URL with its password masked and without options: they may hold one."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine; created on first use."""
        try:
            return sa.create_engine(self._url)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigurationError(
                f"{self.name}: its driver is not installed ({error}). For PostgreSQL install "
                "'replay-assets[postgres]' and write postgresql+psycopg://"
            ) from error

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Open one read-only, repeatable view of the database."""
        self._require_file()
        with self._errors_named(), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            else:
                # Python's driver opens no transaction for a SELECT; without one, two statements
                # may see two states.
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[sa.Connection]:
        """Open one transaction that is committed at the end or not at all.

        A SQLite file that is not there is only made where `create` says so: a mistyped path must
        not become an empty database.
        """
        if not create:
            self._require_file()
        with self._errors_named(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give back the pooled connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def real_columns(
        self, connection: sa.Connection, logical: LogicalTable
    ) -> dict[str, TypeEngine[Any]] | None:
        """Return a table's real columns and types; null where the database lacks the table."""
        schema, _, name = self.mapping.table(logical).rpartition(".")
        try:
            found = sa.inspect(connection).get_columns(name, schema=schema or None)
        except NoSuchTableError:
            return None
        return {column["name"]: column["type"] for column in found}

    def selectable(self, connection: sa.Connection, logical: LogicalTable) -> "MappedTable | None":
        """Return a table as it can be read here; null where it is optional and not there.

        Raises:
            SourceError: a required table or column is missing; the message names the nearest ones.
        """
        present = self.real_columns(connection, logical)
        if present is None:
            if not logical.required:
                return None
            tables = sa.inspect(connection).get_table_names()
            raise SourceError(
                f"{self.name} has no table {self.mapping.table(logical)!r} for {logical.name}"
                f"{nearest(self.mapping.table(logical), tables)}. Create it with "
                "`replay-assets load DIR`, or name yours in the mapping file."
            )
        missing = [
            real
            for column in logical.columns
            if column.required
            and (real := self.mapping.column(logical, column.name)) not in present
        ]
        if missing:
            raise SourceError(
                f"{self.name}: table {self.mapping.table(logical)!r} lacks "
                + ", ".join(f"{name!r}{nearest(name, present)}" for name in missing)
                + ". Name the columns it has in the mapping file."
            )
        return MappedTable(logical, self.mapping, present, connection.dialect.name)

    def _require_file(self) -> None:
        path = self._url.database
        if self._url.get_backend_name() != "sqlite" or not path or path == ":memory:":
            return
        path = path.removeprefix("file:")  # SQLite's own URIs, such as file:x.sqlite?mode=ro
        if not Path(path).is_file():
            raise SourceError(
                f"there is no SQLite file at {path}. Create it with `replay-assets load DIR` (the "
                "samples lie in data/samples), or set REPLAY_SOURCE_URL to your database."
            )

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            text = str(cause).splitlines()[0]
            forbidden = getattr(cause, "sqlstate", None) in NOT_ALLOWED or "readonly" in text
            kind = ReadOnlySourceError if forbidden else SourceError
            raise kind(f"{self.name}: {text}") from None


class MappedTable:
    """A real table under logical names: what it lacks reads as null."""

    def __init__(
        self,
        logical: LogicalTable,
        mapping: SourceMapping,
        present: Mapping[str, TypeEngine[Any]],
        dialect: str,
    ) -> None:
        self.logical = logical
        self._present = present
        self._binary_collation = "C" if dialect == "postgresql" else "BINARY"
        schema, _, name = mapping.table(logical).rpartition(".")
        self._real = {
            column.name: real
            for column in logical.columns
            if (real := mapping.column(logical, column.name)) in present
        }
        self._kinds = {column.name: column for column in logical.columns}
        self.table = sa.table(
            name,
            *(
                sa.column(real, SQL_TYPES[self._kinds[logical_name].kind])
                for logical_name, real in self._real.items()
            ),
            schema=schema or None,
        )
        self.sql = self.table.alias(logical.name)

    def native(self, name: str) -> sa.ColumnElement[Any]:
        """Return a column in its own type: for conditions and for ordering."""
        column: sa.ColumnElement[Any] = self.sql.c[self._real[name]]
        return column

    def order(self, name: str) -> sa.ColumnElement[Any]:
        """Return a column to order by."""
        return self.ordered(self.native(name), name)

    def ordered(self, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[Any]:
        """Order text by code point whatever the server's locale; integers stay integers."""
        if isinstance(self._present[self._real[name]], sa.String):
            return sa.collate(column, self._binary_collation)
        return column

    def value(self, name: str) -> sa.ColumnElement[Any]:
        """Return a column as it is read: ids and JSON as text, null where the table lacks it."""
        if name not in self._real:
            return sa.null()
        column: Column = self._kinds[name]
        if column.kind in ("text", "json"):
            return sa.cast(self.native(name), sa.Text)
        return self.native(name)


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Say which names come nearest to one that is missing."""
    close = get_close_matches(name, sorted(candidates), n=2, cutoff=0.5)
    return f" (nearest: {', '.join(close)})" if close else ""
