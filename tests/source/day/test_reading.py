"""A day's rows: which belong to it, in which order, whatever the ids are, on both databases."""

from pathlib import Path

import pytest

from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.label_reading import read_labels
from replay_assets.source.day.orphans import count_orphans
from tests.source.rows import (
    DAY,
    Row,
    execute,
    incident,
    label,
    load,
    message,
    read_day,
    repair,
    session,
)


def test_a_day_is_half_open(database: IncidentDatabase, tmp_path: Path):
    """Midnight belongs to the day that begins, whatever offset it was written in."""
    inside = ["2026-09-20T16:00:00Z", "2026-09-21T08:00:00+08:00", "2026-09-21T15:59:59.999999Z"]
    outside = ["2026-09-20T15:59:59.999999Z", "2026-09-21T16:00:00Z"]
    instants = dict(enumerate([*inside, *outside]))
    load(
        database,
        tmp_path,
        incident_evidence=[incident(n, collected_at=at) for n, at in instants.items()],
        auto_repair_executions=[repair(f"re-{n}", incident_id=f"inc-{n}") for n in instants],
        labels=[label(n) for n in instants],
    )
    rows = read_day(database, DAY)
    expected = ["inc-0", "inc-1", "inc-2"]
    assert [row["incident_id"] for row in rows.evidence] == expected
    assert [row["incident_id"] for row in rows.repairs] == expected
    assert [row["incident_id"] for row in read_labels(database, DAY) or []] == expected


def test_incidents_come_by_time_and_then_by_id(database: IncidentDatabase, tmp_path: Path):
    """A file's order is part of its bytes."""
    rows = [
        incident(1, id="b"),
        incident(2, id="B"),
        incident(3, id="a", collected_at="2026-09-21T06:00:01Z"),
    ]
    load(database, tmp_path, incident_evidence=rows)
    assert [row["id"] for row in read_day(database, DAY).evidence] == ["B", "b", "a"]


def test_messages_come_in_the_order_of_the_conversation(database: IncidentDatabase, tmp_path: Path):
    """Position 10 follows 9, whatever order they were stored in."""
    messages = [message(n, content=str(n)) for n in (10, 2, 9, 0)]
    load(database, tmp_path, agent_sessions=[session()], session_messages=messages)
    rows = read_day(database, DAY).messages
    assert [row["content"] for row in rows] == ["0", "2", "9", "10"]
    assert {row["incident_id"] for row in rows} == {"inc-1"}


def test_every_repair_up_to_the_last_instant_is_read_oldest_first(
    database: IncidentDatabase, tmp_path: Path
):
    """Harm is judged against all that was tried."""
    repairs = [
        repair("re-3", created_at="2026-09-21T09:00:00Z", success=False),
        repair("re-1", created_at="2026-09-21T09:00:00Z"),
        repair("re-2", created_at=None, success=None),
        repair("re-4", created_at="2026-09-22T16:00:00Z"),
        repair("re-5", created_at="2026-09-22T16:00:00.000001Z"),
    ]
    load(database, tmp_path, auto_repair_executions=repairs)
    rows = read_day(database, DAY).repairs
    assert [(row["id"], row["success"]) for row in rows] == [
        ("re-2", None),
        ("re-1", True),
        ("re-3", False),
        ("re-4", True),
    ]


def test_an_incident_with_two_snapshots_has_its_messages_and_repairs_once(
    database: IncidentDatabase, tmp_path: Path
):
    """A conversation that is repeated is not what was said."""
    later = incident(1, id="ev-2", collected_at="2026-09-21T06:30:00Z")
    load(
        database,
        tmp_path,
        incident_evidence=[
            incident(1),
            later,
            incident(1, id="ev-0", collected_at=later["collected_at"]),
        ],
        agent_sessions=[session()],
        auto_repair_executions=[repair()],
        session_messages=[message(0), message(1)],
        labels=[label()],
    )
    rows = read_day(database, DAY)
    assert [row["id"] for row in rows.evidence] == ["ev-1", "ev-0", "ev-2"]
    assert [row["position"] for row in rows.messages] == [0, 1]
    assert [row["id"] for row in rows.repairs] == ["re-1"]
    assert len(read_labels(database, DAY) or []) == 1


def test_without_a_labels_table_there_are_none_rather_than_no_rows(
    database: IncidentDatabase, tmp_path: Path
):
    """`unlabelled` and "labelled, but not this day" are different statements."""
    load(database, tmp_path)
    assert read_labels(database, DAY) == []
    execute(database, "DROP TABLE labels")
    assert read_labels(database, DAY) is None


def test_without_a_messages_table_there_are_no_messages(database: IncidentDatabase, tmp_path: Path):
    """The table is optional."""
    load(database, tmp_path, agent_sessions=[session()])
    execute(database, "DROP TABLE session_messages")
    rows = read_day(database, DAY)
    assert rows.messages == []
    assert rows.evidence[0]["coordinator_id"] == "se-1"


INTEGER_IDS = (
    """CREATE TABLE incident_evidence (id INTEGER PRIMARY KEY, incident_id INTEGER,
       evidence_summary VARCHAR(200), collected_at {instant}, verification_result TEXT,
       schema_version INTEGER, matched_playbook_id INTEGER)""",
    """CREATE TABLE agent_sessions (id INTEGER PRIMARY KEY, incident_id INTEGER,
       agent_role VARCHAR(20), output_json {json}, created_at {instant})""",
    """CREATE TABLE auto_repair_executions (id INTEGER PRIMARY KEY, incident_id INTEGER,
       playbook_name TEXT, executed_steps {json}, success BOOLEAN, created_at {instant})""",
    """CREATE TABLE session_messages (session_id INTEGER, position INTEGER, role TEXT,
       content TEXT)""",
    """CREATE TABLE labels (incident_id INTEGER PRIMARY KEY, acceptable_actions {json})""",
    *(
        f"INSERT INTO incident_evidence VALUES ({n}, {n}, 'full', {{at}}, NULL, 1, 5)"
        for n in (10, 9)
    ),
    *(
        f"INSERT INTO agent_sessions VALUES ({n}, 10, 'coordinator', '{{{{}}}}', {{at}})"
        for n in (9, 10)
    ),
    *(
        f"INSERT INTO auto_repair_executions VALUES ({n}, 10, 'p', '[]', {value}, {{at}})"
        for n, value in ((9, "true"), (10, "false"))
    ),
    *(f"INSERT INTO session_messages VALUES ({n}, 0, 'user', 'of {n}')" for n in (9, 10)),
    """INSERT INTO labels VALUES (10, '["wait"]')""",
)


def test_ids_may_be_integers(database: IncidentDatabase):
    """They order as numbers (10 is newer than 9), join as numbers, and leave as text."""
    types = {"instant": "TEXT", "json": "TEXT"}
    if database.engine.dialect.name == "postgresql":
        types = {"instant": "TIMESTAMPTZ", "json": "JSONB"}
    at = "'2026-09-21T06:00:00.000000+00:00'"
    execute(database, *(statement.format(**types, at=at) for statement in INTEGER_IDS))
    rows = read_day(database, DAY)
    first, second = rows.evidence
    assert (first["id"], second["id"]) == ("9", "10")
    assert (second["coordinator_id"], second["repair_id"]) == ("10", "10")
    assert second["repair_success"] is False
    assert (second["schema_version"], second["matched_playbook_id"]) == ("1", "5")
    assert first["coordinator_id"] is None
    assert [row["content"] for row in rows.messages] == ["of 10"]
    assert [(row["id"], row["success"]) for row in rows.repairs] == [("9", True), ("10", False)]
    labels: list[Row] = read_labels(database, DAY) or []
    assert [(row["incident_id"], row["acceptable_actions"]) for row in labels] == [
        ("10", '["wait"]')
    ]


@pytest.mark.parametrize("evidence_kind", ["bigint", "varchar(36)"])
def test_ids_of_different_types_join_as_text(
    evidence_kind: str, postgres_url: str, tmp_path: Path
) -> None:
    """In either direction: decision, repair, messages and label are those of the incident."""
    other = "varchar(36)" if evidence_kind == "bigint" else "bigint"
    database = IncidentDatabase(postgres_url)
    load(
        database,
        tmp_path,
        incident_evidence=[incident(1, incident_id="1"), incident(2, incident_id="2")],
        agent_sessions=[session(incident_id="2")],
        auto_repair_executions=[repair(incident_id="2")],
        session_messages=[message()],
        labels=[label(incident_id="2")],
    )
    kinds = {"incident_evidence": evidence_kind} | dict.fromkeys(
        ("agent_sessions", "auto_repair_executions", "labels"), other
    )
    for table, kind in kinds.items():
        using = f"TYPE {kind} USING incident_id::{kind}"
        execute(database, f"ALTER TABLE {table} ALTER COLUMN incident_id {using}")
    with database:
        day, labels = read_day(database), read_labels(database, DAY)
        counts = count_orphans(database, DAY.day, "Asia/Taipei").counts()
    assert [row["coordinator_id"] for row in day.evidence] == [None, "se-1"]
    assert [row["repair_id"] for row in day.evidence] == [None, "re-1"]
    assert [row["incident_id"] for row in (*day.messages, *day.repairs)] == ["2", "2"]
    assert [row["incident_id"] for row in labels or []] == ["2"]
    assert not any(counts.values())


@pytest.mark.parametrize("evidence_kind", ["uuid", "text"])
def test_a_uuid_is_the_same_id_in_large_letters(
    evidence_kind: str, postgres_url: str, tmp_path: Path
) -> None:
    """Other databases write it so. The label gets the spelling of the evidence."""
    one = "0A1B2C3D-0000-4000-8000-00000000ABCD"
    database = IncidentDatabase(postgres_url)
    load(
        database,
        tmp_path,
        incident_evidence=[incident(1, incident_id=one)],
        agent_sessions=[session(incident_id=one)],
        auto_repair_executions=[repair(incident_id=one)],
        session_messages=[message()],
        labels=[label(incident_id=one)],
    )
    tables = ["incident_evidence"]
    if evidence_kind == "text":
        tables = ["agent_sessions", "auto_repair_executions", "labels"]
    for table in tables:
        using = "TYPE uuid USING incident_id::uuid"
        execute(database, f"ALTER TABLE {table} ALTER COLUMN incident_id {using}")
    with database:
        day, labels = read_day(database), read_labels(database, DAY)
        counts = count_orphans(database, DAY.day, "Asia/Taipei").counts()
    spelled = one.lower() if evidence_kind == "uuid" else one
    (row,) = day.evidence
    assert (row["incident_id"], row["coordinator_id"], row["repair_id"]) == (
        spelled, "se-1", "re-1",
    )  # fmt: skip
    found = [one["incident_id"] for one in (*day.messages, *day.repairs, *(labels or []))]
    assert found == [spelled] * 3
    assert not any(counts.values())


def test_the_bytes_of_a_summary_are_read_as_utf_8(postgres_url: str, tmp_path: Path) -> None:
    """As text PostgreSQL would return them in hexadecimal; what is not UTF-8 says so."""
    database = IncidentDatabase(postgres_url)
    load(database, tmp_path, incident_evidence=[incident(1), incident(2)])
    execute(
        database,
        "ALTER TABLE incident_evidence ALTER COLUMN evidence_summary TYPE bytea USING "
        "convert_to(evidence_summary, 'UTF8')",
        r"UPDATE incident_evidence SET evidence_summary = '\xff' WHERE id = 'ev-2'",
    )
    with database:
        for fast in (False, True):
            first, second = read_day(database, fast=fast).evidence
            assert first["evidence_summary"] == incident()["evidence_summary"]
            assert second["evidence_summary"] == b"\xff"
