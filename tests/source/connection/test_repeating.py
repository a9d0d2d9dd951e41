"""Reads that a standby cancels: repeated a few times, then an error that names the settings."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from replay_assets.errors import SourceError
from replay_assets.source.connection import repeating
from replay_assets.source.connection.database import IncidentDatabase
from tests.evidence.extracted import extracted
from tests.source.rows import execute, incident, load

MESSAGE = "canceling statement due to conflict with recovery"
CANCELLED = f"""
CREATE FUNCTION cancelled() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = '40001'; END $$
"""


@pytest.fixture
def standby(postgres_url: str, tmp_path: Path) -> IncidentDatabase:
    """Return a database that cancels each read of the evidence, as a standby does."""
    return cancelling(postgres_url, tmp_path)


def cancelling(url: str, folder: Path) -> IncidentDatabase:
    database = IncidentDatabase(url)
    load(database, folder, incident_evidence=[incident()])
    execute(
        database,
        CANCELLED,
        "ALTER TABLE incident_evidence RENAME TO stored",
        "CREATE VIEW incident_evidence AS SELECT * FROM stored WHERE cancelled()",
    )
    return database


def pauses(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> list[float]:
    """Note pauses instead of waiting, and do something in each."""
    noted: list[float] = []

    def sleep(pause: float) -> None:
        noted.append(pause)
        then()

    monkeypatch.setattr(repeating, "time", SimpleNamespace(sleep=sleep))
    return noted


def test_a_cancelled_read_is_repeated(
    standby: IncidentDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day is read again from its start, and no row of the first attempt stays."""

    def recovers() -> None:
        execute(standby, "CREATE OR REPLACE VIEW incident_evidence AS SELECT * FROM stored")

    noted = pauses(monkeypatch, recovers)
    with standby:
        assert extracted(standby).facts["kept"] == 1
    assert noted == [1.0]


def test_a_read_that_is_cancelled_each_time_names_the_settings(
    standby: IncidentDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PostgreSQL's own reason first."""
    noted = pauses(monkeypatch, lambda: None)
    with standby, pytest.raises(SourceError, match=f"{MESSAGE}.*4 times.*hot_standby_feedback"):
        extracted(standby)
    assert noted == list(repeating.PAUSES_S)


def test_other_errors_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing table is still missing a second later."""
    noted = pauses(monkeypatch, lambda: None)

    def read() -> None:
        raise SourceError("no table")

    with pytest.raises(SourceError, match="no table"):
        repeating.repeated(read)
    assert not noted
