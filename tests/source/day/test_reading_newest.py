"""Which session and which repair count: the newest that was known, the same on both databases."""

import json
from pathlib import Path
from typing import Any

from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import DAY, execute, incident, load, message, read_day, repair, session

CHOICES: dict[str, tuple[list[tuple[str, str | None]], str | None]] = {
    "the newest by time": (
        [("z1", "2026-09-21T09:00:00Z"), ("z2", "2026-09-21T07:00:00Z")],
        "z1",
    ),
    "by instant, not by wall clock": (
        [("y1", "2026-09-21T08:00:00+00:00"), ("y2", "2026-09-21T15:59:00+08:00")],
        "y1",
    ),
    "by a microsecond": (
        [("x1", "2026-09-21T07:00:00.000001Z"), ("x2", "2026-09-21T07:00:00Z")],
        "x1",
    ),
    "one without a time comes last": ([("w1", "2026-09-21T07:00:00Z"), ("w2", None)], "w1"),
    "without any time, by id": ([("v1", None), ("v2", None)], "v2"),
    "ties by id, as text": (
        [("u-9", "2026-09-21T07:00:00Z"), ("u-10", "2026-09-21T07:00:00Z")],
        "u-9",
    ),
    "ties by code point, not by locale": (
        [("B", "2026-09-21T07:00:00Z"), ("a", "2026-09-21T07:00:00Z")],
        "a",
    ),
    "the last instant that counts": (
        [("t1", "2026-09-22T16:00:00Z"), ("t2", "2026-09-22T15:00:00Z")],
        "t1",
    ),
    "one after that is ignored": (
        [("s1", "2026-09-22T16:00:00.000001Z"), ("s2", "2026-09-21T07:00:00Z")],
        "s2",
    ),
    "only one of next week": ([("r1", "2026-10-01T00:00:00Z")], None),
    "none": ([], None),
}
"""Sessions and repairs of one incident each, by id and time, and the one that counts."""


def test_the_newest_session_and_repair_are_joined(database: IncidentDatabase, tmp_path: Path):
    """Both databases choose the same row, and next week's rows leave last week's file alone."""
    rows: list[dict[str, Any]] = [
        {"id_": id_, "incident_id": case, "created_at": at}
        for case, (candidates, _) in CHOICES.items()
        for id_, at in candidates
    ]
    load(
        database,
        tmp_path,
        incident_evidence=[incident(id=case, incident_id=case) for case in CHOICES],
        agent_sessions=[session(**row) for row in rows],
        auto_repair_executions=[repair(**row) for row in rows],
    )
    evidence = {row["incident_id"]: row for row in read_day(database, DAY).evidence}
    expected = {case: chosen for case, (_, chosen) in CHOICES.items()}
    assert {case: row["coordinator_id"] for case, row in evidence.items()} == expected
    assert {case: row["repair_id"] for case, row in evidence.items()} == expected
    newest = evidence["the newest by time"]
    assert json.loads(newest["coordinator_output"]) == {"decision": "decision of z1"}
    assert newest["repair_playbook"] == "playbook of z1"


def test_a_columns_own_collation_does_not_choose_the_session(tmp_path: Path):
    """A column that sorts "B" after "a", as people do, still gives the row that others give."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    execute(
        database,
        """CREATE TABLE agent_sessions (id TEXT COLLATE NOCASE PRIMARY KEY, incident_id TEXT,
           agent_role TEXT, output_json TEXT, created_at TEXT)""",
    )
    load(database, tmp_path, agent_sessions=[session("B"), session("a")])
    assert read_day(database, DAY).evidence[0]["coordinator_id"] == "a"
    database.close()


def test_only_the_coordinator_counts(database: IncidentDatabase, tmp_path: Path):
    """Other roles hold the right answer; as the incumbent's they would grade it perfect."""
    roles = ["human_responder", "reference_model", "Coordinator", None]
    others = [
        session(f"of {role}", agent_role=role, created_at="2026-09-21T09:00:00Z") for role in roles
    ]
    load(
        database,
        tmp_path,
        agent_sessions=[session(), *others],
        session_messages=[
            message(content="asked"),
            *(message(session_id=other["id"], content="the answer") for other in others),
        ],
    )
    rows = read_day(database, DAY)
    assert rows.evidence[0]["coordinator_id"] == "se-1"
    assert [row["content"] for row in rows.messages] == ["asked"]
