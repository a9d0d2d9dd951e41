"""A day read from one snapshot: its rows as batches, and which keys are repeated."""

import logging
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow
from replay_assets.parsing.instants import parse_instant
from replay_assets.source.connection import NO_ENCODING, IncidentDatabase
from replay_assets.source.day.batches import RowBatch
from replay_assets.source.day.day_tables import DayTables
from replay_assets.source.day.instant_columns import InstantColumns
from replay_assets.source.day.newest import VERSIONS
from replay_assets.source.day.statements import (
    evidence_statement,
    keys_statement,
    messages_statement,
    repairs_statement,
    survey_statement,
)
from replay_assets.source.day.streams import (
    Reader,
    SqlReader,
    adbc_is_installed,
    adbc_reader,
    read_ahead,
)
from replay_assets.source.day.unplaced import refuse_unplaced
from replay_assets.source.schema import (
    AGENT_SESSIONS,
    AUTO_REPAIR_EXECUTIONS,
    INCIDENT_EVIDENCE,
    SESSION_MESSAGES,
    layouts_of,
)

ADBC_FROM_ROWS = 20_000
"""A smaller day gains nothing: a second connection costs thirty round trips."""
NOT_FOR_ADBC = "SELECT pg_is_in_recovery() OR current_setting('server_encoding') = :none"
"""A standby can't share its snapshots; Arrow can't hold texts that may not be UTF-8."""
MAX_TEXT_BYTES = 2**20
"""A megabyte of text is 250,000 tokens, more than any candidate's context."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Survey:
    """What is known of a day before its rows are read: how many, and which of them share a key.

    Attributes:
        rows: how many rows of evidence the day has.
        duplicate_ids: ids that more than one row has.
        snapshots: the ids of an incident's rows, oldest first, where it has several; what can't be
            read as text is left out.
    """

    rows: int
    duplicate_ids: frozenset[str]
    snapshots: dict[str, list[str]]


class DaySnapshot:
    """A day as the database holds it at one instant."""

    def __init__(
        self,
        connection: sa.Connection,
        tables: DayTables,
        window: DayWindow,
        reader: Reader,
        survey: Survey,
    ) -> None:
        self.window = window
        self.survey = survey
        self.tables = tables
        self.shape = tables.shape()
        self.reader = reader.name
        self._connection = connection
        self._reader = reader
        if self.shape == "window":
            log.warning(
                "no index leads by incident_id on %s or %s: the day is read by a scan; see "
                "`replay-assets doctor` for the index to create",
                tables.sessions.table.name,
                tables.repairs.table.name,
            )

    def evidence(self) -> Generator[RowBatch, None, None]:
        """Yield the day's evidence with newest session and repair, by `collected_at`, then id."""
        return read_ahead(self._reader.batches(evidence_statement(self.tables, self.window)))

    def messages(self) -> Iterator[RowBatch]:
        """Yield the messages of the newest sessions; none where the database keeps none."""
        messages = self.tables.messages
        if messages is None:
            return iter(())
        any_message = self._connection.execute(
            sa.select(sa.literal(1)).select_from(messages.sql).limit(1)
        )
        if any_message.first() is None:  # most sources keep none; the join costs as much as repairs
            return iter(())
        return self._reader.batches(
            messages_statement(self.tables, messages, self.window, repeated=self._repeated)
        )

    def repairs(self) -> Iterator[RowBatch]:
        """Yield every repair of the day's incidents, oldest first."""
        return self._reader.batches(
            repairs_statement(self.tables, self.window, repeated=self._repeated)
        )

    def refuse_unplaced(self) -> None:
        """Raise an error if the day has no rows because rows can't be placed in any day.

        Raises:
            SourceError: the message says what to declare or to correct in the mapping.
        """
        if not self.survey.rows:
            refuse_unplaced(
                self._connection, self.tables.instants, self.tables.evidence, self.window
            )

    @property
    def _repeated(self) -> bool:
        """Whether an incident has several snapshots, of which only one is joined."""
        return bool(self.survey.snapshots)

    def row_keys(self) -> Iterator[RowBatch]:
        """Yield the keys and versions of the day's rows; whole rows where they have no version."""
        read = keys_statement(self.tables, self.window)
        names = {column.name for column in read.statement.selected_columns}
        if not names.issuperset(VERSIONS):
            return self.evidence()
        return self._reader.batches(read)


def newest_instant(database: IncidentDatabase, now: datetime) -> datetime | None:
    """Return when the newest evidence up to now was collected, or the newest at all.

    None if no time can be read.
    """
    with database.snapshot() as connection:
        evidence = database.required(connection, INCIDENT_EVIDENCE)
        instants = InstantColumns(connection.dialect.name == "postgresql", database.mapping)
        collected_at = instants.instant(evidence, "collected_at")
        readable = sa.select(collected_at.read).where(sa.not_(collected_at.in_no_day))
        newest = readable.where(*evidence.conditions).order_by(collected_at.newest_first).limit(1)
        past: Any = connection.execute(newest.where(collected_at.known_by(now))).scalar()
        found = past if past is not None else connection.execute(newest).scalar()
        if found is None:
            return None
        zone = instants.zone(evidence, "collected_at")
        micros = isinstance(found, int)  # as PostgreSQL returns instants; SQLite returns texts
        return parse_instant(str(found), zone, "us" if micros else None)


def _is_readable(key: str | None) -> bool:
    """Return whether a key is there and is UTF-8: the batches read any other key as null."""
    return key is not None and key.encode(errors="ignore").decode() == key


@contextmanager
def day_snapshot(
    database: IncidentDatabase,
    window: DayWindow,
    *,
    max_text_bytes: int = MAX_TEXT_BYTES,
    fast: bool | None = None,
) -> Iterator[DaySnapshot]:
    """Open a day's snapshot for the length of a block.

    Args:
        database: where to read.
        window: the day, and up to when its sessions and repairs count.
        max_text_bytes: longer texts are not read; their rows say so.
        fast: whether to read PostgreSQL through ADBC; None: a large day, where it is installed.
    """
    with database.snapshot() as connection, ExitStack() as stack:
        tables = _tables(database, connection, window, max_text_bytes)
        survey = _survey(connection, tables, window)
        reader = _reader(connection, stack, rows=survey.rows, fast=fast)
        yield DaySnapshot(connection, tables, window, reader, survey)


def _tables(
    database: IncidentDatabase, connection: sa.Connection, window: DayWindow, max_text_bytes: int
) -> DayTables:
    evidence = database.required(connection, INCIDENT_EVIDENCE)
    sessions = database.required(connection, AGENT_SESSIONS)
    repairs = database.required(connection, AUTO_REPAIR_EXECUTIONS)
    read = {
        logical.name: database.mapping.table(logical)
        for logical in (INCIDENT_EVIDENCE, AGENT_SESSIONS, AUTO_REPAIR_EXECUTIONS)
    }
    return DayTables(
        evidence=evidence,
        sessions=sessions,
        repairs=repairs,
        messages=database.selectable(connection, SESSION_MESSAGES),
        layouts=dict(zip(read, layouts_of(connection, list(read.values())), strict=True)),
        instants=InstantColumns.of(database, connection, evidence, window),
        max_text_bytes=max_text_bytes,
    )


def _survey(connection: sa.Connection, tables: DayTables, window: DayWindow) -> Survey:
    by_id, by_incident = Counter[str](), Counter[str]()
    snapshots: dict[str, list[str]] = {}
    (total, _, _), *shared = connection.execute(survey_statement(tables, window)).all()
    for _, row_id, incident_id in shared:
        if _is_readable(incident_id):
            by_incident[incident_id] += 1
            snapshots.setdefault(incident_id, [])
        if _is_readable(row_id):
            by_id[row_id] += 1
            if incident_id in snapshots:
                snapshots[incident_id].append(row_id)
    return Survey(
        rows=total,
        duplicate_ids=frozenset(row_id for row_id, count in by_id.items() if count > 1),
        snapshots={
            incident: ids for incident, ids in snapshots.items() if by_incident[incident] > 1
        },
    )


def _reader(
    connection: sa.Connection,
    stack: ExitStack,
    *,
    rows: int,
    fast: bool | None,
) -> Reader:
    worth_it = fast or (fast is None and rows >= ADBC_FROM_ROWS and adbc_is_installed())
    if connection.dialect.name != "postgresql" or not worth_it:
        return SqlReader(connection)
    if connection.execute(sa.text(NOT_FOR_ADBC), {"none": NO_ENCODING}).scalar_one():
        return SqlReader(connection)
    snapshot: Any = connection.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one()
    return stack.enter_context(adbc_reader(connection, snapshot))
