"""The ledger in one database table: SQLite on the local disk, or PostgreSQL for many machines.

Each change is one statement in a separate transaction, so the database isolates runs from each
other: no entry is lost, and no two entries together exceed a limit. On SQLite an entry reaches the
kernel immediately and the disk at the next checkpoint: it is not lost if the process dies, but may
be lost if the machine fails.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.dialects import postgresql, sqlite

from replay_assets.errors import JournalError
from replay_assets.inference.spending.earlier_ledger import spent_in_file
from replay_assets.inference.spending.ledger import ROUNDING_USD, LedgerEntry
from replay_assets.lake.files import create_private
from replay_assets.parsing.urls import shown_url, without_password
from replay_assets.volumes import volume_note

LEDGER_FILE = "ledger.sqlite"
BUSY_S = 30
"""Seconds that a statement waits while other processes write; each write takes 20 us."""
SQLITE_SETTINGS = (
    f"PRAGMA busy_timeout={BUSY_S * 1000}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
)

SPENDING = sa.Table(
    "spending",
    sa.MetaData(),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("candidate_id", sa.String, primary_key=True),
    sa.Column("spent_usd", sa.Double, nullable=False),
)
SPENT = sa.select(SPENDING.c.spent_usd).where(
    SPENDING.c.day == sa.bindparam("on_day"),
    SPENDING.c.candidate_id == sa.bindparam("of_candidate"),
)
SETTLE = (
    SPENDING.update()
    .where(
        SPENDING.c.day == sa.bindparam("on_day"),
        SPENDING.c.candidate_id == sa.bindparam("of_candidate"),
    )
    .values(spent_usd=SPENDING.c.spent_usd + sa.bindparam("more_usd"))
)


class SqlLedger:
    """A `Ledger` in a database, used by one thread at a time. The first use connects.

    Args:
        url: SQLAlchemy URL of SQLite or PostgreSQL.
        spent_before: returns what candidates spent on a day by the ledger of an earlier release.
    """

    def __init__(
        self,
        url: str | sa.URL,
        *,
        spent_before: Callable[[date], Mapping[str, float]] | None = None,
    ) -> None:
        self._url = sa.make_url(url)
        self._text = self._url.render_as_string(hide_password=False)
        self._engine = sa.create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        insert = (sqlite.insert if self._is_sqlite else postgresql.insert)(SPENDING)
        spent_usd = SPENDING.c.spent_usd + insert.excluded.spent_usd
        # `preserve_rowcount`: SQLAlchemy keeps the row count of an INSERT only if asked to.
        self._add = insert.on_conflict_do_update(
            index_elements=SPENDING.primary_key,
            set_={"spent_usd": spent_usd},
            where=spent_usd <= sa.bindparam("most_usd"),
        ).execution_options(preserve_rowcount=True)
        # Nothing if the day has a row: earlier spending counts once, however many runs follow.
        self._carry_over = insert.on_conflict_do_nothing()
        self._connection: sa.Connection | None = None
        self._spent_before = spent_before
        self._carried_over: set[date] = set()

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Return the ledger in a folder on a local disk; the folder need not exist."""
        url = sa.URL.create("sqlite", database=str(folder / LEDGER_FILE))
        return cls(url, spent_before=partial(spent_in_file, folder))

    def spent_usd(self, day: date, candidate_id: str) -> float:
        """Return what a candidate spent on a day; attempts in flight count at their highest price.

        Raises:
            JournalError: the ledger can't be read.
        """
        with self._used(day) as connection:
            found = connection.execute(SPENT, {"on_day": day, "of_candidate": candidate_id})
            return float(found.scalar() or 0.0)

    def reserve(
        self, day: date, candidate_id: str, amount_usd: float, *, limit_usd: float | None
    ) -> LedgerEntry | None:
        """Reserve an amount; None, without a change, if it would exceed the limit.

        Raises:
            JournalError: it could not be written.
        """
        most_usd = math.inf if limit_usd is None else limit_usd + ROUNDING_USD
        if amount_usd > most_usd:  # the statement checks the limit only if the day has a row
            return None
        row = {"day": day, "candidate_id": candidate_id, "spent_usd": amount_usd}
        with self._used(day) as connection:
            changed = connection.execute(self._add, {**row, "most_usd": most_usd}).rowcount
        return LedgerEntry(day, candidate_id, amount_usd) if changed else None

    def settle(self, entry: LedgerEntry, spent_usd: float) -> None:
        """Replace a reserved amount by what was spent; once for each entry.

        Raises:
            JournalError: it could not be written.
        """
        row = {"on_day": entry.day, "of_candidate": entry.candidate_id}
        with self._used(entry.day) as connection:
            connection.execute(SETTLE, {**row, "more_usd": spent_usd - entry.amount_usd})

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    @contextmanager
    def _used(self, day: date) -> Iterator[sa.Connection]:
        """Yield the connection, opened at first use; every error is raised with a way out."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            if self._spent_before is not None and day not in self._carried_over:
                for candidate_id, spent_usd in self._spent_before(day).items():
                    row = {"day": day, "candidate_id": candidate_id, "spent_usd": spent_usd}
                    self._connection.execute(self._carry_over, row)
                self._carried_over.add(day)
            yield self._connection
        except (OSError, sa.exc.SQLAlchemyError) as error:
            # Without its cause, whose text may hold a part of the URL.
            raise self._unusable(error) from None

    def _connect(self) -> sa.Connection:
        if not self._is_sqlite:
            return _prepared(self._engine.connect())
        file = Path(str(self._url.database))
        # Before SQLite creates it: the files that it writes next to this one get the same mode.
        create_private(file)
        # If two processes create the file at the same time, SQLite raises "busy" without waiting.
        with FileLock(f"{file}.lock", timeout=BUSY_S):
            return _prepared(self._engine.connect(), SQLITE_SETTINGS)

    def _unusable(self, error: Exception) -> JournalError:
        where = str(self._url.database) if self._is_sqlite else shown_url(self._text)
        cause = error if isinstance(error, OSError) else getattr(error, "orig", None) or error
        text = getattr(cause, "strerror", None) or cause
        reason = without_password(str(text), self._text)
        full = volume_note(Path(where), cause) if self._is_sqlite else ""
        return JournalError(
            f"{where} can't be written: {reason}.{full} Nothing more is sent, because spending "
            "that is not recorded can exceed the budget. Repair the cause (a full disk, a folder "
            "of another user, a database that does not answer) and run the same again: it "
            "continues."
        )


def _prepared(connection: sa.Connection, settings: Sequence[str] = ()) -> sa.Connection:
    """Return the connection with its settings made and the table created if it is missing."""
    try:
        for statement in settings:
            connection.exec_driver_sql(statement)
        try:
            SPENDING.create(connection, checkfirst=True)
        except sa.exc.DBAPIError:  # another process created it since the check
            SPENDING.create(connection, checkfirst=True)
    except BaseException:
        connection.close()
        raise
    return connection
