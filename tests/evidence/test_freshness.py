"""What an observation finds of a day that was read before, on either database."""

from pathlib import Path

import pytest

from replay_assets.contracts.calendar import day_window
from replay_assets.evidence.extraction import extract_day
from replay_assets.evidence.freshness import Observation, observe
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import execute, incident, load, repair, session

pytestmark = pytest.mark.integration

DAYS = FIRST, SECOND, THIRD = ("2026-09-21", "2026-09-22", "2026-09-23")
WINDOWS = [day_window(day, "Asia/Taipei") for day in DAYS]

LATE = (
    "INSERT INTO incident_evidence (id, incident_id, evidence_summary, collected_at) VALUES "
    f"('ev-late', 'inc-late', 'late', '{SECOND}T06:00:00.000000+00:00')"
)
OUTCOME = "UPDATE auto_repair_executions SET success = false WHERE id = 're-2'"
DECISION = """UPDATE agent_sessions SET output_json = '{"decision": "other"}' WHERE id = 'se-2'"""
TEXT = "UPDATE incident_evidence SET evidence_summary = 'edited' WHERE id = 'ev-2'"
DELETED = "DELETE FROM incident_evidence WHERE id = 'ev-2b'"
NEW_SESSION = (
    "INSERT INTO agent_sessions (id, incident_id, agent_role, output_json, created_at) VALUES "
    f"('se-9', 'inc-2', 'coordinator', '{{}}', '{SECOND}T09:00:00.000000+00:00')"
)
AFTERWARDS = NEW_SESSION.replace(SECOND, "2026-09-26")


@pytest.fixture
def evidence(database: IncidentDatabase, tmp_path: Path) -> Store:
    """Three published days with two incidents each."""
    numbers = dict(enumerate(DAYS, start=1))
    load(
        database,
        tmp_path,
        incident_evidence=[
            incident(n, id=f"ev-{n}{end}", incident_id=f"inc-{n}{end}",
                     collected_at=f"{day}T06:00:00Z")
            for n, day in numbers.items()
            for end in ("", "b")
        ],
        agent_sessions=[
            session(f"se-{n}", incident_id=f"inc-{n}", created_at=f"{day}T07:00:00Z")
            for n, day in numbers.items()
        ],
        auto_repair_executions=[
            repair(f"re-{n}", incident_id=f"inc-{n}", created_at=f"{day}T08:00:00Z")
            for n, day in numbers.items()
        ],
    )  # fmt: skip
    store = Store(str(tmp_path / "evidence"))
    for window in WINDOWS:
        extract_day(database, window, store)
    return store


def observed(database: IncidentDatabase, evidence: Store) -> dict[str, Observation]:
    """Observe each day."""
    return {one.day: one for one in observe(database, WINDOWS, evidence)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(LATE, {"new_rows": 1}, id="a late row"),
        pytest.param(OUTCOME, {"updated_in_place": 1}, id="a changed outcome"),
        pytest.param(DECISION, {"updated_in_place": 1}, id="a changed decision"),
        pytest.param(TEXT, {"updated_in_place": 1}, id="an edited text"),
        pytest.param(NEW_SESSION, {"other_decisions": 1}, id="a new decision"),
        pytest.param(DELETED, {"deleted_rows": 1}, id="a deleted row"),
    ],
)
def test_a_change_is_found_on_its_day_and_on_no_other(
    change: str, said: dict[str, int], database: IncidentDatabase, evidence: Store
):
    """With what changed; reading the day again makes it equal to the source."""
    before = observed(database, evidence)
    assert [one.changes for one in before.values()] == [{}, {}, {}]
    execute(database, change)
    after = observed(database, evidence)
    assert {day: one.changes for day, one in after.items()} == {FIRST: {}, SECOND: said, THIRD: {}}
    changed = [day for day in DAYS if after[day].fingerprint != before[day].fingerprint]
    assert changed == [SECOND]
    extract_day(database, WINDOWS[1], evidence)
    assert observed(database, evidence)[SECOND].changes == {}


def test_what_the_day_does_not_know_changes_nothing(database: IncidentDatabase, evidence: Store):
    """A session after `as_of` belongs to what happened later."""
    before = observed(database, evidence)
    execute(database, AFTERWARDS)
    assert observed(database, evidence) == before
