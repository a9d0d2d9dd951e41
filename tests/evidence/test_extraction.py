"""A day of evidence: what is kept, what is quarantined, and counts that add up."""

from pathlib import Path

import pytest

from replay_assets.contracts.calendar import day_window, days_between
from replay_assets.contracts.evidence import (
    INCIDENT_EVIDENCE,
    QUARANTINE,
    RECORDED_MESSAGES,
    RECORDED_REPAIRS,
)
from replay_assets.evidence.extraction import extract_day
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, incident, load, message, repair, session

pytestmark = pytest.mark.integration

VARYING_FACTS = ("source_fingerprint", "read_by")
SCHEMAS = {
    "incident_evidence": INCIDENT_EVIDENCE,
    "recorded_messages": RECORDED_MESSAGES,
    "recorded_repairs": RECORDED_REPAIRS,
    "quarantine": QUARANTINE,
}


def test_a_good_day_is_kept_completely(database: IncidentDatabase, tmp_path: Path):
    """Evidence, decision, repair and messages of an incident; nothing is quarantined."""
    load(
        database,
        tmp_path,
        incident_evidence=[incident(1), incident(2)],
        agent_sessions=[session()],
        auto_repair_executions=[repair()],
        session_messages=[message(0), message(1, role="tool", tool_calls=[{"id": "c1"}])],
    )
    day = extracted(database, DAY)
    assert [row["incident_id"] for row in day.kept] == ["inc-1", "inc-2"]
    assert [row["coordinator_id"] for row in day.kept] == ["se-1", None]
    assert {name: day.facts[name] for name in day.facts if name not in VARYING_FACTS} == {
        "read": 2,
        "kept": 2,
        "quarantined": 0,
        "quarantined_joined_rows": 0,
        "quarantine_reasons": {},
        "messages": 2,
        "repairs": 1,
        "window_start": "2026-09-20T16:00:00+00:00",
        "window_end": "2026-09-21T16:00:00+00:00",
        "as_of": "2026-09-22T16:00:00+00:00",
        "first_collected_at": "2026-09-21T06:00:00+00:00",
        "last_collected_at": "2026-09-21T06:00:00+00:00",
        "unknown_values": {},
    }


def test_only_an_incidents_newest_snapshot_of_the_day_is_kept(
    database: IncidentDatabase, tmp_path: Path
):
    """Otherwise it would be replayed and counted twice; the older one is superseded."""
    load(
        database,
        tmp_path,
        incident_evidence=[
            incident(1, id="ev-9", collected_at="2026-09-21T05:00:00Z"),
            incident(1, id="ev-1", collected_at="2026-09-21T07:00:00Z"),
            incident(2),
        ],
        agent_sessions=[session()],
        session_messages=[message(0), message(1)],
        auto_repair_executions=[repair()],
    )
    day = extracted(database, DAY)
    assert [row["id"] for row in day.kept] == ["ev-2", "ev-1"]
    assert day.reasons == {("incident_evidence", "ev-9"): ["superseded_snapshot:incident_id"]}
    facts = day.facts
    assert (facts["read"], facts["kept"], facts["quarantined"]) == (3, 2, 1)
    assert (facts["messages"], facts["repairs"]) == (2, 1)


def test_an_empty_day_has_no_rows_but_every_schema(database: IncidentDatabase, tmp_path: Path):
    """Readers of a table get the same columns on a day without incidents."""
    load(database, tmp_path)
    window = day_window("2026-12-25", "Asia/Taipei")
    published = extract_day(database, window, Store(str(tmp_path / "evidence")))
    for name, schema in SCHEMAS.items():
        assert published.table(name).num_rows == 0
        assert published.table(name).schema.equals(schema)
        assert published.table(name).schema.metadata == schema.metadata
    assert (published.facts["read"], published.facts["kept"]) == (0, 0)


def test_the_samples_lose_nothing_and_read_the_same_twice(sample_source: str):
    """Over four weeks: read = kept + quarantined; and in the first, equal rows give equal bytes."""
    database = IncidentDatabase(sample_source)
    windows = [day_window(day, "Asia/Taipei") for day in days_between("2026-09-21", "2026-10-18")]
    first = [extracted(database, window) for window in windows]
    second = [extracted(database, window) for window in windows[:7]]
    database.close()
    manifests = [one.published.manifest for one in first]
    assert manifests[:7] == [one.published.manifest for one in second]
    samples = Path(__file__).parents[2] / "data" / "samples" / "incident_evidence.jsonl"
    assert sum(one.facts["read"] for one in first) == len(samples.read_text("utf-8").splitlines())
    for one in first:
        assert one.facts["read"] == one.facts["kept"] + one.facts["quarantined"]
        assert one.facts["kept"] == len(one.kept)
