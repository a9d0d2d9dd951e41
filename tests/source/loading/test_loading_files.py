"""`load` from CSV, from packed files, and into tables that are not ours."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from replay_assets.contracts.calendar import day_window
from replay_assets.errors import SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.loading.load import LoadOutcome, files_in, load_files
from replay_assets.source.schema.mapping import load_mapping
from tests.source.rows import (
    DAY,
    count,
    execute,
    incident,
    label,
    load,
    read_day,
    repair,
    session,
    write,
)

Mapped = Callable[[object], IncidentDatabase]

HEADER = (
    "\ufeffid,incident_id,evidence_summary,collected_at,labels,verification_result,"
    "schema_version,matched_playbook_id\n"
)
CSV = f"""{HEADER}ev-1,inc-1,"磁碟已滿, ""100 %""
second line",2026-09-21T06:00:00Z,"{{""a"": [1, 123456789012345678901234567890]}}",,v1,
ev-2,inc-2,plain,2026-09-21 14:00:00+08:00,,success,v1,pb
"""


@pytest.fixture
def mapped(database_url: str, tmp_path: Path) -> Mapped:
    """Open the test's database through a mapping file."""

    def open_with(content: object) -> IncidentDatabase:
        path = tmp_path / "mapping.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return IncidentDatabase(database_url, load_mapping(path))

    return open_with


def load_evidence(
    database: IncidentDatabase, path: Path, content: bytes, *, keep_going: bool = False
) -> LoadOutcome:
    path.write_bytes(content)
    files = {"incident_evidence": path}
    return load_files(database, files, lambda *_: None, keep_going=keep_going)


@pytest.mark.parametrize("name", ["e.csv", "e.tsv", "e.CSV.gz"])
def test_a_csv_file_gives_what_jsonl_gives(name: str, database: IncidentDatabase, tmp_path: Path):
    """A header row, JSON as JSON text, an empty field is null; commas or tabs, packed or not."""
    content = CSV.encode()
    if name.endswith(".tsv"):
        content = CSV.replace(",", "\t").replace("\t ", ", ").encode()
    if name.endswith(".gz"):
        content = gzip.compress(content)
    for _ in range(2):
        outcome = load_evidence(database, tmp_path / name, content)
    assert [(one.rows, one.ignored_fields) for one in outcome.loaded] == [(2, ())]
    first, second = read_day(database, DAY).evidence
    assert first["evidence_summary"] == '磁碟已滿, "100 %"\nsecond line'
    assert json.loads(first["labels"]) == {"a": [1, 123456789012345678901234567890]}
    assert (first["verification_result"], first["matched_playbook_id"]) == (None, None)
    assert (second["labels"], second["matched_playbook_id"]) == (None, "pb")
    assert first["collected_at"] == second["collected_at"]


def test_booleans_and_numbers_of_csv_are_words(database: IncidentDatabase, tmp_path: Path):
    """What is neither true nor false is refused, not taken for one."""
    folder = write(tmp_path / "x", auto_repair_executions=[])
    path = folder / "auto_repair_executions.csv"
    (folder / "auto_repair_executions.jsonl").unlink()
    header = "id,incident_id,attempt,playbook_name,executed_steps,success,created_at\n"
    rows = [f"re-{n},inc-1,{n},p,[],{word},2026-09-21T08:00:00Z\n"
            for n, word in enumerate(("TRUE", "false", "1", "", "yes"))]  # fmt: skip
    path.write_text(header + "".join(rows))
    outcome = load_files(database, files_in(folder)[0], lambda *_: None, keep_going=True)
    assert "line 6: success: expected true or false, found 'yes'" in str(outcome.bad_lines)
    assert [(row["id"], row["success"]) for row in read_day(database, DAY).repairs] == [
        ("re-0", True),
        ("re-1", False),
        ("re-2", True),
        ("re-3", None),
    ]


@pytest.mark.parametrize(
    ("bad", "line", "reason"),
    [
        pytest.param("ev-9,inc-9\n", 5, "has 2 fields, the header 8", id="short"),
        pytest.param("ev-9,inc-9,x,2026,,,,,,\n", 5, "has 10 fields", id="long"),
        pytest.param(
            'ev-9,"inc"9,x,2026-09-21T06:00Z,,,,\n', 5, "must be doubled", id="stray quote"
        ),
        pytest.param('ev-9,"inc-9\n', 5, "not closed", id="open quote"),
        pytest.param("ev-9,inc-9,x,2026-09-21,,,,\n", 5, "no time zone", id="naive"),
        pytest.param(
            "ev-9,inc-9,x,2026-09-21T06:00Z,{,,,\n", 5, "labels: expected JSON", id="JSON"
        ),
        pytest.param("ev-9,inc-9,x,2026-09-21T06:00Z,1e999,,,\n", 5, "labels: Out of", id="1e999"),
        pytest.param(",inc-9,x,2026-09-21T06:00Z,,,,\n", 5, "id is null", id="no id"),
        pytest.param("ev-9,inc-9,\udca4,2026-09-21T06:00Z,,,,\n", 5, "not UTF-8", id="Big5"),
        pytest.param("ev-9,inc-9,a\x00b,2026-09-21T06:00Z,,,,\n", 5, "NUL", id="NUL"),
        pytest.param(
            "ev-9,inc-9,x,0001-01-01T00:00+08:00,,,,\n", 5, "not a valid instant", id="year 0"
        ),
    ],
)
def test_a_bad_line_of_csv_is_named_and_the_good_ones_load_if_wanted(
    bad: str, line: int, reason: str, tmp_path: Path
):
    """The line it begins in, although a field before it spans two."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    content = (CSV + bad).encode("utf-8", "surrogateescape")
    path = tmp_path / "bad.csv"
    with pytest.raises(SourceError) as refusal:
        load_evidence(database, path, content)
    assert str(refusal.value).startswith(f"nothing was loaded:\n{path}, line {line}: ")
    assert reason in str(refusal.value)
    assert not (tmp_path / "incidents.sqlite").exists()
    outcome = load_evidence(database, path, content, keep_going=True)
    assert (outcome.loaded[0].rows, outcome.bad_lines.count) == (2, 1)
    assert f"{path}, line {line}: " in str(outcome.bad_lines)
    assert count(database, "incident_evidence") == 2
    database.close()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("e.csv", b"", "expected a header", id="empty"),
        pytest.param("e.csv", b"id,,x\n", "expected a header", id="nameless"),
        pytest.param("e.csv", b"id,id\n", "expected a header", id="twice"),
        pytest.param("e.csv", b'"id\n', "expected a header", id="open quote"),
        pytest.param("e.jsonl.gz", b"{}\n", "can't be read", id="not packed"),
        pytest.param("e.jsonl.gz", gzip.compress(b"{}\n" * 99)[:-9], "can't be read", id="cut"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_an_error(
    name: str, content: bytes, says: str, tmp_path: Path
):
    """Also with --keep-going: what it held is unknown."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    with pytest.raises(SourceError, match=says):
        load_evidence(database, tmp_path / name, content, keep_going=True)
    assert not (tmp_path / "incidents.sqlite").exists()


def test_all_bad_lines_are_numbered_however_many(tmp_path: Path):
    """Twenty with their reasons, of the others the numbers."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    lines = [json.dumps(incident(n)) if n % 10 == 7 else "{" for n in range(1, 42)]
    with pytest.raises(SourceError) as refusal:
        load_evidence(database, tmp_path / "e.jsonl", "\n".join(lines).encode())
    assert str(refusal.value).splitlines()[-1] == (
        "also e.jsonl lines 23-26, 28-36, 38-41: … and 17 more"
    )


def test_what_the_database_itself_refuses_is_named_by_its_line(
    database: IncidentDatabase, tmp_path: Path
):
    """A team's own constraint: the batch is tried row by row, and the good rows stay."""
    load(database, tmp_path)
    execute(
        database,
        "DROP TABLE auto_repair_executions",
        "CREATE TABLE auto_repair_executions (id TEXT PRIMARY KEY, incident_id TEXT, "
        "playbook_name TEXT CHECK (playbook_name <> 'forbidden'), executed_steps TEXT, "
        "success BOOLEAN, created_at TEXT)",
    )
    repairs = [repair(f"re-{n}", playbook_name="forbidden" if n == 3 else "p") for n in range(1, 6)]
    files = {"auto_repair_executions": write(tmp_path / "x", auto_repair_executions=repairs)
             / "auto_repair_executions.jsonl"}  # fmt: skip
    with pytest.raises(SourceError, match=r"nothing was loaded:\n.*line 3: .*(CHECK|check)"):
        load_files(database, files, lambda *_: None)
    assert count(database, "auto_repair_executions") == 0
    outcome = load_files(database, files, lambda *_: None, keep_going=True)
    assert (outcome.loaded[0].rows, outcome.bad_lines.count) == (4, 1)
    assert count(database, "auto_repair_executions") == 4


def test_a_table_without_a_unique_key_is_still_loaded_by_key(
    database: IncidentDatabase, tmp_path: Path
):
    """ON CONFLICT needs a constraint that a team's table may lack; twice is still once."""
    load(database, tmp_path)
    execute(
        database,
        "DROP TABLE agent_sessions",
        "CREATE TABLE agent_sessions (id TEXT, incident_id TEXT, agent_role TEXT, "
        "output_json TEXT, created_at TEXT, note TEXT DEFAULT 'theirs')",
    )
    for model in ("a", "b"):
        rows = [session("se-1", agent_role=model), session("se-2")]
        load(database, tmp_path, agent_sessions=rows)
    assert count(database, "agent_sessions WHERE note = 'theirs'") == 2
    assert count(database, "agent_sessions WHERE agent_role = 'b'") == 1


def test_rows_loaded_under_conditions_are_read_again_under_them(mapped: Mapped, tmp_path: Path):
    """The mapping's constants are written; a choice of several is refused."""
    where: dict[str, Any] = {"environment": "prod", "live": True, "shard": 3, "severity": None}
    database = mapped({"tables": {"incident_evidence": {"where": where}}})
    load(database, tmp_path, incident_evidence=[incident(1), incident(2)])
    load(database, tmp_path, incident_evidence=[incident(1), incident(2)])
    assert len(read_day(database, DAY).evidence) == 2
    assert count(database, "incident_evidence WHERE environment = 'prod' AND shard = 3") == 2
    database.close()
    several = mapped({"tables": {"incident_evidence": {"where": {"environment": ["a", "b"]}}}})
    with pytest.raises(SourceError, match="admits several values"):
        load(several, tmp_path)
    several.close()


def test_a_declared_zone_is_that_of_naive_timestamps(mapped: Mapped, tmp_path: Path):
    """Two in the afternoon in Taipei."""
    database = mapped({"timezone": "Asia/Taipei"})
    load(database, tmp_path, incident_evidence=[incident(collected_at="2026-09-21 14:00:00")])
    (row,) = read_day(database, DAY).evidence
    assert row["collected_at"].isoformat() == "2026-09-21T06:00:00+00:00"
    database.close()


def test_a_repeated_wall_time_is_loaded_as_it_is_read(mapped: Mapped, tmp_path: Path):
    """01:30 on the night when clocks are set back: standard time, as PostgreSQL reads it."""
    database = mapped({"timezone": "America/New_York"})
    row = incident(collected_at="2026-11-01T01:30:00")
    load(database, tmp_path, incident_evidence=[row])
    (loaded,) = read_day(database, day_window("2026-11-01", "America/New_York")).evidence
    assert loaded["collected_at"].isoformat() == "2026-11-01T06:30:00+00:00"
    database.close()


def test_columns_of_a_teams_own_types_are_filled(postgres_url: str, tmp_path: Path):
    """Integer and UUID ids, enumerations, timestamps without a zone, arrays."""
    database = IncidentDatabase(postgres_url)
    execute(
        database,
        "CREATE TYPE role AS ENUM ('coordinator', 'reviewer')",
        "CREATE TABLE agent_sessions (id BIGINT PRIMARY KEY, incident_id UUID, agent_role role, "
        "output_json JSONB, created_at TIMESTAMP)",
        "CREATE TABLE labels (incident_id UUID PRIMARY KEY, acceptable_actions TEXT[], "
        "required_keywords INTEGER[], repair_expected SMALLINT)",
    )
    path = tmp_path / "mapping.yaml"
    path.write_text("tables: {agent_sessions: {timezone: Asia/Taipei}}")
    theirs = IncidentDatabase(postgres_url, load_mapping(path))
    number = "00000000-0000-0000-0000-0000000000aa"
    own = {
        "agent_sessions": [session("7", incident_id=number)],
        "labels": [
            label(
                incident_id=number,
                acceptable_actions=["a"],
                required_keywords=[1],
                repair_expected=True,
            )
        ],
    }
    for _ in range(2):
        load(theirs, tmp_path, **own)
    with theirs.snapshot() as connection:
        row = connection.execute(sa.text("SELECT * FROM agent_sessions")).one()
        assert (row.id, str(row.incident_id), row.agent_role) == (7, number, "coordinator")
        assert row.created_at.isoformat() == "2026-09-21T15:00:00"
        truth = connection.execute(sa.text("SELECT * FROM labels")).one()
        assert tuple(truth)[1:] == (["a"], [1], 1)
    with pytest.raises(SourceError, match=r"line 1: id: the column takes whole numbers, found 'x'"):
        load(theirs, tmp_path, agent_sessions=[session("x", incident_id=number)])
    with pytest.raises(SourceError, match=r"line 1: .*declare the one it means"):
        load(database, tmp_path, agent_sessions=[session("8", incident_id=number)])
    with pytest.raises(SourceError, match=r"line 1: .*invalid input value for enum"):
        load(theirs, tmp_path, agent_sessions=[session("8", incident_id=number, agent_role="z")])
    database.close()
    theirs.close()


@pytest.mark.parametrize(
    "content",
    [
        {"tables": {"labels": {"columns": {"risk_level": {"column": "r", "path": ["x"]}}}}},
        {"labels": {"columns": {"risk_level": "severity"}}},
    ],
    ids=["inside JSON", "labels elsewhere"],
)
def test_what_cannot_be_written_under_a_mapping_is_refused(
    content: object, mapped: Mapped, tmp_path: Path
):
    """Rather than half of it written somewhere else."""
    database = mapped(content)
    with pytest.raises(SourceError):
        load(database, tmp_path, labels=[label(risk_level="low")])
    database.close()


def test_two_files_of_one_table_are_refused(tmp_path: Path):
    """Which comes last would decide silently."""
    folder = write(tmp_path / "x")
    (folder / "incident_evidence.CSV.GZ").write_bytes(gzip.compress(CSV.encode()))
    with pytest.raises(SourceError, match="keep one"):
        files_in(folder)


def test_a_large_file_is_never_in_memory(tmp_path: Path):
    """A file is read line by line, into one transaction."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    path = tmp_path / "incident_evidence.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for number in range(2_000):
            stream.write(json.dumps(incident(number, evidence_summary="x" * 20_000)) + "\n")
    load_evidence(database, tmp_path / "one.jsonl", json.dumps(incident()).encode())
    tracemalloc.start()
    load_files(database, {"incident_evidence": path}, lambda *_: None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.stat().st_size > 40_000_000
    # A batch of 200 rows of 20 KB, as read and as bound.
    assert peak < 20_000_000
    database.close()


def test_a_time_is_written_as_the_number_that_the_mapping_reads(
    database: IncidentDatabase, database_url: str, tmp_path: Path
) -> None:
    """In its unit, so that the day reads again what was loaded."""
    load(database, tmp_path)
    fresh = "CREATE TABLE numbered AS SELECT * FROM agent_sessions"
    at = "ALTER TABLE numbered ADD COLUMN ms BIGINT"
    execute(database, fresh, at)
    path = tmp_path / "mapping.yaml"
    column = "created_at: {column: ms, unit: ms}"
    path.write_text(f"tables: {{agent_sessions: {{table: numbered, columns: {{{column}}}}}}}")
    with IncidentDatabase(database_url, load_mapping(path)) as theirs:
        load(theirs, tmp_path, agent_sessions=[session(created_at="2026-09-21T07:00:00.123Z")])
        with theirs.snapshot() as connection:
            rows = connection.exec_driver_sql("SELECT ms FROM numbered").all()
        (row,) = read_day(theirs).evidence
    assert rows == [(1789974000123,)]
    assert row["coordinator_at"].isoformat() == "2026-09-21T07:00:00.123000+00:00"
