"""The export log: one row per week and checksum; a role that cannot write says so."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from replay_assets.errors import SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.export_log import ExportLogEntry, record_export
from replay_assets.source.schema.mapping import load_mapping
from tests.source.rows import count, execute

ENTRY = ExportLogEntry(
    week="2026-09-21",
    checksum_sha256="a" * 64,
    export_type="sft.alpaca.v1",
    source_table="incident_evidence",
    source_ids='["inc-1","inc-2"]',
    file_path="/lake/sft.alpaca.train.jsonl",
    record_count=2,
    size_bytes=4096,
    metadata='{"lookback_days":7}',
)


def entries(database: IncidentDatabase) -> list[ExportLogEntry]:
    names = ", ".join(ENTRY.values())
    with database.writing(create=True) as connection:
        statement = f"SELECT {names} FROM finetune_exports ORDER BY week, checksum_sha256"
        rows = connection.execute(sa.text(statement)).mappings().all()
    return [ExportLogEntry(**{name: as_text(value) for name, value in row.items()}) for row in rows]


def as_text(value: Any) -> Any:
    """PostgreSQL's driver decodes JSON columns."""
    if isinstance(value, list | dict):
        return str(value).replace("'", '"').replace(" ", "")
    return value


@pytest.fixture(autouse=True)
def _exists(request: pytest.FixtureRequest) -> None:
    """A database is there before anything is exported from it."""
    if "database" in request.fixturenames:
        execute(request.getfixturevalue("database"))


def test_an_export_never_makes_a_database(tmp_path: Path):
    """A mistyped path must not become an empty file that the next run takes for a source."""
    missing = IncidentDatabase(f"sqlite:///{tmp_path / 'mistyped.sqlite'}")
    with pytest.raises(SourceError, match="there is no SQLite file"):
        record_export(missing, ENTRY)
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_the_original_form_takes_the_row(database: IncidentDatabase):
    """The original had no week and another key; the same export twice is still one row."""
    columns = ", ".join(f"{name} TEXT" for name in ENTRY.values() if name != "week")
    execute(database, f"CREATE TABLE finetune_exports ({columns})")
    assert [record_export(database, ENTRY) for _ in range(2)] == [None, None]
    assert count(database, "finetune_exports") == 1


def test_an_export_is_recorded_where_no_table_was(database: IncidentDatabase):
    """The table is made on first use."""
    execute(database)
    assert record_export(database, ENTRY) is None
    assert entries(database) == [ENTRY]


def test_an_export_is_one_row_a_week_and_checksum(database: IncidentDatabase):
    """The same content again takes the newer path; other content or another week is a new row."""
    moved = replace(ENTRY, file_path="/elsewhere/rows.jsonl", metadata='{"lookback_days":28}')
    others = [replace(ENTRY, checksum_sha256="b" * 64), replace(ENTRY, week="2026-09-28")]
    for entry in (ENTRY, moved, *others, *others):
        assert record_export(database, entry) is None
    assert entries(database) == [moved, *others]


@pytest.mark.parametrize("table_exists", [True, False], ids=["no INSERT", "no CREATE"])
def test_a_role_that_cannot_write_gives_the_reason(
    table_exists: bool, read_only: tuple[IncidentDatabase, str], postgres_url: str
):
    """The export itself stays; the caller records the row elsewhere and says why."""
    reader, password = read_only
    owner = IncidentDatabase(postgres_url)
    if not table_exists:
        execute(owner, "DROP TABLE finetune_exports")
    reason = record_export(reader, ENTRY)
    assert reason is not None
    assert "permission denied" in reason
    assert password not in reason
    if table_exists:
        assert count(owner, "finetune_exports") == 0
    owner.close()


def test_a_read_only_sqlite_file_gives_the_reason(sample_source: str):
    """The same on SQLite."""
    path = sample_source.removeprefix("sqlite:///")
    database = IncidentDatabase(f"sqlite:///file:{path}?mode=ro&uri=true")
    reason = record_export(database, ENTRY)
    assert reason is not None
    assert "readonly database" in reason
    database.close()


def mapped(url: str, folder: Path, content: object) -> IncidentDatabase:
    """Open a database through a mapping file."""
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return IncidentDatabase(url, load_mapping(path))


def test_the_log_may_have_names_of_its_own(database_url: str, tmp_path: Path):
    """Made under them if it is not there; a column that is named must be there."""
    names = {"table": "export_log", "columns": {"checksum_sha256": "sha256", "week": "monday"}}
    database = mapped(database_url, tmp_path, {"tables": {"finetune_exports": names}})
    execute(database)
    assert [record_export(database, ENTRY) for _ in range(2)] == [None, None]
    assert count(database, "export_log WHERE monday = '2026-09-21'") == 1
    execute(database, "ALTER TABLE export_log RENAME COLUMN monday TO mondays")
    reason = record_export(database, ENTRY)
    assert reason is not None
    assert "lacks 'monday' for week (nearest: mondays)" in reason
    database.close()


ORIGINAL = """CREATE TABLE finetune_exports (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, export_type TEXT, source_table TEXT,
    source_ids {ids}, file_path TEXT, record_count INTEGER, size_bytes BIGINT,
    checksum_sha256 CHAR(64), metadata JSONB, created_at TIMESTAMPTZ DEFAULT now() {more})"""


@pytest.mark.parametrize(
    ("ids", "source_ids", "expected"),
    [
        ("TEXT[]", '["inc-1","a,\\"b"]', ["inc-1", 'a,"b']),
        ("INTEGER[]", '["1","22"]', [1, 22]),
        ("UUID[]", f'["{uuid.UUID(int=7)}"]', [uuid.UUID(int=7)]),
        ("JSONB", '["inc-1"]', ["inc-1"]),
        ("TEXT", '["inc-1"]', '["inc-1"]'),
    ],
)
def test_source_ids_take_the_type_that_the_column_has(
    ids: str, source_ids: str, expected: object, postgres_url: str
):
    """The original's schema is not ours to know: arrays are as likely as JSON."""
    database = IncidentDatabase(postgres_url)
    execute(database, ORIGINAL.format(ids=ids, more=""))
    entry = replace(ENTRY, source_ids=source_ids)
    assert [record_export(database, entry) for _ in range(2)] == [None, None]
    with database.snapshot() as connection:
        (row,) = connection.execute(sa.text("SELECT * FROM finetune_exports")).all()
    assert (row.source_ids, row.id, row.metadata) == (expected, 1, {"lookback_days": 7})
    database.close()


@pytest.mark.parametrize(
    ("ids", "more", "says"),
    [
        ("INTEGER[]", "", "source_ids: the column takes whole numbers, found 'inc-1'"),
        ("INTEGER", "", "invalid input syntax"),
        ("TEXT", ", team TEXT NOT NULL", "team"),
    ],
    ids=["ids are no integers", "no list at all", "a column of theirs"],
)
def test_a_table_that_cannot_take_the_row_gives_the_reason(
    ids: str, more: str, says: str, postgres_url: str
):
    """The export stays; its row is in the lake, and the run says why."""
    database = IncidentDatabase(postgres_url)
    execute(database, ORIGINAL.format(ids=ids, more=more))
    reason = record_export(database, ENTRY)
    assert reason is not None
    assert says in reason
    assert "\n" not in reason
    assert count(database, "finetune_exports") == 0
    database.close()
