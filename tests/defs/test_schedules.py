"""Monday's replay, and weekly assets that start after their days."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from replay_assets.definitions import build_definitions
from replay_assets.settings import Settings

TAIPEI = ZoneInfo("Asia/Taipei")
CATALOGUE = """
- {id: embedded, model: rules-baseline, base_url: "embedded://baselines/v1"}
- {id: switched-off, model: m, base_url: "http://localhost:1/v1", scheduled: false}
- {id: keyed, model: m, base_url: "http://localhost:1/v1", api_key_env: REPLAY_TEST_KEY}
"""


@pytest.fixture
def small(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a catalogue of three candidates."""
    path = tmp_path / "candidates.yaml"
    path.write_text(CATALOGUE)
    return replace(settings, candidates=path)


def requests_on(settings: Settings, moment: datetime) -> list[dg.RunRequest]:
    """The runs that the schedule requests at a given time."""
    definitions = build_definitions(settings)
    repository = definitions.get_repository_def()
    schedule = repository.get_schedule_def("weekly_replay_schedule")
    assert isinstance(schedule, dg.ScheduleDefinition)
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=repository)
    found = schedule.evaluate_tick(context).run_requests
    return list(found or ())


def test_monday_asks_for_the_seven_days_that_ended(small: Settings) -> None:
    """One run per day, Monday to Sunday of the previous week."""
    requests = requests_on(small, datetime(2026, 10, 5, 6, tzinfo=TAIPEI))
    assert [one.partition_key for one in requests] == [
        *(f"2026-09-{day}" for day in (28, 29, 30)),
        *(f"2026-10-0{day}" for day in (1, 2, 3, 4)),
    ]
    assert {one.tags["week"] for one in requests} == {"2026-09-28"}


@pytest.mark.parametrize(("key", "expected"), [(None, {"embedded"}), ("k", {"embedded", "keyed"})])
def test_only_scheduled_candidates_with_a_key_are_asked(
    small: Settings, monkeypatch: pytest.MonkeyPatch, key: str | None, expected: set[str]
) -> None:
    """A candidate without its key would fail; one that is not scheduled is not replayed."""
    monkeypatch.delenv("REPLAY_TEST_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("REPLAY_TEST_KEY", key)
    first = requests_on(small, datetime(2026, 10, 5, 6, tzinfo=TAIPEI))[0]
    asked = {one.path[1] for one in first.asset_selection or () if len(one.path) > 1}
    assert asked == expected


def test_a_monday_before_the_first_week_ended_asks_for_nothing(small: Settings) -> None:
    """There are no partitions for these days."""
    assert requests_on(small, datetime(2026, 9, 21, 6, tzinfo=TAIPEI)) == []


def test_a_week_follows_when_its_days_have_finished(settings: Settings) -> None:
    """Old weeks too: a backfill of last month must update last month's reports."""
    definitions = build_definitions(settings)
    day = dg.AssetKey("incumbent_scores")
    with dg.DagsterInstance.ephemeral() as instance:
        nothing = dg.evaluate_automation_conditions(defs=definitions, instance=instance)
        instance.report_runless_asset_event(dg.AssetMaterialization(day, partition="2026-09-30"))
        follow = dg.evaluate_automation_conditions(
            defs=definitions, instance=instance, cursor=nothing.cursor
        )
        rest = dg.evaluate_automation_conditions(
            defs=definitions, instance=instance, cursor=follow.cursor
        )
    assert nothing.total_requested == 0
    for asset in ("evaluation_report", "sft_export"):
        assert follow.get_requested_partitions(dg.AssetKey(asset)) == {"2026-09-28"}
    assert rest.total_requested == 0
