"""A writer changes rows while a day is read: what is published is one state, never two.

It increases a generation number in evidence, session, message and repair in one transaction each
time; a reading that mixed two states would show two numbers.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import ExtractedDay, extracted
from tests.source.rows import DAY, incident, load, message, repair, session

pytestmark = pytest.mark.integration

INCIDENTS = 1500
"""Enough for several batches of either reader."""
PADDING = "x" * 3000
MOST_READINGS, ENOUGH = 30, 3
"""Reading is repeated until this many generations were written during one reading."""
GENERATION = re.compile(r"generation (\d+)")
READERS = [
    pytest.param("sqlite", False, id="sqlite"),
    pytest.param("postgresql", False, id="sqlalchemy"),
    pytest.param("postgresql", True, id="adbc"),
]


class Writer:
    """Writes one generation after the other until it is stopped."""

    def __init__(self, database: IncidentDatabase) -> None:
        self.generation = 0
        self.error: BaseException | None = None
        self._database = database
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write, name="writer")

    def write_once(self) -> None:
        """Change every table in one transaction."""
        self.generation += 1
        told = f"generation {self.generation}"
        with self._database.writing() as connection:
            for table, column, value in (
                ("auto_repair_executions", "executed_steps", f'["{told}"]'),
                ("session_messages", "content", told),
                ("incident_evidence", "evidence_summary", f"{told} {PADDING}"),
                ("agent_sessions", "output_json", f'{{"decision": "{told}"}}'),
            ):
                literal: sa.ColumnElement[str] = sa.literal_column(f"'{value}'")
                target = sa.table(table, sa.column(column))
                connection.execute(sa.update(target).values({column: literal}))

    def _write(self) -> None:
        try:
            while not self._stopped.is_set():
                self.write_once()
        except BaseException as error:  # noqa: BLE001 - shown by the test that started it
            self.error = error

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Write during the block."""
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()
        assert self.error is None, self.error


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IncidentDatabase]:
    """Return incidents with a session, message and repair each; SQLite allows writers meanwhile."""
    sqlite = request.param == "sqlite"
    url = (
        f"sqlite:///{tmp_path / 'it.sqlite'}" if sqlite else request.getfixturevalue("postgres_url")
    )
    database = IncidentDatabase(url)
    numbers = range(INCIDENTS)
    load(
        database,
        tmp_path,
        incident_evidence=[incident(n) for n in numbers],
        agent_sessions=[session(f"se-{n}", incident_id=f"inc-{n}") for n in numbers],
        auto_repair_executions=[repair(f"re-{n}", incident_id=f"inc-{n}") for n in numbers],
        session_messages=[message(0, session_id=f"se-{n}") for n in numbers],
    )
    if sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    yield database
    database.close()


def generations_in(day: ExtractedDay) -> dict[str, set[str]]:
    """Return the generations that are in each part of a day."""
    columns = {
        "evidence": [row["evidence_summary"] for row in day.kept],
        "decisions": [row["coordinator_output"] for row in day.kept],
        "newest repairs": [row["repair_steps"] for row in day.kept],
        "messages": [row["content"] for row in day.messages],
        "repairs": [row["executed_steps"] for row in day.repairs],
    }
    return {name: set(GENERATION.findall(json.dumps(some))) for name, some in columns.items()}


@pytest.mark.parametrize(("database", "fast"), READERS, indirect=["database"])
def test_a_day_with_concurrent_writes_is_read_in_one_state(fast: bool, database: IncidentDatabase):
    """Across batches, joins and tables, while generations are written."""
    other = IncidentDatabase(database.engine.url.render_as_string(hide_password=False))
    writer = Writer(other)
    writer.write_once()
    written_meanwhile = 0
    with writer.at_work():
        for _ in range(MOST_READINGS):
            before = writer.generation
            day = extracted(database, DAY, fast=fast)
            written_meanwhile += writer.generation - before
            assert len(day.kept) == len(day.messages) == len(day.repairs) == INCIDENTS
            found = generations_in(day)
            assert len(set.union(*found.values())) == 1, found
            assert all(found.values())
            if written_meanwhile >= ENOUGH:
                break
    assert written_meanwhile >= ENOUGH, "hardly anything was written while the day was read"
    other.close()


@pytest.mark.parametrize(("database", "fast"), READERS, indirect=["database"])
def test_what_is_committed_between_batches_and_tables_is_not_seen(
    fast: bool, database: IncidentDatabase
):
    """Deterministic: a new generation after every batch, and a session that becomes newest."""
    other = IncidentDatabase(database.engine.url.render_as_string(hide_password=False))
    writer = Writer(other)
    writer.write_once()
    batches = []

    def meanwhile(rows: int) -> None:
        batches.append(rows)
        writer.write_once()
        with other.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO agent_sessions (id, incident_id, agent_role, output_json, created_at) "
                f"VALUES ('newer-{rows}', 'inc-1499', 'coordinator', '{{}}', "
                "'2026-09-21T09:00:00.000000+00:00')"
            )
            connection.exec_driver_sql(f"DELETE FROM incident_evidence WHERE id = 'ev-{rows}'")

    day = extracted(database, DAY, fast=fast, progress=meanwhile)
    assert len(batches) > 1
    assert list(generations_in(day).values()) == [{"1"}] * 5
    assert day.facts["read"] == len(day.messages) == len(day.repairs) == INCIDENTS
    assert "newer" not in json.dumps([row["coordinator_id"] for row in day.kept])
    other.close()
