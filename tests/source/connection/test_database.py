"""The connection: what is missing is named, secrets are not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from replay_assets.errors import ConfigurationError, ReplayAssetsError, SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.label_reading import read_labels
from replay_assets.source.schema.schema_check import nearest
from tests.source.rows import DAY, execute, incident, load, read_day, session

PASSWORD = "hunter2-FAKE"


def renamed(table: str, old: str, new: str) -> str:
    return f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"


def test_a_missing_required_column_is_named_with_the_nearest(
    database: IncidentDatabase, tmp_path: Path
):
    """The author of the mapping learns the name to map to."""
    load(database, tmp_path)
    execute(
        database,
        renamed("incident_evidence", "evidence_summary", "evidence_summaries"),
        renamed("incident_evidence", "collected_at", "zzz"),
    )
    with pytest.raises(SourceError) as refusal:
        read_day(database, DAY)
    text = str(refusal.value)
    assert "'evidence_summary' (nearest: evidence_summaries" in text
    assert "'collected_at'" in text
    assert "mapping file" in text


def test_a_missing_required_table_is_named_with_the_nearest(
    database: IncidentDatabase, tmp_path: Path
):
    """A table under another name is a matter of one line of YAML."""
    load(database, tmp_path)
    execute(database, "ALTER TABLE agent_sessions RENAME TO agent_session_log")
    with pytest.raises(SourceError) as refusal:
        read_day(database, DAY)
    text = str(refusal.value)
    assert "no table 'agent_sessions'" in text
    assert "nearest: agent_session_log" in text
    assert "replay-assets load" in text


def test_optional_columns_that_are_absent_read_as_null(database: IncidentDatabase, tmp_path: Path):
    """The original's tables have no `alertname`, `labels`, `severity`, `model` or `executor`."""
    load(
        database,
        tmp_path,
        incident_evidence=[incident(severity="page")],
        agent_sessions=[session()],
    )
    execute(
        database,
        *(
            f"ALTER TABLE incident_evidence DROP COLUMN {name}"
            for name in ("alertname", "labels", "severity", "evidence_kind")
        ),
        "ALTER TABLE agent_sessions DROP COLUMN model",
        *(
            f"ALTER TABLE auto_repair_executions DROP COLUMN {name}"
            for name in ("attempt", "error", "executor")
        ),
    )
    (row,) = read_day(database, DAY).evidence
    for name in ("alertname", "labels", "severity", "evidence_kind", "coordinator_model"):
        assert row[name] is None
    assert row["coordinator_id"] == "se-1"


def test_a_missing_sqlite_file_is_an_error_and_is_not_created(tmp_path: Path):
    """SQLite would make an empty database of a misspelt path."""
    path = tmp_path / "incident.sqlite"
    with pytest.raises(SourceError) as refusal:
        read_day(IncidentDatabase(f"sqlite:///{path}"), DAY)
    assert f"there is no SQLite file at {path}" in str(refusal.value)
    assert "replay-assets load" in str(refusal.value)
    assert "REPLAY_SOURCE_URL" in str(refusal.value)
    assert not path.exists()


def test_a_file_that_is_no_database_is_a_source_error(tmp_path: Path):
    """A driver's error becomes one line that names the database."""
    path = tmp_path / "incidents.jsonl"
    path.write_text('{"id": 1}\n' * 100)
    database = IncidentDatabase(f"sqlite:///{path}")
    with pytest.raises(SourceError, match=r"incidents\.jsonl: file is not a database") as refusal:
        read_day(database, DAY)
    assert "\n" not in str(refusal.value)
    database.close()


def test_a_sqlite_file_may_be_opened_read_only_by_its_uri(sample_source: str):
    """Nothing is written by reading, and the URL form of SQLite's own documentation works."""
    path = sample_source.removeprefix("sqlite:///")
    database = IncidentDatabase(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert read_day(database, DAY).evidence
    database.close()


def connect(url: str) -> None:
    database = IncidentDatabase(url)
    assert PASSWORD not in database.name
    with database.snapshot():
        pass


def log_in_as_nobody(url: str) -> None:
    database = IncidentDatabase(url)
    try:
        read_labels(database, DAY)
    finally:
        database.close()


@pytest.mark.parametrize("use", [connect, log_in_as_nobody], ids=["connect", "read"])
@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:1/db", id="nobody listens"),
        pytest.param(
            f"postgresql+psycopg://u@127.0.0.1:1/db?password={PASSWORD}", id="in the query"
        ),
        pytest.param(f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:port/db", id="port no number"),
        pytest.param(f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:1/db?nosuch=1", id="option"),
        pytest.param(
            f"postgresql+psycopg2://u:{PASSWORD}@127.0.0.1:1/db", id="driver not installed"
        ),
        pytest.param(f"postgersql://u:{PASSWORD}@127.0.0.1:1/db", id="no such dialect"),
        pytest.param(f"u:{PASSWORD}@127.0.0.1", id="no URL"),
    ],
)
def test_the_password_is_never_in_an_error(use: Callable[[str], None], url: str):
    """Errors go to logs, to the UI and into tickets; neither do their causes tell."""
    with pytest.raises(ReplayAssetsError) as refusal:
        use(url)
    error: BaseException | None = refusal.value
    while error is not None:
        assert PASSWORD not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize(
    ("url", "way_out"),
    [
        pytest.param("incidents.sqlite", "sqlite:///file.sqlite", id="a path"),
        pytest.param(
            "postgresql+psycopg2://u@127.0.0.1:1/db",
            "replay-assets[postgres]",
            id="driver not installed",
        ),
    ],
)
def test_a_url_that_cannot_be_used_comes_with_the_way_out(url: str, way_out: str):
    """The two mistakes that everybody makes once."""
    with pytest.raises(ConfigurationError) as refusal:
        connect(url)
    assert way_out in str(refusal.value)


def test_a_write_that_fails_leaves_nothing_behind(database: IncidentDatabase, tmp_path: Path):
    """One transaction: committed at the end or not at all."""
    load(database, tmp_path)
    with pytest.raises(SourceError, match="no_such_table") as refusal:
        execute(database, "DELETE FROM incident_evidence", "DELETE FROM no_such_table")
    assert "\n" not in str(refusal.value), "a driver's further lines may quote rows"
    assert len(read_day(database, DAY).evidence) == 1


def test_a_snapshot_does_not_see_what_is_committed_meanwhile(database_url: str, tmp_path: Path):
    """Evidence and messages of one day must come from one state of the database."""
    reader, writer = IncidentDatabase(database_url), IncidentDatabase(database_url)
    load(writer, tmp_path)
    if database_url.startswith("sqlite"):
        # Only in this mode does SQLite let one connection write while another reads.
        with writer.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    question = "SELECT count(*) FROM incident_evidence"
    with reader.snapshot() as connection:
        before = connection.exec_driver_sql(question).scalar_one()
        load(writer, tmp_path, incident_evidence=[incident(2)])
        assert connection.exec_driver_sql(question).scalar_one() == before == 1
    assert len(read_day(reader, DAY).evidence) == 2
    reader.close()
    writer.close()


def test_names_that_are_near_come_with_the_one_that_is_missing():
    """Nothing is suggested where nothing is near."""
    assert nearest("created_at", ["created", "creation_time", "xyz"]).startswith(
        " (nearest: created"
    )
    assert nearest("created_at", ["xyz"]) == ""
