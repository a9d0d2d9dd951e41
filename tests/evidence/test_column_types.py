"""Columns of types that a team chose: read, ordered and limited like any other."""

from pathlib import Path

import pytest

from replay_assets.evidence.extraction import extract_day
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, execute, incident, load, message, repair, session

READERS = pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
TYPES = (
    "CREATE DOMAIN key AS VARCHAR(40) CHECK (VALUE <> '')",
    "CREATE DOMAIN narrow_key AS key",
    "CREATE DOMAIN moment AS TIMESTAMPTZ",
    "CREATE DOMAIN document AS JSON",
    "CREATE TYPE role AS ENUM ('coordinator', 'human_responder')",
    *(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} USING {column}::{kind}"
      for table, column, kind in (
        ("incident_evidence", "id", "narrow_key"),
        ("incident_evidence", "incident_id", "key"),
        ("incident_evidence", "collected_at", "moment"),
        ("incident_evidence", "labels", "document"),
        ("agent_sessions", "agent_role", "role"),
        ("agent_sessions", "created_at", "moment"),
        ("agent_sessions", "id", "CHAR(10)"),
        ("auto_repair_executions", "success", "TEXT"),
        ("auto_repair_executions", "id", "key"),
        ("session_messages", "position", "SMALLINT"),
    )),
)  # fmt: skip


@READERS
def test_domains_enumerations_and_narrow_types_give_the_same_bytes(
    fast: bool, postgres_url: str, tmp_path: Path
):
    """Order by code point included: "B" before "a", whatever the server's locale."""
    database = IncidentDatabase(postgres_url)
    load(
        database,
        tmp_path,
        incident_evidence=[
            incident(n, id=id_, labels={"n": n}) for n, id_ in enumerate(["b", "B", "a"])
        ],
        agent_sessions=[
            session(incident_id="inc-0"),
            session("se-2", agent_role="human_responder"),
        ],
        auto_repair_executions=[repair(incident_id="inc-0"), repair("re-2", success=False)],
        session_messages=[message(0), message(1)],
    )
    before = extract_day(database, DAY, Store(str(tmp_path / "before")), fast=fast)
    assert [row["id"] for row in before.rows("incident_evidence")] == ["B", "a", "b"]
    execute(database, *TYPES)
    after = extract_day(database, DAY, Store(str(tmp_path / "after")), fast=fast)
    assert after.facts["quarantine_reasons"] == {}
    assert after.digest == before.digest
    database.close()


@READERS
@pytest.mark.parametrize("kind", ["TEXT", "BYTEA", "document", "JSONB"])
def test_a_huge_value_of_any_type_stays_in_the_source(
    kind: str, fast: bool, postgres_url: str, tmp_path: Path
):
    """The size limit knows which types are small, not which may be large."""
    database = IncidentDatabase(postgres_url)
    load(database, tmp_path, incident_evidence=[incident(1), incident(2)])
    value = f"('\"' || repeat('1', 20000) || '\"')::{kind}"
    execute(
        database,
        "CREATE DOMAIN document AS JSON",
        "ALTER TABLE incident_evidence DROP COLUMN alertname",
        f"ALTER TABLE incident_evidence ADD COLUMN alertname {kind}",
        f"UPDATE incident_evidence SET alertname = {value} WHERE id = 'ev-1'",
    )
    day = extracted(database, DAY, fast=fast, max_text_bytes=10_000)
    assert [row["id"] for row in day.kept] == ["ev-2"]
    assert day.reasons == {("incident_evidence", "ev-1"): ["oversize_text:alertname"]}
    database.close()
