"""A team's own schema: places in JSON, conditions on rows, and everything that is missing."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from replay_assets.errors import ConfigurationError, SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.schema.mapping import load_mapping
from replay_assets.source.schema.tables import AGENT_SESSIONS, INCIDENT_EVIDENCE
from tests.source.rows import DAY, execute, incident, load, message, read_day, repair, session

Mapped = Callable[[object], IncidentDatabase]


@pytest.fixture
def mapped(database_url: str, tmp_path: Path) -> Iterator[Mapped]:
    """Open the test's database through a mapping file."""

    opened: list[IncidentDatabase] = []

    def open_with(content: object) -> IncidentDatabase:
        path = tmp_path / "mapping.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        opened.append(IncidentDatabase(database_url, load_mapping(path)))
        return opened[-1]

    yield open_with
    for database in opened:
        database.close()


def tables_with_json(database: IncidentDatabase, json_type: str, *documents: str | None) -> None:
    """Make the original's tables with the evidence's text inside a JSON column."""
    instant = "TIMESTAMPTZ" if database.engine.dialect.name == "postgresql" else "TEXT"
    kind = json_type if database.engine.dialect.name == "postgresql" else "TEXT"
    execute(
        database,
        f"CREATE TABLE incident_evidence (id TEXT, incident_id TEXT, collected_at {instant}, "
        f"verification_result TEXT, schema_version TEXT, matched_playbook_id TEXT, payload {kind})",
        "CREATE TABLE agent_sessions (id TEXT, incident_id TEXT, agent_role TEXT, "
        f"output_json {kind}, created_at {instant})",
        "CREATE TABLE auto_repair_executions (id TEXT, incident_id TEXT, playbook_name TEXT, "
        f"executed_steps {kind}, success BOOLEAN, created_at {instant})",
    )
    insert = sa.text(
        "INSERT INTO incident_evidence (id, incident_id, collected_at, payload) VALUES "
        f"(:id, :id, '2026-09-21T06:00:00.000000+00:00', CAST(:payload AS {kind}))"
    )
    with database.writing() as connection:
        for number, payload in enumerate(documents, start=1):
            connection.execute(insert, {"id": f"inc-{number}", "payload": payload})


INSIDE = {
    "tables": {
        "incident_evidence": {
            "columns": {
                "evidence_summary": {"column": "payload", "path": ["summary", "the text"]},
                "labels": {"column": "payload", "path": ["labels", 0]},
                "severity": {"column": "payload", "path": ["severity"]},
            }
        }
    }
}


@pytest.mark.parametrize("json_type", ["JSON", "JSONB", "TEXT"])
def test_a_column_may_lie_inside_json(json_type: str, mapped: Mapped):
    """Text comes as text, JSON as JSON text, and what is not there as null."""
    document = {
        "summary": {"the text": '磁碟 "滿" \\u0000 🔥\n'},
        "labels": [{"a": 1}],
        "severity": 3,
    }
    texts = [
        json.dumps(document, ensure_ascii=False),
        json.dumps(document),
        json.dumps({"summary": "no object", "severity": True}),
        json.dumps({"severity": None}),
        None,
    ]
    database = mapped(INSIDE)
    tables_with_json(database, json_type, *texts)
    rows = read_day(database, DAY).evidence
    assert [row["evidence_summary"] for row in rows] == [
        *[document["summary"]["the text"]] * 2,  # type: ignore[index]
        *[None] * 3,
    ]
    assert [row["labels"] and json.loads(row["labels"]) for row in rows] == [{"a": 1}] * 2 + [
        None
    ] * 3
    assert [row["severity"] for row in rows] == ["3", "3", "true", None, None]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="cut off"),
        pytest.param('{"summary": {"the text": "a\\u0000b"}}', id="NUL behind an escape"),
        pytest.param('{"x": "\\ud83d"}', id="half an emoji"),
        pytest.param('{"x": "\\ude00\\ud83d"}', id="halves in the wrong order"),
    ],
)
@pytest.mark.parametrize("json_type", ["JSON", "TEXT"])
def test_a_document_that_cannot_be_read_costs_its_own_row(
    text: str, json_type: str, mapped: Mapped
):
    """PostgreSQL and SQLite both raise on such a document: the whole day would be lost."""
    database = mapped(INSIDE)
    if json_type == "JSON" and text == "{":
        json_type = "TEXT"
    good = '{"summary": {"the text": "😀 \\ud83d\\ude00"}}'
    tables_with_json(database, json_type, good, text, good)
    rows = read_day(database, DAY).evidence
    assert [row["evidence_summary"] for row in rows][::2] == ["😀 😀"] * 2
    assert rows[1]["evidence_summary"] in (None, "a\x00b")


def test_a_boolean_inside_json_is_one_or_is_what_lies_there(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """Anything but true and false is left for the reader to refuse."""
    theirs = mapped(
        {
            "tables": {
                "auto_repair_executions": {
                    "columns": {"success": {"column": "executed_steps", "path": ["ok"]}}
                }
            }
        }
    )
    words = [True, False, None, "maybe", 7]
    load(
        database,
        tmp_path,
        incident_evidence=[incident(number) for number in range(1, 6)],
        auto_repair_executions=[
            repair(f"re-{number}", incident_id=f"inc-{number}", executed_steps={"ok": word})
            for number, word in enumerate(words, start=1)
        ],
    )
    rows = read_day(theirs, DAY).evidence
    assert [row["repair_success"] for row in rows] == [True, False, None, "maybe", "7"]


WHERE: list[tuple[dict[str, Any], list[str]]] = [
    ({"environment": "prod"}, ["1", "2", "5"]),
    ({"environment": ["prod", "canary"]}, ["1", "2", "3", "5"]),
    ({"environment": None}, ["4"]),
    ({"environment": {"not_null": True}}, ["1", "2", "3", "5"]),
    ({"environment": "prod", "shard": 2}, ["2"]),
    ({"environment": "prod", "shard": [1, 3]}, ["1", "5"]),
    ({"shard": "2"}, ["2"]),
    ({"live": True}, ["1", "2", "3"]),
    ({"live": False, "environment": "prod"}, ["5"]),
    ({"environment": "prod' OR '1'='1"}, []),
    ({"environment": "%"}, []),
]


@pytest.mark.parametrize(("where", "expected"), WHERE, ids=[str(where) for where, _ in WHERE])
def test_conditions_leave_the_other_rows_out(
    where: dict[str, Any], expected: list[str], database: IncidentDatabase, mapped: Mapped,
    tmp_path: Path,
):  # fmt: skip
    """A database of several environments gives the one that is asked for; values are never SQL."""
    load(database, tmp_path, incident_evidence=[incident(number) for number in range(1, 6)])
    execute(
        database,
        "ALTER TABLE incident_evidence ADD COLUMN environment TEXT",
        "ALTER TABLE incident_evidence ADD COLUMN shard INTEGER",
        "ALTER TABLE incident_evidence ADD COLUMN live BOOLEAN",
        *(
            f"UPDATE incident_evidence SET environment = {environment}, shard = {shard}, "
            f"live = {live} WHERE id = 'ev-{number}'"
            for number, environment, shard, live in [
                (1, "'prod'", 1, "true"),
                (2, "'prod'", 2, "true"),
                (3, "'canary'", 3, "true"),
                (4, "NULL", "NULL", "NULL"),
                (5, "'prod'", 3, "false"),
            ]
        ),
    )
    theirs = mapped({"tables": {"incident_evidence": {"where": where}}})
    found = [row["id"] for row in read_day(theirs, DAY).evidence]
    assert found == [f"ev-{number}" for number in expected]


def test_conditions_hold_for_what_is_joined(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """The newest session is the newest that counts; so are messages and repairs."""
    load(
        database,
        tmp_path,
        agent_sessions=[
            session("se-1", model="prod"),
            session("se-2", model="trial", created_at="2026-09-21T09:00:00Z"),
        ],
        auto_repair_executions=[
            repair("re-1", executor="prod"),
            repair("re-2", executor="trial", created_at="2026-09-21T09:00:00Z"),
        ],
        session_messages=[message(0, role="user"), message(1, role="tool")],
    )
    theirs = mapped(
        {
            "tables": {
                "agent_sessions": {"where": {"model": "prod"}},
                "auto_repair_executions": {"where": {"executor": ["prod"]}},
                "session_messages": {"where": {"role": "user"}},
            }
        }
    )
    day = read_day(theirs, DAY)
    assert (day.evidence[0]["coordinator_id"], day.evidence[0]["repair_id"]) == ("se-1", "re-1")
    assert [row["id"] for row in day.repairs] == ["re-1"]
    assert [row["position"] for row in day.messages] == [0]


def test_an_enumeration_is_compared_as_text(postgres_url: str, tmp_path: Path):
    """PostgreSQL has no = between an enumeration and text."""
    database = IncidentDatabase(postgres_url)
    load(database, tmp_path, agent_sessions=[session()])
    execute(
        database,
        "CREATE TYPE role AS ENUM ('coordinator', 'reviewer')",
        "ALTER TABLE agent_sessions ALTER agent_role TYPE role USING agent_role::role",
        "ALTER TABLE agent_sessions ADD shard UUID DEFAULT '00000000-0000-0000-0000-0000000000aa'",
    )
    path = tmp_path / "mapping.yaml"
    where = {"agent_role": "coordinator", "shard": "00000000-0000-0000-0000-0000000000aa"}
    path.write_text(yaml.safe_dump({"tables": {"agent_sessions": {"where": where}}}))
    theirs = IncidentDatabase(postgres_url, load_mapping(path))
    assert read_day(theirs, DAY).evidence[0]["coordinator_id"] == "se-1"
    database.close()
    theirs.close()


def test_all_that_is_missing_is_told_at_once(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """One round of corrections, not one per column; what the mapping names must be there too."""
    load(database, tmp_path)
    execute(
        database,
        "ALTER TABLE agent_sessions RENAME COLUMN output_json TO output_jsonb",
        "ALTER TABLE auto_repair_executions RENAME TO repair_executions",
        "ALTER TABLE incident_evidence ADD COLUMN shard INTEGER",
    )
    theirs = mapped(
        {
            "tables": {
                "incident_evidence": {
                    "columns": {"severity": "severty"},
                    "where": {"environment": "prod"},
                },
                "session_messages": {"table": "mesages"},
            }
        }
    )
    with pytest.raises(SourceError) as refusal:
        read_day(theirs, DAY)
    for part in (
        "'severty' for severity (nearest: severity",
        "'environment' for `where`",
        "'output_json' (nearest: output_jsonb",
        "no table 'auto_repair_executions' for auto_repair_executions (nearest: repair_executions",
        "no table 'mesages' for session_messages (nearest: ",
        "REPLAY_MAPPING",
    ):
        assert part in str(refusal.value)


def test_a_place_inside_a_column_that_holds_no_json_is_refused(postgres_url: str, tmp_path: Path):
    """PostgreSQL would say that a function does not exist."""
    database = IncidentDatabase(postgres_url)
    load(database, tmp_path)
    path = tmp_path / "mapping.yaml"
    columns = {"severity": {"column": "collected_at", "path": ["x"]}}
    path.write_text(yaml.safe_dump({"tables": {"incident_evidence": {"columns": columns}}}))
    theirs = IncidentDatabase(postgres_url, load_mapping(path))
    with pytest.raises(SourceError, match="has no place"):
        read_day(theirs, DAY)
    database.close()
    theirs.close()


def test_the_zone_of_a_column_is_the_nearest_that_is_declared(tmp_path: Path):
    """Of the column, else of its table, else of the file."""
    path = tmp_path / "mapping.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "timezone": "Asia/Taipei",
                "tables": {
                    "incident_evidence": {
                        "timezone": "UTC",
                        "columns": {"collected_at": {"column": "at", "timezone": "Asia/Tokyo"}},
                    }
                },
            }
        )
    )
    mapping = load_mapping(path)
    assert mapping.timezone_of(INCIDENT_EVIDENCE, "collected_at") == "Asia/Tokyo"
    assert mapping.timezone_of(INCIDENT_EVIDENCE, "severity") == "UTC"
    assert mapping.timezone_of(AGENT_SESSIONS, "created_at") == "Asia/Taipei"
    assert load_mapping(None).timezone_of(AGENT_SESSIONS, "created_at") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param({"timezone": "Taipei"}, "IANA name", id="zone"),
        pytest.param(
            {"tables": {"agent_sessions": {"where": {"a": {"gt": 3}}}}}, "not_null", id="operator"
        ),
        pytest.param({"tables": {"agent_sessions": {"where": {"a": []}}}}, "at least 1", id="none"),
        pytest.param(
            {"tables": {"agent_sessions": {"columns": {"id": {"column": "x", "path": ["y"]}}}}},
            "agent_sessions.id must be a separate column",
            id="key inside JSON",
        ),
        pytest.param(
            {
                "tables": {
                    "agent_sessions": {"columns": {"created_at": {"column": "x", "path": ["y"]}}}
                }
            },
            "agent_sessions.created_at must be a separate column",
            id="instant inside JSON",
        ),
        pytest.param(
            {"tables": {"labels": {"columns": {"risk_level": {"column": "x", "path": ['"']}}}}},
            "path",
            id="quote in a path",
        ),
        pytest.param(
            {"tables": {"finetune_exports": {"where": {"a": 1}}}}, "written only", id="log filter"
        ),
        pytest.param(
            {
                "tables": {
                    "finetune_exports": {"columns": {"metadata": {"column": "x", "path": ["y"]}}}
                }
            },
            "can't be inside JSON",
            id="log path",
        ),
        pytest.param({"labels": {}}, "name the columns that hold labels", id="labels nowhere"),
        pytest.param({"labels": {"file": "nowhere.csv"}}, "there is no file", id="label file"),
        pytest.param(
            {"labels": {"file": "mapping.yaml", "table": "x"}}, "not both", id="file and table"
        ),
        pytest.param(
            {"labels": {"columns": {"risk": "x"}}}, "labels has no column risk", id="label column"
        ),
        pytest.param(
            {"labels": {"columns": {"risk_level": "x"}}, "tables": {"labels": {}}},
            "keep one",
            id="labels twice",
        ),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_on_load(content: object, says: str, tmp_path: Path):
    """Before anything is connected to; the file, the value and the way out."""
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigurationError) as refusal:
        load_mapping(path)
    assert str(path) in str(refusal.value)
    assert says in str(refusal.value)


def test_every_mistake_of_a_mapping_is_told_at_once(tmp_path: Path):
    """The second run should be the one that works."""
    path = tmp_path / "mapping.yaml"
    path.write_text("tables: {evidence: {}, labels: {columns: {risk: r}}, agents: {}}\n")
    with pytest.raises(ConfigurationError) as refusal:
        load_mapping(path)
    for part in ("'evidence'", "'agents'", "column risk"):
        assert part in str(refusal.value)


def test_the_example_of_the_readme_is_a_mapping(tmp_path: Path):
    """What people copy must load."""
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(timezone:.*?)```", readme, re.DOTALL)
    (tmp_path / "postmortems.csv").touch()
    path = tmp_path / "mapping.yaml"
    path.write_text(example, "utf-8")
    mapping = load_mapping(path)
    assert mapping.table(INCIDENT_EVIDENCE) == ("ops", "incident_snapshots")
    assert mapping.label_file == tmp_path / "postmortems.csv"
    assert mapping.timezone_of(INCIDENT_EVIDENCE, "collected_at") == "UTC"
