"""The URL of the incident database: read, opened, and named in errors without its password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from replay_assets.errors import (
    ConfigurationError,
    InterruptedReadError,
    ReadOnlySourceError,
    SourceError,
)
from replay_assets.parsing.urls import HOW_TO_ENCODE, UrlParts, shown_url, without_password
from replay_assets.source.connection.session_settings import read_any_bytes
from replay_assets.volumes import disk_full

NOT_ALLOWED = ("42501", "25006")
"""PostgreSQL's states for a missing privilege and for a read-only transaction."""
REPEATABLE = ("40001", "40P01")
"""States after which PostgreSQL's manual advises to repeat: serialization failure, deadlock."""
RECOVERY = "due to conflict with recovery"
"""A standby may also close the connection, and then no state arrives."""
THRESHOLD = "prepare_threshold"
WRONG_TYPE = (ArgumentError, TypeError, ValueError, LookupError, AttributeError)
"""What drivers raise for an option in the URL whose value does not have the type that they need."""


class SourceUrl:
    """The URL of the incident database.

    Raises:
        ConfigurationError: it can't be read, or it is not clear where its password ends.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self.url = sa.make_url(text)
            if "=" in (self.url.host or ""):
                raise ValueError("the options of libpq are not a URL")
        except (ArgumentError, ValueError):
            # Without its cause, which may quote the part of the URL that can't be read.
            raise ConfigurationError(
                "REPLAY_SOURCE_URL is not a valid SQLAlchemy URL; write sqlite:///file.sqlite or "
                f"postgresql+psycopg://user:password@host/database. {HOW_TO_ENCODE}."
            ) from None
        parts = UrlParts.of(text)
        # SQLAlchemy would take what follows the first @ for the host, and drivers would print it.
        if parts is not None and parts.holds_unescaped_at:
            raise ConfigurationError(
                f"REPLAY_SOURCE_URL is {self.name}: there is more than one @ in it. "
                f"{HOW_TO_ENCODE}; the same holds for an @ after the host."
            )

    @property
    def name(self) -> str:
        """The URL with its password masked and without options; a file as the disk has it."""
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            return f"{self.url.drivername}:///{self.url.database}"
        return shown_url(self._text)

    def create_engine(self) -> sa.Engine:
        """Return an engine that reads texts as we do.

        Raises:
            ConfigurationError: the driver is not installed, or an option has the wrong type.
        """
        try:
            if self.url.get_dialect().driver != "psycopg":
                return sa.create_engine(self.url)
            # Saves three round trips per new connection: we have no hstore columns.
            engine = sa.create_engine(
                self.url, use_native_hstore=False, connect_args=_numbers(self.url)
            )
            # Before SQLAlchemy's listener, which reads texts: SQL_ASCII databases did not open.
            sa.event.listen(engine, "connect", read_any_bytes, insert=True)
            return engine
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigurationError(
                f"{self.name}: its driver is not installed ({error}). For PostgreSQL install "
                "'replay-assets[postgres]' and write postgresql+psycopg://"
            ) from error
        except WRONG_TYPE as error:
            self._refuse_option(error)

    def connect(self, engine: sa.Engine) -> sa.Connection:
        """Open a connection.

        Raises:
            ConfigurationError: an option of the URL has the wrong type.
        """
        try:
            return engine.connect()
        except WRONG_TYPE as error:
            self._refuse_option(error)

    def reason(self, error: Exception) -> str:
        """Return the first line of what the driver said, without any part of a password."""
        cause = getattr(error, "orig", None) or error
        # The driver's further lines may quote values of rows.
        first = (str(cause).splitlines() or [type(cause).__name__])[0]
        return without_password(first, self._text)

    @contextmanager
    def errors_named(self) -> Iterator[None]:
        """Raise the driver's errors as ours, which name the database."""
        try:
            yield
        except SQLAlchemyError as error:
            text = self.reason(error)
            cause = getattr(error, "orig", None) or error
            if (full := disk_full(Path(self.url.database or ""), cause)) is not None:
                raise full from None
            state, said = getattr(cause, "sqlstate", None), str(cause)
            if state in REPEATABLE or RECOVERY in said:
                raise InterruptedReadError(f"{self.name}: {text}") from None
            # SQLite has no SQLSTATE; it says "attempt to write a readonly database".
            forbidden = state in NOT_ALLOWED or "readonly" in said
            kind = ReadOnlySourceError if forbidden else SourceError
            raise kind(f"{self.name}: {text}") from None

    def _refuse_option(self, error: Exception) -> NoReturn:
        options = without_password(", ".join(sorted(self.url.query)), self._text) or "none"
        raise ConfigurationError(
            f"{self.name}: REPLAY_SOURCE_URL can't be used: {self.reason(error)}. Correct or "
            f"remove the option that it names (options: {options})."
        ) from None


def _numbers(url: sa.URL) -> dict[str, int | None]:
    """Return the options that psycopg compares with numbers; SQLAlchemy passes them as texts."""
    given = str(url.query.get(THRESHOLD, ""))
    if not given:
        return {}
    return {THRESHOLD: None if given.casefold() == "none" else int(given)}
