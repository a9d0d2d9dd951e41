"""`backfill` in another time zone than that of the existing days."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main, walk
from replay_assets.definitions import build_definitions
from replay_assets.errors import TimeZoneError
from replay_assets.evidence.extraction import extract_day
from replay_assets.evidence.labels import extract_labels
from replay_assets.lake import Lineage, Store, assets
from replay_assets.launching import shared_assets_present
from replay_assets.settings import Settings
from replay_assets.source.connection.database import IncidentDatabase
from tests.conftest import settings_in
from tests.defs.walks import walk_day
from tests.source.rows import DAY

NEW_YORK = "America/New_York"
READ = {dg.AssetKey("incident_evidence"), dg.AssetKey("incident_labels")}


@pytest.fixture
def taipei(tmp_path: Path, sample_source: str) -> Settings:
    """Return settings, with a day read in Taipei."""
    settings = settings_in(tmp_path, source_url=sample_source)
    with IncidentDatabase(settings.source_url) as database:
        extract_day(database, DAY, Store(settings.evidence, settings.timezone))
        Store(settings.labels, settings.timezone).publish(
            assets.INCIDENT_LABELS.at(DAY.day), extract_labels(database, DAY)
        )
    return settings


@pytest.fixture
def command(taipei: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run as a user in New York; return the list of days that are run."""
    walked: list[str] = []

    def noted(_: Settings, days: Sequence[str], *__: object, **___: object) -> bool:
        walked.extend(days)
        return False

    monkeypatch.setenv("REPLAY_HOME", str(taipei.data.parent))
    monkeypatch.setenv("REPLAY_SOURCE_URL", taipei.source_url)
    monkeypatch.setenv("REPLAY_TIMEZONE", NEW_YORK)
    monkeypatch.setattr(walk, "walk", noted)
    return walked


def backfill(*more: str) -> Result:
    words = ["backfill", "--from", DAY.day, "--to", DAY.day, "--candidate", "rules-baseline"]
    return CliRunner().invoke(main, [*words, *more])


def test_it_is_refused_until_the_new_zone_is_accepted(taipei: Settings, command: list[str]) -> None:
    """Nothing runs before; then the evidence and the labels of the day are read again."""
    refused = backfill()
    assert refused.exit_code != 0
    for words in ("Asia/Taipei", NEW_YORK, "--accept-new-timezone"):
        assert words in refused.output + str(refused.exception)
    assert command == []
    definitions = build_definitions(taipei)
    assert shared_assets_present(taipei, definitions, DAY.day) == READ
    assert backfill("--accept-new-timezone").exit_code == 0
    assert command == [DAY.day]
    here = replace(taipei, timezone=NEW_YORK)
    assert shared_assets_present(here, definitions, DAY.day) == set()
    state = Lineage(evidence=Store(here.evidence, NEW_YORK)).state(
        assets.INCIDENT_EVIDENCE.at(DAY.day)
    )
    assert state.status == "stale"
    assert backfill().exit_code == 0, "the new zone must be accepted only once"


def test_a_run_of_dagster_fails_in_the_same_way(taipei: Settings) -> None:
    """As from the UI, which never sees the command line."""
    here = replace(taipei, timezone=NEW_YORK)
    keys = [dg.AssetKey("incident_evidence"), dg.AssetKey("request_pack")]
    result = walk_day(here, DAY.day, asset_selection=keys)
    (failure,) = (one for one in result.all_events if one.is_step_failure)
    assert failure.step_key == "incident_evidence"
    assert "--accept-new-timezone" in str(failure.step_failure_data.error)
    with pytest.raises(TimeZoneError, match=f"Asia/Taipei.*{NEW_YORK}"):
        Store(here.labels, here.timezone).find(assets.INCIDENT_LABELS.at(DAY.day))


def test_other_commands_say_so_too(taipei: Settings, command: list[str]) -> None:
    """`extract` into the pipeline's root, and `doctor` as a finding."""
    extract = CliRunner().invoke(main, ["extract", "--date", DAY.day])
    doctor = CliRunner().invoke(main, ["doctor", "--offline", "--json"])
    for result in (extract, doctor):
        assert result.exit_code != 0
        assert "--accept-new-timezone" in result.output + str(result.exception)
