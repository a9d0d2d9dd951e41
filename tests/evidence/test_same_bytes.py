"""Equal rows give equal bytes, whatever the database and the reader."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.calendar import day_window
from replay_assets.evidence.extraction import extract_day
from replay_assets.lake.published import Published
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, Row, execute, incident, load, message, repair, session

pytestmark = pytest.mark.integration

ROWS = 1500
"""With eight kilobytes each: more than one row group, and several batches of any reader."""
JSON_COLUMNS = {
    "incident_evidence": ("labels",),
    "agent_sessions": ("output_json",),
    "auto_repair_executions": ("executed_steps",),
    "session_messages": ("tool_calls",),
}
JSON_NAMES = {"labels", "coordinator_output", "repair_steps", "executed_steps", "tool_calls"}
INDEXES = ("ix_agent_sessions_incident_id", "ix_auto_repair_executions_incident_id")


def some_day() -> dict[str, list[Row]]:
    """Return a day of many kinds of rows, the same each time."""
    chance = random.Random(20260921)
    tables: dict[str, list[Row]] = {
        "incident_evidence": [],
        "agent_sessions": [],
        "auto_repair_executions": [],
        "session_messages": [],
    }
    for number in range(ROWS):
        at = f"2026-09-21T{chance.randrange(16):02d}:{chance.randrange(60):02d}:00"
        micros = chance.choice(["", ".5", ".000001", ".123456"])
        tables["incident_evidence"].append(
            incident(
                number,
                collected_at=f"{at}{micros}Z",
                evidence_summary=chance.choice(["磁碟已滿", "full"]) * chance.randrange(1, 900),
                alertname=chance.choice([None, "", "DiskFull", "磁"]),
                labels=chance.choice([None, {}, {"b": 1, "a": [1.5, None, "é\n"]}]),
                severity=chance.choice(["critical", "warning", None]),
                incident_id=f"inc-{number if number % 50 else 0}",
            )
        )
        incident_id = f"inc-{number}"
        for n in range(chance.randrange(3)):
            tables["agent_sessions"].append(
                session(
                    f"se-{number}-{n}",
                    incident_id=incident_id,
                    output_json={"z": "x" * chance.randrange(9000), "decision": chance.random()},
                    created_at=chance.choice([None, f"{at}Z", "2026-09-21T08:00:00+08:00"]),
                )
            )
            tables["auto_repair_executions"].append(
                repair(
                    f"re-{number}-{n}",
                    incident_id=incident_id,
                    success=chance.choice([True, False, None]),
                    created_at=chance.choice([None, f"{at}Z", "2026-09-21T09:00:00Z"]),
                )
            )
            tables["session_messages"] += [
                message(position, session_id=f"se-{number}-{n}", tool_calls=calls)
                for position, calls in enumerate([None, [], [{"id": "c", "f": {"b": 1, "a": 2}}]])
            ]
    return tables


@pytest.fixture(scope="module")
def reference(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[IncidentDatabase, Published]]:
    """Return the day in SQLite as read there; all other readings are compared with it."""
    folder = tmp_path_factory.mktemp("reference")
    database = IncidentDatabase(f"sqlite:///{folder / 'incidents.sqlite'}")
    load(database, folder, **some_day())
    yield database, extract_day(database, DAY, Store(str(folder / "evidence")))
    database.close()


@pytest.fixture(scope="module")
def postgres(
    module_postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[IncidentDatabase]:
    """Return the same day in PostgreSQL."""
    database = IncidentDatabase(module_postgres_url)
    load(database, tmp_path_factory.mktemp("same"), **some_day())
    yield database
    database.close()


def in_json_columns_of(database: IncidentDatabase, kind: str) -> None:
    """Change the type of every JSON column."""
    execute(
        database,
        *(
            f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {kind} USING {name}::text::{kind}"
            for table, names in JSON_COLUMNS.items()
            for name in names
        ),
    )


def files_of(published: Published) -> dict[str, str]:
    """Return the digest of each file's bytes, without the reader's name in the manifest."""
    return {entry.path: entry.sha256 for entry in published.manifest.files}


def test_the_day_has_everything_that_could_differ(reference: tuple[IncidentDatabase, Published]):
    """Several row groups, quarantined rows, nulls, messages: otherwise equality proves little."""
    _, published = reference
    assert published.facts["read"] == ROWS
    assert published.facts["quarantined"] == ROWS // 50 - 1
    assert published.facts["messages"] > ROWS
    sizes = {entry.path.split("/")[1]: entry.size_bytes for entry in published.manifest.files}
    assert set(sizes) == {
        "incident_evidence",
        "recorded_messages",
        "recorded_repairs",
        "quarantine",
    }
    table = published.table("incident_evidence")
    assert table.nbytes > 9 * 2**20
    assert table["labels"].null_count
    assert table["coordinator_at"].null_count


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
@pytest.mark.parametrize("kind", ["json", "text"])
def test_postgres_gives_the_bytes_of_sqlite(
    kind: str,
    fast: bool,
    reference: tuple[IncidentDatabase, Published],
    postgres: IncidentDatabase,
    tmp_path: Path,
):
    """From `json` and from `text`, row by row or as Arrow."""
    in_json_columns_of(postgres, kind)
    published = extract_day(postgres, DAY, Store(str(tmp_path)), fast=fast)
    assert files_of(published) == files_of(reference[1])
    assert published.digest == reference[1].digest


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
def test_jsonb_gives_equal_values(
    fast: bool,
    reference: tuple[IncidentDatabase, Published],
    postgres: IncidentDatabase,
    tmp_path: Path,
):
    """It reorders keys and spaces: documents are equal, everything else has the same bytes."""
    in_json_columns_of(postgres, "jsonb")
    published = extract_day(postgres, DAY, Store(str(tmp_path)), fast=fast)
    for name in ("incident_evidence", "recorded_messages", "recorded_repairs"):
        assert parsed(published.rows(name)) == parsed(reference[1].rows(name))
    assert published.facts["quarantine_reasons"] == reference[1].facts["quarantine_reasons"]


def parsed(rows: list[Row]) -> list[dict[str, Any]]:
    """Return rows with their JSON decoded."""
    return [
        {
            name: json.loads(value) if name in JSON_NAMES and value is not None else value
            for name, value in row.items()
        }
        for row in rows
    ]


def test_the_same_day_twice_gives_the_same_bytes(
    reference: tuple[IncidentDatabase, Published], tmp_path: Path
):
    """Including the manifest."""
    database, published = reference
    again = extract_day(database, DAY, Store(str(tmp_path)))
    assert again.manifest == published.manifest


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
def test_without_indexes_the_bytes_are_the_same(
    fast: bool, database: IncidentDatabase, tmp_path: Path
):
    """Another form of the statement, the same rows: with ties, nulls and rows after `as_of`."""
    load(database, tmp_path, **few_rows())
    before = extract_day(database, DAY, Store(str(tmp_path / "with")), fast=fast)
    execute(database, *(f"DROP INDEX {name}" for name in INDEXES))
    after = extract_day(database, DAY, Store(str(tmp_path / "without")), fast=fast)
    assert before.facts["read_by"].endswith(("lateral", "correlated"))
    assert after.facts["read_by"].endswith("window")
    assert files_of(after) == files_of(before)
    assert after.facts["source_fingerprint"] == before.facts["source_fingerprint"]


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
def test_views_give_the_bytes_of_their_tables(
    fast: bool, database: IncidentDatabase, tmp_path: Path
):
    """A team may give us access to views only."""
    load(database, tmp_path, **few_rows())
    before = extract_day(database, DAY, Store(str(tmp_path / "tables")), fast=fast)
    for table in JSON_COLUMNS:
        execute(
            database,
            f"ALTER TABLE {table} RENAME TO hidden_{table}",
            f"CREATE VIEW {table} AS SELECT * FROM hidden_{table}",
        )
    after = extract_day(database, DAY, Store(str(tmp_path / "views")), fast=fast)
    assert files_of(after) == files_of(before)
    again = extracted(database, DAY, fast=fast)
    assert again.facts["source_fingerprint"] == after.facts["source_fingerprint"]


def few_rows() -> dict[str, list[Row]]:
    """Return incidents whose newest session and repair depend on ties, nulls and `as_of`."""
    times: dict[str, list[str | None]] = {
        "tie": ["2026-09-21T07:00:00Z", "2026-09-21T07:00:00Z"],
        "null": [None, "2026-09-21T07:00:00Z"],
        "nulls": [None, None],
        "late": ["2026-09-21T07:00:00Z", "2026-09-30T00:00:00Z"],
        "too-late": ["2026-09-30T00:00:00Z"],
        "none": [],
    }
    found: dict[str, list[Row]] = {
        "incident_evidence": [incident(id=name, incident_id=name) for name in times],
        "agent_sessions": [],
        "auto_repair_executions": [],
        "session_messages": [],
    }
    found["incident_evidence"].append(
        incident(id="tie-2", incident_id="tie", collected_at="2026-09-21T06:00:01Z")
    )
    for name, instants in times.items():
        for n, at in enumerate(instants):
            one = {"incident_id": name, "created_at": at}
            found["agent_sessions"].append(session(f"{name}-{n}", **one))
            found["auto_repair_executions"].append(repair(f"{name}-{n}", **one))
            found["session_messages"].append(message(0, session_id=f"{name}-{n}"))
    return found


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
def test_an_empty_day_always_has_the_same_bytes(
    fast: bool,
    reference: tuple[IncidentDatabase, Published],
    postgres: IncidentDatabase,
    tmp_path: Path,
):
    """Also if a reader has no row to infer types from."""
    christmas = day_window("2026-12-25", "Asia/Taipei")
    ours = extract_day(postgres, christmas, Store(str(tmp_path / "ours")), fast=fast)
    theirs = extract_day(reference[0], christmas, Store(str(tmp_path / "theirs")))
    assert ours.facts["read"] == 0
    assert files_of(ours) == files_of(theirs)


PARTED = {
    "partitions": (
        "CREATE TABLE {table} (LIKE whole_{table}) PARTITION BY HASH (id)",
        "CREATE TABLE {table}_0 PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE {table}_1 PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        "INSERT INTO {table} SELECT * FROM whole_{table}",
    ),
    "inheritance": (
        "CREATE TABLE {table} (LIKE whole_{table})",
        "CREATE TABLE {table}_0 () INHERITS ({table})",
        "INSERT INTO {table} SELECT * FROM whole_{table} WHERE id LIKE 're%' OR id LIKE 'n%'",
        "INSERT INTO {table}_0 SELECT * FROM whole_{table} "
        "WHERE NOT (id LIKE 're%' OR id LIKE 'n%')",
    ),
}


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
@pytest.mark.parametrize("form", PARTED)
def test_partitioned_tables_give_the_bytes_of_plain_ones(
    form: str, fast: bool, postgres_url: str, tmp_path: Path
):
    """Rows of two partitions may have the same position; a position alone finds neither."""
    database = IncidentDatabase(postgres_url)
    load(database, tmp_path, **few_rows())
    before = extract_day(database, DAY, Store(str(tmp_path / "whole")), fast=fast)
    for table in JSON_COLUMNS:
        statements = [f"ALTER TABLE {table} RENAME TO whole_{table}", *PARTED[form]]
        if table == "session_messages":
            statements = [one.replace("(id)", "(session_id)") for one in statements]
            statements = [one.replace("id LIKE", "session_id LIKE") for one in statements]
        with database.writing() as connection:
            for one in statements:
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute(one.format(table=table))
    after = extract_day(database, DAY, Store(str(tmp_path / "parts")), fast=fast)
    assert after.facts["read_by"].endswith("window")
    assert files_of(after) == files_of(before)
    database.close()


def test_an_id_in_a_table_and_in_one_that_inherits_is_not_unique(postgres_url: str, tmp_path: Path):
    """PostgreSQL keeps each of them unique, but not both together."""
    database = IncidentDatabase(postgres_url)
    load(database, tmp_path)
    execute(
        database,
        "CREATE TABLE older_evidence () INHERITS (incident_evidence)",
        "INSERT INTO older_evidence SELECT * FROM incident_evidence",
    )
    day = extracted(database, DAY)
    assert day.kept == []
    assert [row["reasons"] for row in day.quarantine] == [["duplicate_id:id"]] * 2
    database.close()
