"""What the session of a snapshot is set to: read-only, bounded in time, the same everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa

from replay_assets.source.connection.sqlite_functions import register_sqlite_functions

SESSION_SETTINGS = {
    "statement_timeout": "10min",
    "lock_timeout": "5s",
    # As long as a read may take: while ADBC reads, the session that lends its snapshot is idle.
    "idle_in_transaction_session_timeout": "20min",
    "TimeZone": "UTC",
    # A driver that can't stream uses a cursor, whose plans assume that a tenth of it is fetched.
    "cursor_tuple_fraction": "1.0",
}
SQLITE_CACHE_KIB = 16 * 1024
"""Pages kept in memory: with 64 MiB a day was read in two thirds of the time of SQLite's own 2 MiB;
16 keep the whole stage below 320 MiB."""
HAS_TRANSACTION_TIMEOUT = (17,)
TEXT_TYPES = (0, "text", "varchar", "bpchar", "name")
"""Types that psycopg reads as texts; 0 represents those that it does not know."""
NO_ENCODING = "SQL_ASCII"
"""The encoding of databases that take any bytes for text, as `initdb` makes them in locale C."""
LENIENT_TEXT = partial(str, encoding="utf-8", errors="surrogateescape")
"""One text that is not UTF-8 must not fail the whole day; surrogates mark it."""


def postgres_settings(connection: sa.Connection) -> str:
    """Return the statement that sets one transaction's limits: a pooler drops start-up options."""
    settings = dict(SESSION_SETTINGS)
    if (connection.dialect.server_version_info or ()) >= HAS_TRANSACTION_TIMEOUT:
        # A statement's limit starts again with each fetch from a cursor; this one does not.
        settings["transaction_timeout"] = "20min"
    each = (f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    return f"SELECT {', '.join(each)}"


def read_any_bytes(driver: Any, _: object = None) -> None:  # noqa: ANN401 - psycopg's connection
    """Read texts of a database without an encoding as UTF-8; psycopg would leave them as bytes."""
    if driver.info.parameter_status("client_encoding") != NO_ENCODING:
        return
    # Imported here, because psycopg is an optional extra.
    from psycopg.adapt import Buffer, Loader

    class LenientText(Loader):
        def load(self, data: Buffer) -> str:
            return LENIENT_TEXT(bytes(data))

    for name in TEXT_TYPES:
        driver.adapters.register_loader(name, LenientText)


@contextmanager
def read_only_sqlite(connection: sa.Connection) -> Iterator[None]:
    """Give a SQLite connection one read-only transaction, and our reading of texts."""
    driver: Any = connection.connection.driver_connection
    register_sqlite_functions(driver)
    driver.text_factory = LENIENT_TEXT
    # Python's driver opens no transaction for a SELECT; without one, two statements may see two
    # states.
    connection.exec_driver_sql("PRAGMA query_only = ON")
    connection.exec_driver_sql(f"PRAGMA cache_size = -{SQLITE_CACHE_KIB}")
    connection.exec_driver_sql("BEGIN")
    try:
        yield
    finally:
        # The pool may lend the same connection to a writer next.
        connection.rollback()
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        driver.text_factory = str
