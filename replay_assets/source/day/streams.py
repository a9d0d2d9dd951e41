"""Two ways from a statement to batches: SQLAlchemy for every database, ADBC where it is installed.

Both read as they go, in bounded memory, and give the same rows. ADBC hands over Arrow directly,
which halves the CPU of reading; it is the extra `[fast]`.
"""

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from replay_assets.errors import SourceError
from replay_assets.source.connection import postgres_settings
from replay_assets.source.day.batches import RowBatch, batch_of
from replay_assets.source.day.day_tables import Read

STREAMED_ROWS = 20
"""Rows that the driver holds at a time; each may have several texts of the largest size."""
BATCH_ROWS = 1000
BATCH_BYTES = 8 * 2**20
"""Rows of one batch: a thousand, fewer where they are large."""
ADBC_BATCH_BYTES = 2 * 2**20
"""Four batches are in flight; the default of 16 MiB was measured no faster."""
LONGEST_READ_S = 20 * 60
"""A snapshot held longer keeps the source from cleaning up after itself."""

log = logging.getLogger(__name__)


class SqlReader:
    """Reads through SQLAlchemy, from the connection that holds the snapshot."""

    name = "sqlalchemy"

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def batches(self, read: Read) -> Iterator[RowBatch]:
        """Yield the statement's rows, in order."""
        started = time.monotonic()
        names = [column.name for column in read.statement.selected_columns]
        rows = self._rows(read.statement)
        while some := _next_rows(rows):
            yield batch_of(list(zip(*some, strict=True)), names, read.fields)
            _refuse_too_long(started)

    def _rows(self, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        if self._connection.dialect.driver == "psycopg":
            return self._streamed(statement)
        options = {"stream_results": True, "max_row_buffer": STREAMED_ROWS}
        return iter(self._connection.execution_options(**options).execute(statement))

    def _streamed(self, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        """Yield rows as the server sends them, a chunk at a time: no cursor, no round trips.

        A server-side cursor plans for a tenth of the rows, and its time limit starts again with
        each fetch; both failed in measurements.
        """
        psycopg: Any = self._connection.dialect.dbapi
        driver: Any = self._connection.connection.driver_connection
        # libpq sends several rows at a time from version 17 on.
        size = STREAMED_ROWS if psycopg.capabilities.has_stream_chunked() else 1
        with driver.cursor() as cursor:
            try:
                yield from cursor.stream(spelled_out(statement).encode(), size=size)
            except psycopg.Error as error:
                # As SQLAlchemy raises it: the snapshot names such errors in one place.
                raise DBAPIError(None, None, error) from error


class AdbcReader:
    """Reads through ADBC, in a transaction that shares the snapshot of SQLAlchemy's."""

    name = "adbc"

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - the driver has no types
        self._connection = connection

    def batches(self, read: Read) -> Iterator[RowBatch]:
        """Yield the statement's rows, in order."""
        started = time.monotonic()
        with _adbc_errors_named(), self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(
                **{"adbc.postgresql.batch_size_hint_bytes": str(ADBC_BATCH_BYTES)}
            )
            cursor.execute(spelled_out(read.statement))
            with cursor.fetch_record_batch() as reader:
                for rows in reader:
                    yield batch_of(rows.columns, rows.schema.names, read.fields)
                    _refuse_too_long(started)


Reader = SqlReader | AdbcReader


def read_ahead(batches: Iterator[RowBatch]) -> Generator[RowBatch, None, None]:
    """Yield batches while a thread reads the next one: drivers wait, and decode, without the GIL.

    Until the last batch is returned or the generator is closed, the connection belongs to that
    thread.
    """
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        ahead = thread.submit(next, batches, None)
        while (batch := ahead.result()) is not None:
            ahead = thread.submit(next, batches, None)
            yield batch


def spelled_out(statement: sa.Select[Any]) -> str:
    """Return a statement without parameters: with them, ADBC buffers the whole result."""
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def adbc_is_installed() -> bool:
    """Return whether the extra `[fast]` is installed."""
    return find_spec("adbc_driver_postgresql") is not None


@contextmanager
def adbc_reader(beside: sa.Connection, snapshot: str) -> Iterator[AdbcReader]:
    """Open a second connection to the same server, on a snapshot that the first has exported.

    Raises:
        DBAPIError: it can't connect.
    """
    from adbc_driver_postgresql import dbapi

    with _adbc_errors_named():
        connection = dbapi.connect(_address_of(beside))
    with connection:
        script = [
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
            f"SET TRANSACTION SNAPSHOT '{snapshot}'",
            "SET LOCAL client_encoding = 'UTF8'",  # that of Arrow, whatever the database's is
            postgres_settings(beside),
        ]
        with _adbc_errors_named(), connection.cursor() as cursor:
            cursor.executescript("; ".join(script))
        yield AdbcReader(connection)
        connection.rollback()


def _address_of(connection: sa.Connection) -> str:
    """Return the address that a connection really has, in the words of libpq.

    A URL of SQLAlchemy may hold what libpq does not know, and several hosts to choose from.
    """
    psycopg: Any = connection.dialect.dbapi
    info: Any = connection.connection.driver_connection.info  # type: ignore[union-attr]
    there = {"host": info.host, "port": info.port, "dbname": info.dbname}
    address: str = psycopg.conninfo.make_conninfo(
        **{**info.get_parameters(), **there, "password": info.password or None}
    )
    return address


@contextmanager
def _adbc_errors_named() -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy does; while it streams they are bare OSErrors."""
    from adbc_driver_postgresql import dbapi

    try:
        yield
    except (dbapi.Error, OSError) as error:
        raise DBAPIError(None, None, error) from error


def _next_rows(rows: Iterator[Sequence[Any]]) -> list[Sequence[Any]]:
    """Take rows until they make a batch; after small ones the next may be megabytes."""
    taken: list[Sequence[Any]] = []
    characters = 0
    while len(taken) < BATCH_ROWS and characters < BATCH_BYTES:
        few = list(islice(rows, STREAMED_ROWS))
        if not few:
            break
        taken += few
        characters += sum(len(value) for row in few for value in row if type(value) is str)
    return taken


def _refuse_too_long(started: float) -> None:
    if time.monotonic() - started > LONGEST_READ_S:
        raise SourceError(
            f"reading took longer than {LONGEST_READ_S // 60} minutes, and was stopped: a snapshot "
            "held so long stops the source from cleaning up. See `replay-assets doctor` for "
            "missing indexes."
        )
