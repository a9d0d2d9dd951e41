"""`extract`: the evidence stage alone, from the command line."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from replay_assets.cli import main
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import execute, incident, load


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    """Return a folder, and a source with a good row, a bad one and one outside of every day."""
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLAY_SOURCE_URL", database_url)
    database = IncidentDatabase(database_url)
    load(database, tmp_path, incident_evidence=[incident(n) for n in (1, 2, 3)])
    execute(
        database,
        "UPDATE incident_evidence SET evidence_summary = NULL WHERE id = 'ev-2'",
        "UPDATE incident_evidence SET collected_at = NULL WHERE id = 'ev-3'",
    )
    database.close()
    return tmp_path


def test_a_day_becomes_the_files_that_the_pipeline_writes(home: Path):
    """Counts, reasons, files and rows outside of every day are printed."""
    result = CliRunner().invoke(main, ["extract", "--date", "2026-09-21", "--out", "out"])
    assert result.exit_code == 0, result.output
    assert "read 2 rows: kept 1, quarantined 1" in result.output
    assert "1 null_in_required:evidence_summary" in result.output
    assert "rows that no day reads: 1 (evidence without a day)" in result.output
    published = Store(str(home / "out")).get(Address("incident_evidence", "2026-09-21"))
    for one in published.manifest.files:
        assert (home / "out" / one.path).is_file()
    assert list(pd.read_parquet(home / "out/tables/incident_evidence")["id"]) == ["ev-1"]


def test_without_a_folder_it_writes_to_the_root_of_the_pipeline(home: Path):
    """The root of raw evidence."""
    result = CliRunner().invoke(main, ["extract", "--date", "2026-09-21"])
    assert result.exit_code == 0, result.output
    Store(str(home / "data/evidence")).get(Address("incident_evidence", "2026-09-21"))


def test_an_invalid_date_is_rejected(home: Path):
    """The message shows the expected form."""
    result = CliRunner().invoke(main, ["extract", "--date", "yesterday"])
    assert result.exit_code == 2
    assert "use YYYY-MM-DD" in result.output
