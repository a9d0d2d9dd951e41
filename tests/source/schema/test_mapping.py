"""Mapping files: a team whose schema differs writes YAML, and reads the same rows."""

from pathlib import Path

import pytest
import yaml

from replay_assets.errors import ConfigurationError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.label_reading import read_labels
from replay_assets.source.diagnosis.examine import examine_source
from replay_assets.source.schema.mapping import SourceMapping, load_mapping
from tests.source.rows import DAY, count, incident, label, load, message, read_day, repair, session

THEIRS = {
    "tables": {
        "incident_evidence": {
            "table": "incident_snapshots",
            "columns": {"evidence_summary": "summary_text", "collected_at": "snapped_at"},
        },
        "agent_sessions": {"table": "Runs", "columns": {"output_json": "Output", "id": "run no"}},
        "auto_repair_executions": {"columns": {"success": "ok", "created_at": "at"}},
        "labels": {"table": "truth", "columns": {"incident_id": "nr", "risk_level": "risk"}},
        "session_messages": {"table": "said", "columns": {"session_id": "run", "position": "n"}},
    }
}
TABLES = {
    "incident_evidence": [incident(1), incident(2)],
    "agent_sessions": [session()],
    "auto_repair_executions": [repair()],
    "labels": [label(1, risk_level="high", acceptable_actions=["wait"])],
    "session_messages": [message(0), message(1, role="tool", tool_calls=[])],
}


def mapping_file(folder: Path, content: object) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_a_mapping_file_renames_tables_and_columns(database_url: str, tmp_path: Path):
    """Under other names the same rows load, load again, and read back."""
    ours = IncidentDatabase(f"sqlite:///{tmp_path / 'ours.sqlite'}")
    theirs = IncidentDatabase(database_url, load_mapping(mapping_file(tmp_path, THEIRS)))
    load(ours, tmp_path, **TABLES)
    for _ in range(2):
        load(theirs, tmp_path, **TABLES)
    assert read_day(theirs, DAY) == read_day(ours, DAY)
    assert len(read_day(theirs, DAY).messages) == 2
    assert read_labels(theirs, DAY) == read_labels(ours, DAY)
    assert count(theirs, "incident_snapshots") == count(theirs, "said") == 2
    assert count(theirs, '"Runs"') == count(theirs, "truth") == 1
    ours.close()
    theirs.close()


def test_sqlite_finds_a_table_in_any_case(tmp_path: Path):
    """So must what looks at its keys and indexes."""
    url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    tables = {"incident_evidence": {"table": "Incident_EVIDENCE"}}
    mapping = load_mapping(mapping_file(tmp_path, {"tables": tables}))
    with IncidentDatabase(url) as ours, IncidentDatabase(url, mapping) as theirs:
        load(ours, tmp_path, **TABLES)
        assert len(read_day(theirs, DAY).evidence) == 2
        assert [one.says for one in examine_source(theirs) if one.status == "fail"] == []


def test_a_renamed_column_takes_the_newer_value_when_loaded_again(
    database_url: str, tmp_path: Path
):
    """An upsert under a mapping writes to the real column."""
    database = IncidentDatabase(database_url, load_mapping(mapping_file(tmp_path, THEIRS)))
    load(database, tmp_path, incident_evidence=[incident(evidence_summary="first")])
    load(database, tmp_path, incident_evidence=[incident(evidence_summary="second")])
    (row,) = read_day(database, DAY).evidence
    assert row["evidence_summary"] == "second"
    database.close()


def test_a_table_may_lie_in_another_schema(postgres_url: str, tmp_path: Path):
    """`ops.incident_snapshots` is a schema and a table."""
    tables = {"incident_evidence": {"table": "ops.incident_snapshots"}}
    mapping = load_mapping(mapping_file(tmp_path, {"tables": tables}))
    database = IncidentDatabase(postgres_url, mapping)
    with database.writing(create=True) as connection:
        connection.exec_driver_sql("CREATE SCHEMA ops")
    load(database, tmp_path, **TABLES)
    assert [row["id"] for row in read_day(database, DAY).evidence] == ["ev-1", "ev-2"]
    assert count(database, "ops.incident_snapshots") == 2
    database.close()


@pytest.mark.parametrize("text", ["", "tables: {}"], ids=["empty", "no tables"])
def test_a_mapping_that_names_nothing_is_the_schema_of_load(text: str, tmp_path: Path):
    """A mapping file names only what differs."""
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    assert load_mapping(path) == load_mapping(None) == SourceMapping()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(
            {"tables": {"incidents": {"table": "x"}}},
            ["'incidents'", "session_messages"],
            id="table",
        ),
        pytest.param(
            {"tables": {"labels": {"columns": {"risk": "r"}}}}, ["risk", "risk_level"], id="column"
        ),
        pytest.param(
            {"table": {}},
            ["table", "unknown field; use timezone, tables, labels"],
            id="misspelt key",
        ),
        pytest.param({"tables": {"labels": {"name": "x"}}}, ["labels.name"], id="misspelt deeper"),
        pytest.param(["labels"], ["labels"], id="a list"),
        pytest.param(
            {"tables": {"agent_sessions": {"columns": {"model": {"column": "m", "unit": "ms"}}}}},
            ["agent_sessions.model is not a time; remove `unit`"],
            id="a unit of what is not a time",
        ),
    ],
)
def test_a_name_that_is_none_of_ours_is_refused_with_the_ones_that_are(
    content: object, named: list[str], tmp_path: Path
):
    """A misspelt name would otherwise map nothing, silently."""
    path = mapping_file(tmp_path, content)
    with pytest.raises(ConfigurationError) as refusal:
        load_mapping(path)
    for part in [str(path), *named]:
        assert part in str(refusal.value)


@pytest.mark.parametrize(
    "content", [None, b"tables: [", b"\xff\xfe\xff"], ids=["missing", "no YAML", "no UTF-8"]
)
def test_a_file_that_cannot_be_read_is_refused_by_its_name(content: bytes | None, tmp_path: Path):
    """Falling back to our own schema would end in a riddle about missing tables."""
    path = tmp_path / "mapping.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"mapping\.yaml"):
        load_mapping(path)
