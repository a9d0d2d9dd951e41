"""What is quarantined and why: an invalid row never fails its day."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, execute, incident, load, message, repair, session

pytestmark = pytest.mark.integration


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[IncidentDatabase]:
    """Return a database that accepts any value in any column, as SQLite does."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'incidents.sqlite'}")
    yield database
    database.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param("evidence_summary = NULL", "null_in_required:evidence_summary", id="null"),
        pytest.param("incident_id = NULL", "null_in_required:incident_id", id="no incident"),
        pytest.param("alertname = char(97, 0, 98)", "nul_character:alertname", id="NUL"),
        pytest.param("labels = '{'", "invalid_json:labels", id="JSON cut off"),
        pytest.param("labels = '[]'", "wrong_json_type:labels", id="list for object"),
        pytest.param(
            "labels = replace(hex(zeroblob(50000)), '0', '[')",
            "json_too_deep:labels",
            id="too deep",
        ),
        pytest.param(r"""labels = '{"a": "\ud83d"}'""", "lone_surrogate:labels", id="surrogate"),
    ],
)
def test_a_bad_row_is_quarantined_and_does_not_fail_its_day(
    change: str, reason: str, sqlite: IncidentDatabase, tmp_path: Path
):
    """The others are kept, and rows read = kept + quarantined."""
    load(sqlite, tmp_path, incident_evidence=[incident(n) for n in (1, 2, 3)])
    execute(sqlite, f"UPDATE incident_evidence SET {change} WHERE id = 'ev-2'")
    day = extracted(sqlite, DAY)
    assert [row["id"] for row in day.kept] == ["ev-1", "ev-3"]
    assert day.reasons == {("incident_evidence", "ev-2"): [reason]}
    facts = day.facts
    assert (facts["read"], facts["kept"], facts["quarantined"]) == (3, 2, 1)
    assert facts["quarantine_reasons"] == {reason: 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param("agent_sessions SET output_json = '['", "invalid_json:coordinator_output",
                     id="decision"),
        pytest.param("agent_sessions SET created_at = '2026-09-21'",
                     "no_time_zone:coordinator_at", id="decision's time"),
        pytest.param("auto_repair_executions SET success = 'no'", "wrong_type:repair_success",
                     id="outcome"),
        pytest.param("auto_repair_executions SET executed_steps = '{}'",
                     "wrong_json_type:repair_steps", id="steps"),
    ],
)  # fmt: skip
def test_an_incident_with_a_bad_joined_decision_or_repair_is_quarantined(
    change: str, reason: str, sqlite: IncidentDatabase, tmp_path: Path
):
    """Grading the incumbent on an incomplete record would be a guess."""
    load(sqlite, tmp_path, agent_sessions=[session()], auto_repair_executions=[repair()])
    execute(sqlite, f"UPDATE {change}")
    day = extracted(sqlite, DAY)
    assert day.kept == []
    assert day.reasons == {("incident_evidence", "ev-1"): [reason]}


def test_bad_messages_and_older_repairs_are_quarantined_one_by_one(
    sqlite: IncidentDatabase, tmp_path: Path
):
    """The incident is kept; joined rows are counted separately, so evidence still adds up."""
    load(
        sqlite,
        tmp_path,
        agent_sessions=[session()],
        session_messages=[message(n) for n in range(3)],
        auto_repair_executions=[repair("re-1"), repair("re-2", created_at="2026-09-21T09:00:00Z")],
    )
    execute(
        sqlite,
        "UPDATE session_messages SET tool_calls = '{}' WHERE position = 1",
        "UPDATE session_messages SET role = NULL WHERE position = 2",
        "UPDATE auto_repair_executions SET executed_steps = 'x' WHERE id = 're-1'",
    )
    day = extracted(sqlite, DAY)
    assert [row["id"] for row in day.kept] == ["ev-1"]
    assert [row["position"] for row in day.messages] == [0]
    assert [row["id"] for row in day.repairs] == ["re-2"]
    facts = day.facts
    assert (facts["read"], facts["kept"], facts["quarantined"]) == (1, 1, 0)
    assert facts["quarantined_joined_rows"] == 3
    assert facts["quarantine_reasons"] == {
        "invalid_json:executed_steps": 1,
        "null_in_required:role": 1,
        "wrong_json_type:tool_calls": 1,
    }


def test_an_invalid_newer_snapshot_does_not_supersede(sqlite: IncidentDatabase, tmp_path: Path):
    """The incident is replayed from its newest valid snapshot."""
    later = incident(1, id="ev-2", collected_at="2026-09-21T07:00:00Z")
    load(sqlite, tmp_path, incident_evidence=[incident(1), later], agent_sessions=[session()],
         session_messages=[message(0)])  # fmt: skip
    execute(sqlite, "UPDATE incident_evidence SET labels = '{' WHERE id = 'ev-2'")
    day = extracted(sqlite, DAY)
    assert [row["id"] for row in day.kept] == ["ev-1"]
    assert day.reasons == {("incident_evidence", "ev-2"): ["invalid_json:labels"]}
    assert len(day.messages) == 1
