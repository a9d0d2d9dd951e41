"""Field reports on sources: times, hidden rows, ids of two types, and cancelled reads."""

from pathlib import Path

import pytest

from replay_assets.errors import SourceError, TimeZoneError
from replay_assets.lake import Lineage, Store
from replay_assets.source.connection.repeating import PAUSES_S
from tests.cli.databases import CASES, judge, source_of
from tests.evidence.extracted import extracted
from tests.field_reports.reports import needs_reports, report_input
from tests.lake.test_time_zone import EVIDENCE, NEW_YORK, TAIPEI, publish
from tests.source.connection.test_repeating import cancelling, pauses

SITUATIONS = {
    "rls-silent": ("ENABLE ROW LEVEL SECURITY", "rows hidden from the role"),
    "id-types-differ": ("uuid", "uuid and texts"),
    "doctor-infinity": ("infinity", "one infinite time"),
    "array-labels-doctor": ("tags text[]", "an array for labels"),
    "sqlite-epoch": ("collected_at INTEGER", "seconds"),
}
"""Words of each report, and the database that rebuilds it."""


@needs_reports
@pytest.mark.parametrize("report", SITUATIONS)
def test_doctor_and_extract_say_the_same(
    report: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What each says is in the case."""
    words, name = SITUATIONS[report]
    assert words in report_input(report)
    with source_of(CASES[name], request) as url:
        judge(CASES[name], url, tmp_path, monkeypatch)


@needs_reports
def test_recovery_conflict(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried a few times; the error then names what to set on the standby."""
    assert "standby" in report_input("recovery-conflict")
    noted = pauses(monkeypatch, lambda: None)
    database = cancelling(postgres_url, tmp_path)
    with database, pytest.raises(SourceError, match="hot_standby_feedback"):
        extracted(database)
    assert len(noted) == len(PAUSES_S)


@needs_reports
def test_days_of_another_zone(tmp_path: Path) -> None:
    """A run in it is refused; once it is accepted, the day is stale: its window differs."""
    zones = report_input("zone-changed-reuse")
    first, second = (zone for zone in (TAIPEI, NEW_YORK) if zone in zones)
    publish(tmp_path, first)
    store = Store(str(tmp_path), second)
    with pytest.raises(TimeZoneError, match=f"{first}.*{second}"):
        store.find(EVIDENCE)
    store.accept_zone()
    assert Lineage(evidence=store).state(EVIDENCE).status == "stale"
