"""A team's own words: translated values, constants, and columns that its database does not have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from replay_assets.errors import ConfigurationError, SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.label_reading import read_labels
from replay_assets.source.diagnosis.examine import examine_source
from replay_assets.source.schema.mapping import SourceMapping, load_mapping
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
)

MAPPING = """
tables:
  incident_evidence:
    columns:
      severity:
        column: sev
        values: {crit: critical, 2: warning, "it's": "100 %: a\\\\b", n/a: null}
      evidence_kind: {value: alert_snapshot}
      labels: {value: {team: sre}}
      verification_result: {column: extra, path: [verified], values: {"true": success}}
      alertname: null
      schema_version: {value: v1}
  agent_sessions:
    columns:
      agent_role: {value: coordinator}
      model: {value: house-model}
      created_at: {value: 2026-09-21T08:00:00+01:00}
  auto_repair_executions:
    columns:
      attempt: {value: 1}
      executed_steps: {value: []}
      success: {column: outcome, values: {OK: true, failed: false}}
labels:
  table: reviews
  columns:
    incident_id: incident
    risk_level: {column: risk, values: {P1: high}}
    repair_expected: {column: fixed, values: {y: true, n: false}}
    acceptable_actions: {value: [wait]}
    environment: {value: prod}
"""


@pytest.fixture
def theirs(database_url: str, tmp_path: Path) -> Iterator[IncidentDatabase]:
    """A team's own open tables: no column that only we need, and other words."""
    instant = "TIMESTAMPTZ" if "postgres" in database_url else "TEXT"
    owner = IncidentDatabase(database_url)
    rows = [
        ("a", "'crit'", "{\"verified\": true}"),
        ("b", "'2'", "{\"verified\": \"failed\"}"),
        ("c", "'it''s'", "{}"),
        ("d", "'n/a'", "no JSON"),
        ("e", "'sev9'", "{}"),
        ("f", "NULL", "{}"),
    ]  # fmt: skip
    execute(
        owner,
        f"CREATE TABLE incident_evidence (id TEXT, incident_id TEXT, evidence_summary TEXT, "
        f"collected_at {instant}, sev TEXT, extra TEXT)",
        "CREATE TABLE agent_sessions (id TEXT, incident_id TEXT, output_json TEXT)",
        "CREATE TABLE auto_repair_executions (id TEXT, incident_id TEXT, outcome TEXT, "
        f"created_at {instant})",
        "CREATE TABLE reviews (incident TEXT, risk TEXT, fixed TEXT)",
        *(
            f"INSERT INTO incident_evidence VALUES ('{name}', '{name}', 'full', "
            f"'2026-09-21T06:00:00.000000+00:00', {severity}, '{extra}')"
            for name, severity, extra in rows
        ),
        "INSERT INTO agent_sessions VALUES ('se-1', 'a', '{}')",
        "INSERT INTO auto_repair_executions VALUES "
        "('re-1', 'a', 'OK', '2026-09-21T07:00:00.000000+00:00'), "
        "('re-2', 'b', 'failed', '2026-09-21T07:00:00.000000+00:00'), "
        "('re-3', 'c', 'maybe', '2026-09-21T07:00:00.000000+00:00')",
        "INSERT INTO reviews VALUES ('a', 'P1', 'y'), ('b', 'low', 'perhaps')",
    )
    owner.close()
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    with IncidentDatabase(database_url, load_mapping(tmp_path / "mapping.yaml")) as database:
        yield database


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
def test_a_day_is_read_in_our_words(fast: bool, theirs: IncidentDatabase):
    """Words that are not translated are kept; a constant is read only where there is a row."""
    day = read_day(theirs, fast=fast)
    by_id = {row["id"]: row for row in day.evidence}
    assert {name: row["severity"] for name, row in by_id.items()} == {
        "a": "critical", "b": "warning", "c": "100 %: a\\b", "d": None, "e": "sev9", "f": None,
    }  # fmt: skip
    assert [row["verification_result"] for row in day.evidence] == [
        "success",
        "failed",
        *[None] * 4,
    ]
    for row in day.evidence:
        assert (row["schema_version"], row["labels"]) == ("v1", '{"team": "sre"}')
        assert (row["alertname"], row["matched_playbook_id"]) == (None, None)
    assert by_id["a"]["coordinator_model"] == "house-model"
    assert by_id["a"]["coordinator_at"].isoformat() == "2026-09-21T07:00:00+00:00"
    assert (by_id["b"]["coordinator_model"], by_id["b"]["coordinator_at"]) == (None, None)
    assert [by_id[name]["repair_success"] for name in "abcd"] == [True, False, "maybe", None]
    assert [by_id[name]["repair_steps"] for name in "ad"] == ["[]", None]
    assert [row["success"] for row in day.repairs] == [True, False, "maybe"]


def test_labels_and_doctor_read_the_same_words(theirs: IncidentDatabase):
    """A label that is only a constant is not a separate label."""
    first, second = read_labels(theirs, DAY) or []
    assert (first["risk_level"], first["repair_expected"]) == ("high", True)
    assert (second["risk_level"], second["repair_expected"]) == ("low", "perhaps")
    assert first["acceptable_actions"] == '["wait"]'
    assert first["environment"] == second["environment"] == "prod"
    findings = examine_source(theirs)
    assert [one for one in findings if one.status == "fail"] == []
    assert "read as null: alertname, matched_playbook_id" in " ".join(one.says for one in findings)


def test_a_label_file_is_translated_too(database: IncidentDatabase, tmp_path: Path):
    """JSON's booleans and numbers are compared as words, as the database's are."""
    load(database, tmp_path)
    (tmp_path / "l.jsonl").write_text('{"incident_id": "inc-1", "risk": 1, "ok": true}\n')
    columns: dict[str, Any] = {
        "risk_level": {"column": "risk", "values": {1: "high"}},
        "repair_expected": {"column": "ok", "values": {"true": False}},
        "environment": {"value": "prod"},
        "scenario_group": None,
    }
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump({"labels": {"file": "l.jsonl", "columns": columns}}))
    mapped = IncidentDatabase(database.engine.url.render_as_string(False), load_mapping(path))
    (row,) = read_labels(mapped, DAY) or []
    mapped.close()
    assert (row["risk_level"], row["repair_expected"]) == ("high", False)
    assert (row["environment"], row["scenario_group"]) == ("prod", None)


def test_booleans_of_a_database_are_translated_however_it_spells_them(
    database: IncidentDatabase, tmp_path: Path
):
    """A column `failed` is the opposite of `success`; SQLite holds 1 and 0."""
    load(database, tmp_path, labels=[label(1, repair_expected=True), label(2)])
    execute(database, "UPDATE labels SET repair_expected = false WHERE incident_id = 'inc-2'")
    columns = {
        "repair_expected": {"column": "repair_expected", "values": {"true": False, "0": True}},
        "risk_level": {"column": "repair_expected", "values": {"t": "high"}},
    }
    mapping = SourceMapping.model_validate({"tables": {"labels": {"columns": columns}}})
    mapped = IncidentDatabase(database.engine.url.render_as_string(False), mapping)
    load(database, tmp_path, labels=[], incident_evidence=[incident_of(1), incident_of(2)])
    rows = read_labels(mapped, DAY) or []
    mapped.close()
    assert [row["repair_expected"] for row in rows] == [False, True]
    assert [row["risk_level"] for row in rows] == ["high", "false"]


def incident_of(number: int) -> dict[str, Any]:
    """Return what a file must have: only what no row can be used without."""
    return {
        "id": f"ev-{number}",
        "incident_id": f"inc-{number}",
        "evidence_summary": "full",
        "collected_at": "2026-09-21T06:00:00Z",
    }


def test_load_writes_the_words_that_are_read_again(database_url: str, tmp_path: Path):
    """One word of several, or none, is not guessed."""
    columns: dict[str, Any] = {
        "severity": {"column": "sev", "values": {"crit": "critical", "w1": "low", "w2": "low",
                                                 "high": "info", "hi": "high", "none": None}},
        "schema_version": {"value": "v1"},
    }  # fmt: skip
    success = {"column": "outcome", "values": {"OK": True, "failed": False}}
    content = {
        "tables": {
            "incident_evidence": {"columns": columns},
            "auto_repair_executions": {"columns": {"success": success}},
            "agent_sessions": {"columns": {"agent_role": {"value": "coordinator"}}},
        }
    }
    database = IncidentDatabase(database_url, SourceMapping.model_validate(content))
    severities = ["critical", "low", "high", "info", "odd", None]
    rows = [{**incident_of(n), "severity": one} for n, one in enumerate(severities)]
    repairs = [
        {"id": f"re-{n}", "incident_id": f"inc-{n}", "executed_steps": [], "success": ok,
         "created_at": "2026-09-21T07:00:00Z"}
        for n, ok in enumerate([True, False])
    ]  # fmt: skip
    load(database, tmp_path, incident_evidence=rows, auto_repair_executions=repairs)
    day = read_day(database)
    assert [row["severity"] for row in day.evidence] == severities
    assert [row["repair_success"] for row in day.evidence[:2]] == [True, False]
    assert count(database, "incident_evidence WHERE sev IN ('crit', 'hi', 'low', 'high')") == 4
    assert count(database, "auto_repair_executions WHERE outcome = 'OK'") == 1
    with pytest.raises(SourceError, match=r"line 1: severity: 'none' can't be written"):
        load(database, tmp_path, incident_evidence=[{**rows[0], "severity": "none"}])
    database.close()


@pytest.mark.parametrize("fast", [False, True], ids=["psycopg", "adbc"])
def test_columns_of_any_type_are_translated(fast: bool, postgres_url: str, tmp_path: Path):
    """Enumerations, numbers, JSONB; also the role by which sessions are found."""
    owner = IncidentDatabase(postgres_url)
    load(
        owner,
        tmp_path,
        incident_evidence=[incident(n, severity=str(n)) for n in (1, 2, 3)],
        agent_sessions=[session(agent_role="lead")],
        auto_repair_executions=[
            repair("re-1", attempt=200), repair("re-2", attempt=500, incident_id="inc-2")
        ],
    )  # fmt: skip
    execute(
        owner,
        "CREATE TYPE sev AS ENUM ('1', '2', '3')",
        "ALTER TABLE incident_evidence ALTER severity TYPE sev USING severity::sev",
        'ALTER TABLE incident_evidence ADD doc JSONB DEFAULT \'{"v": {"ok": true, "n": 3}}\'',
    )
    owner.close()
    evidence = {
        "severity": {"column": "severity", "values": {1: "critical", "2": "low"}},
        "verification_result": {
            "column": "doc", "path": ["v", "ok"], "values": {"true": "success"}
        },
        "alertname": {"column": "doc", "path": ["v", "n"], "values": {3: "three"}},
    }  # fmt: skip
    repairs = {
        "success": {"column": "attempt", "values": {200: True, 500: False}},
        "error": {"column": "success", "values": {"false": "failed", "true": None}},
        "executor": {"value": "it's a bot: 100 %s"},
    }
    role = {"column": "agent_role", "values": {"lead": "coordinator"}}
    tables = {"incident_evidence": evidence, "auto_repair_executions": repairs,
              "agent_sessions": {"agent_role": role}}  # fmt: skip
    content = {"tables": {name: {"columns": columns} for name, columns in tables.items()}}
    with IncidentDatabase(postgres_url, SourceMapping.model_validate(content)) as mapped:
        rows = read_day(mapped, fast=fast).evidence
        assert [one for one in examine_source(mapped) if one.status == "fail"] == []
    assert [row["severity"] for row in rows] == ["critical", "low", "3"]
    assert {(row["verification_result"], row["alertname"]) for row in rows} == {
        ("success", "three")
    }
    assert [row["coordinator_id"] for row in rows] == ["se-1", None, None]
    assert [row["repair_success"] for row in rows] == [True, False, None]
    bot = "it's a bot: 100 %s"
    assert [row["repair_executor"] for row in rows] == [bot, bot, None]
    assert [row["repair_error"] for row in rows] == [None, None, None]


@pytest.mark.parametrize(
    ("table", "column", "line", "says"),
    [
        ("incident_evidence", "id: null", 4, "incident_evidence.id is required; name its column"),
        ("incident_evidence", "evidence_summary: null", 4, "is required"),
        ("incident_evidence", "collected_at: {value: 2026-09-21T06:00Z}", 4, "not a constant"),
        ("agent_sessions", "incident_id: {value: x}", 4, "not a constant"),
        ("incident_evidence", "schema_version: {value: 1}", 4, "put it in quotes, found 1"),
        ("incident_evidence", "labels: {value: text}", 4, "expected a list or a mapping"),
        ("agent_sessions", "created_at: {value: 2026-09-21}", 4, "an instant with a time zone"),
        ("auto_repair_executions", "success: {value: 'yes'}", 4, "expected true or false"),
        ("incident_evidence", "severity: {value: a, column: b}", 4, "give it alone"),
        ("incident_evidence", "severity: {path: [a]}", 4, "name the column"),
        ("incident_evidence", "severity: {column: s, values: [a]}", 4, "expected a mapping"),
        ("incident_evidence", "severity: {column: s, values: {yes: a}}", 4, "'yes'"),
        ("incident_evidence", "severity:\n        column: s\n        values:\n          a: b\n"
         "          c: 1", 8, "put it in quotes, found 1"),
        ("auto_repair_executions", "success: {column: s, values: {OK: fine}}", 4, "true or false"),
        ("agent_sessions", "id: {column: x, values: {a: b}}", 4, "not translated"),
        ("agent_sessions", "output_json: {column: x, values: {a: b}}", 4, "only texts and bool"),
        ("finetune_exports", "week: {value: a}", 4, "is written, and can't be a constant"),
        ("incident_evidence", "severity: {colum: s}", 4, "unknown field; use column, path"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_refused_with_file_and_line(
    table: str, column: str, line: int, says: str, tmp_path: Path
):
    """Before anything is connected to."""
    path = tmp_path / "mapping.yaml"
    path.write_text(f"tables:\n  {table}:\n    columns:\n      {column}\n")
    with pytest.raises(ConfigurationError) as refusal:
        load_mapping(path)
    assert f"source mapping {path}:\n  line {line}: tables.{table}.columns." in str(refusal.value)
    assert says in str(refusal.value)


def test_labels_that_are_only_constants_are_refused(tmp_path: Path):
    """Every row of evidence would have a label."""
    path = tmp_path / "mapping.yaml"
    path.write_text("labels: {columns: {risk_level: {value: high}}}")
    with pytest.raises(ConfigurationError, match="name the columns that hold labels"):
        load_mapping(path)
