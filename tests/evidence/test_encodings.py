"""PostgreSQL databases that are not in UTF-8, or in no encoding at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay_assets.evidence.labels import extract_labels
from replay_assets.source.connection.database import IncidentDatabase
from tests.conftest import new_database
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, execute, incident, label, load, session

READERS = pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])


@pytest.fixture
def database(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[IncidentDatabase]:
    """Return an empty database in an encoding."""
    options = f"ENCODING '{request.param}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    with new_database(postgres_server, options) as url:
        database = IncidentDatabase(url)
        yield database
        database.close()


@READERS
@pytest.mark.parametrize("database", ["LATIN1", "WIN1252"], indirect=True)
def test_a_database_in_another_encoding_is_read_correctly(
    fast: bool, database: IncidentDatabase, tmp_path: Path
):
    """ADBC would read its bytes as UTF-8."""
    load(
        database,
        tmp_path,
        incident_evidence=[incident(evidence_summary="café")],
        agent_sessions=[session(output_json={"decision": "naïve"})],
        labels=[label(expected_root_cause="température")],
    )
    day = extracted(database, DAY, fast=fast)
    assert day.facts["read_by"].startswith("adbc" if fast else "sqlalchemy")
    assert [row["evidence_summary"] for row in day.kept] == ["café"]
    assert json.loads(day.kept[0]["coordinator_output"]) == {"decision": "naïve"}
    labels = extract_labels(database, DAY).tables["incident_labels"].to_pylist()
    assert [row["expected_root_cause"] for row in labels] == ["température"]


@READERS
@pytest.mark.parametrize("database", ["SQL_ASCII"], indirect=True)
def test_invalid_bytes_quarantine_only_their_own_rows(
    fast: bool, database: IncidentDatabase, tmp_path: Path
):
    """Such a database accepts any bytes; UTF-8 is kept, other bytes are quarantined."""
    load(database, tmp_path, incident_evidence=[incident(n, alertname="磁碟") for n in (1, 2, 3)],
         agent_sessions=[session("se-3", incident_id="inc-3")])  # fmt: skip
    execute(
        database,
        r"UPDATE incident_evidence SET evidence_summary = E'caf\xe9' WHERE id = 'ev-2'",
        r"""UPDATE agent_sessions SET output_json = E'{"decision": "caf\xe9"}'""",
    )
    day = extracted(database, DAY, fast=fast)
    assert [(row["id"], row["alertname"]) for row in day.kept] == [("ev-1", "磁碟")]
    assert day.reasons == {
        ("incident_evidence", "ev-2"): ["invalid_utf8:evidence_summary"],
        ("incident_evidence", "ev-3"): ["invalid_utf8:coordinator_output"],
    }
    raw = {row["row_id"]: json.loads(row["raw_row"]) for row in day.quarantine}
    assert raw["ev-2"]["evidence_summary"].encode(errors="surrogateescape") == b"caf\xe9"
