"""SQLite and PostgreSQL give equal rows: nothing of a verdict depends on where incidents are."""

from pathlib import Path

import pytest

from replay_assets.contracts.calendar import day_window, days_between
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.label_reading import read_labels
from tests.conftest import SAMPLES, load_into
from tests.source.rows import read_day


def rows_of(url: str, days: list[str]) -> list[object]:
    database = IncidentDatabase(url)
    windows = [day_window(day, "Asia/Taipei") for day in days]
    rows = [(read_day(database, window), read_labels(database, window)) for window in windows]
    database.close()
    return list(rows)


def lines_in(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def compare(folder: Path, sqlite_url: str, postgres_url: str, days: list[str]) -> None:
    load_into(postgres_url, folder)
    rows = rows_of(postgres_url, days)
    assert rows == rows_of(sqlite_url, days)
    text = str(rows)
    assert text.count("'matched_playbook_id'") == lines_in(folder / "incident_evidence.jsonl")
    assert text.count("'scenario_group'") == lines_in(folder / "labels.jsonl")


def test_the_samples_read_equal_from_both(sample_source: str, postgres_url: str):
    """All four weeks of the samples: evidence, messages, repairs and labels, in order."""
    compare(SAMPLES, sample_source, postgres_url, days_between("2026-09-14", "2026-10-25"))


@pytest.mark.slow
def test_the_real_incidents_read_equal_from_both(
    real_data: Path, postgres_url: str, tmp_path: Path
):
    """All eight weeks of the real incidents, none of which is lost between two days."""
    sqlite_url = f"sqlite:///{tmp_path / 'incidents.sqlite'}"
    load_into(sqlite_url, real_data)
    compare(real_data, sqlite_url, postgres_url, days_between("2026-09-20", "2026-11-16"))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_servers_time_zone_changes_nothing(
    zone: str, sample_source: str, own_postgres_url: str
):
    """A server that shows its instants in local time still gives the same ones."""
    load_into(own_postgres_url, SAMPLES)
    database = IncidentDatabase(own_postgres_url)
    name = database.engine.url.database
    with database.writing(create=True) as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET timezone TO '{zone}'")
    database.close()
    days = days_between("2026-09-21", "2026-09-24")
    assert rows_of(own_postgres_url, days) == rows_of(sample_source, days)
