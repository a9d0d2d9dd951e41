"""Bad rows that need a separate day: huge ones, and bad ones among an incident's snapshots."""

import subprocess
import sys
from pathlib import Path

import pytest

from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, execute, incident, load, message, repair, session

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
HUGE_BYTES = 40_000_000
MOST_MIB = 320


def text_of(length: int, database: IncidentDatabase) -> str:
    """Return SQL for a text of a given size."""
    if database.engine.dialect.name == "sqlite":
        return f"replace(hex(zeroblob({length // 2})), '0', 'x')"
    return f"repeat('x', {length})"


@pytest.mark.parametrize("reader", [pytest.param("slow", marks=pytest.mark.slow), "fast"])
def test_texts_of_forty_megabytes_stay_in_the_source(
    reader: str, database: IncidentDatabase, tmp_path: Path
):
    """One in each table: memory stays bounded, and each row names what was left out."""
    if database.engine.dialect.name == "sqlite":
        if reader == "slow":
            pytest.skip("SQLite has one reader")
        reader = "slow"
    load(
        database,
        tmp_path,
        incident_evidence=[incident(n) for n in range(1, 6)],
        agent_sessions=[session(f"se-{n}", incident_id=f"inc-{n}") for n in range(1, 6)],
        auto_repair_executions=[repair(f"re-{n}", incident_id=f"inc-{n}") for n in range(1, 6)],
        session_messages=[message(0, session_id="se-4"), message(1, session_id="se-4")],
    )
    text = text_of(HUGE_BYTES, database)
    as_json = f"""'["' || {text} || '"]'"""
    if database.engine.dialect.name == "postgresql":
        as_json = f"({as_json})::json"
    execute(
        database,
        f"UPDATE incident_evidence SET evidence_summary = {text} WHERE id = 'ev-1'",
        f"UPDATE agent_sessions SET output_json = {as_json} WHERE id = 'se-2'",
        f"UPDATE auto_repair_executions SET executed_steps = {as_json} WHERE id = 're-3'",
        f"UPDATE session_messages SET content = {text} WHERE position = 1",
    )
    root = tmp_path / "evidence"
    done = subprocess.run(
        [sys.executable, "-m", "tests.evidence.extract_once",
         database.engine.url.render_as_string(hide_password=False), str(root), DAY.day, reader],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) <= MOST_MIB
    published = Store(str(root)).get(Address("incident_evidence", DAY.day))
    reasons = {row["incident_id"]: row["reasons"] for row in published.rows("quarantine")}
    assert reasons == {
        "inc-1": ["oversize_text:evidence_summary"],
        "inc-2": ["oversize_text:coordinator_output"],
        "inc-3": ["oversize_text:repair_steps"],
        "inc-4": ["oversize_text:content"],
    }
    assert [row["incident_id"] for row in published.rows("incident_evidence")] == ["inc-4", "inc-5"]
    assert [row["position"] for row in published.rows("recorded_messages")] == [0]
    assert max(entry.size_bytes for entry in published.manifest.files) < 2**20


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param("id = NULL", "null_in_required:id", id="no id"),
        pytest.param("id = {long}", "oversize_text:id", id="long id"),
        pytest.param("id = 'ev-3'", "duplicate_id:id", id="two of one id"),
    ],
)
def test_a_newer_snapshot_with_an_invalid_id_does_not_remove_the_incident(
    spoil: str, reason: str, database: IncidentDatabase, tmp_path: Path
):
    """The older one is kept, with the messages and repairs of its incident."""
    later = [
        incident(1, id=f"ev-{n}", collected_at=f"2026-09-21T0{5 + n}:00:00Z", evidence_summary="?")
        for n in (2, 3)
    ]
    load(
        database,
        tmp_path,
        incident_evidence=[incident(1), later[0]] + later[1:] * (reason == "duplicate_id:id"),
        agent_sessions=[session()],
        session_messages=[message(0)],
        auto_repair_executions=[repair()],
    )
    spoilt = spoil.format(long=text_of(2000, database))
    execute(
        database,
        "CREATE TABLE without_key AS SELECT * FROM incident_evidence",
        "DROP TABLE incident_evidence",
        "ALTER TABLE without_key RENAME TO incident_evidence",
        f"UPDATE incident_evidence SET {spoilt} WHERE id = 'ev-2'",
    )
    day = extracted(database, DAY, max_text_bytes=1000)
    assert [row["id"] for row in day.kept] == ["ev-1"]
    assert {tuple(row["reasons"]) for row in day.quarantine} == {(reason,)}
    assert (len(day.messages), len(day.repairs)) == (1, 1)
