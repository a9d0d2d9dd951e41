"""The benchmark's data: what its figures rest on."""

from pathlib import Path

import pytest

from replay_assets.contracts.calendar import day_window, days_between
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.diagnosis.examine import examine_source
from tests.benchmarks.extract.data import FIRST_DAY, ZONE, make
from tests.source.rows import DayRows, read_day

DAYS = days_between("2026-08-29", "2026-09-04")


def days_of(url: str) -> list[DayRows]:
    database = IncidentDatabase(url)
    rows = [read_day(database, day_window(day, ZONE)) for day in DAYS]
    database.close()
    return rows


@pytest.mark.slow
def test_both_databases_hold_the_same_rows(postgres_url: str, tmp_path: Path):
    """Ratios between them compare like with like; history changes nothing of the own days."""
    sqlite_url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    alone_url = f"sqlite:///{tmp_path / 'alone.sqlite'}"
    for url in (sqlite_url, postgres_url):
        make(url, incidents=90, days=3, history=2)
    make(alone_url, incidents=90, days=3)
    found, alone = days_of(sqlite_url), days_of(alone_url)
    assert found == days_of(postgres_url)
    assert [len(day.evidence) for day in found] == [30] * 6 + [0]
    assert [len(day.evidence) for day in alone] == [0] * 3 + [30] * 3 + [0]
    assert DAYS[3] == FIRST_DAY
    assert found[3:] == alone[3:]
    rows = [row for day in alone for row in day.evidence]
    assert 4_200 < sum(len(row["evidence_summary"].encode()) for row in rows) / len(rows) < 4_600
    assert 0 < sum(row["coordinator_id"] is not None for row in rows) < len(rows)


def test_a_source_without_indexes_lacks_all_that_reading_needs(tmp_path: Path):
    """The slow source is slow for the reason that is meant."""
    url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    make(url, incidents=10, days=1, indexes=False)
    database = IncidentDatabase(url)
    missing = [
        one.says.partition(" ")[0]
        for one in examine_source(database)
        if (one.check, one.status) == ("indexes", "warn")
    ]
    database.close()
    assert missing == ["incident_evidence", "agent_sessions", "auto_repair_executions"]


def test_a_database_with_a_shape_is_kept_and_another_shape_refused(tmp_path: Path):
    """It is its own cache, and no other data is written over."""
    url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    make(url, incidents=10, days=1)
    before = (tmp_path / "x.sqlite").read_bytes()
    make(url, incidents=10, days=1)
    assert (tmp_path / "x.sqlite").read_bytes() == before
    with pytest.raises(RuntimeError, match="holds other data"):
        make(url, incidents=11, days=1)
