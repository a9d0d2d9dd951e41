"""Late rows, changed outcomes and deleted rows: Dagster's status and its requests."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from replay_assets.contracts.calendar import days_of_week, monday_of
from replay_assets.definitions import build_definitions
from replay_assets.defs.evidence import SWEEP_TAG, days_to_observe
from replay_assets.defs.resources import Source
from replay_assets.settings import Settings
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.schema.mapping import SourceMapping
from tests.conftest import load_into, settings_in
from tests.defs.walks import QUIET
from tests.source.rows import execute, incident, repair, session, write

MONDAY = monday_of((datetime.now(UTC).date() - timedelta(days=10)).isoformat())
DAYS = tuple(days_of_week(MONDAY)[:3])
FIRST, SECOND, THIRD = DAYS
EVIDENCE = dg.AssetKey("incident_evidence")
FRESH = dict.fromkeys(DAYS, "FRESH")
LATE = (
    "INSERT INTO incident_evidence (id, incident_id, evidence_summary, collected_at) VALUES "
    f"('ev-late', 'inc-late', 'late', '{SECOND}T06:00:00.000000+00:00')"
)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""`tests/evidence/test_freshness.py` reads such changes from both databases."""
OUTCOME = "UPDATE auto_repair_executions SET success = false WHERE id = 're-2'"


def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


class World:
    """A source, its definitions, and an instance with three days materialised."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.definitions = build_definitions(settings)
        self.instance = instance
        self.database = IncidentDatabase(settings.source_url)

    def read(self, *days: str) -> None:
        job = self.definitions.resolve_job_def("daily_walk")
        for day in days:
            assert job.execute_in_process(
                partition_key=day,
                instance=self.instance,
                run_config=QUIET,
                asset_selection=[EVIDENCE],
            ).success

    def observe(self, **tags: str) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_job_def("observe_source")
        return job.execute_in_process(instance=self.instance, run_config=QUIET, tags=tags)

    def status(self) -> dict[str, str]:
        resolver = CachingStaleStatusResolver(
            instance=self.instance,
            asset_graph=self.definitions.resolve_asset_graph(),
            loading_context=LoadingContextForTest(self.instance),
        )
        return {day: resolver.get_status(EVIDENCE, day).value for day in DAYS}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """Three days with two incidents each."""
    numbers = dict(enumerate(DAYS, start=1))
    write(
        tmp_path / "to_load",
        incident_evidence=[
            incident(number, id=f"ev-{number}{suffix}", incident_id=f"inc-{number}{suffix}",
                     collected_at=f"{day}T06:00:00Z")
            for number, day in numbers.items()
            for suffix in ("", "b")
        ],
        agent_sessions=[
            session(f"se-{n}", incident_id=f"inc-{n}", created_at=f"{day}T07:00:00Z")
            for n, day in numbers.items()
        ],
        auto_repair_executions=[
            repair(f"re-{n}", incident_id=f"inc-{n}", created_at=f"{day}T08:00:00Z")
            for n, day in numbers.items()
        ],
    )  # fmt: skip
    load_into(database_url, tmp_path / "to_load")
    settings = replace(
        settings_in(tmp_path, source_url=database_url),
        first_day=MONDAY,
        max_text_bytes=1000,
        # Up to the Monday of the week before last week.
        look_back_days=20,
    )
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(settings, instance)
        world.read(*DAYS)
        yield world
        world.database.close()


@SQLITE
@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(LATE, {"new_rows": 1}, id="a late row"),
        pytest.param(OUTCOME, {"updated_in_place": 1}, id="a changed outcome"),
    ],
)
def test_a_change_makes_only_its_day_stale(change: str, said: dict[str, int], world: World):
    """The observation marks the day and reports the change; reading it again makes it fresh."""
    assert world.observe().success
    assert world.status() == FRESH
    execute(world.database, change)
    assert world.observe().success
    assert world.status() == {**FRESH, SECOND: "STALE"}
    observed = world.instance.fetch_observations(
        dg.AssetRecordsFilter(dg.AssetKey("incident_database"), asset_partitions=[SECOND]), 1
    )
    (record,) = observed.records
    assert record.asset_observation is not None
    metadata = {name: one.value for name, one in record.asset_observation.metadata.items()}
    assert {name: value for name, value in metadata.items() if name != "rows"} == said
    world.read(SECOND)
    assert world.status() == FRESH
    assert world.observe().success
    assert world.status() == FRESH


@SQLITE
def test_a_text_over_the_limit_leaves_its_day_fresh(world: World):
    """Extraction and observation treat such a text in the same way."""
    execute(
        world.database,
        f"UPDATE incident_evidence SET evidence_summary = '{'x' * 2000}' WHERE id = 'ev-2'",
    )
    world.read(SECOND)
    assert world.observe().success
    assert world.status() == FRESH


@SQLITE
def test_a_change_is_found_without_an_earlier_observation(world: World):
    """A run records what it has read as an observation, and the next one is compared with it."""
    execute(world.database, LATE)
    assert world.observe().success
    assert world.status() == {**FRESH, SECOND: "STALE"}


def test_exactly_the_changed_days_are_requested(world: World):
    """Through `data_version_changed`: for unchanged days nothing is requested."""
    definitions, instance = world.definitions, world.instance
    cursor = dg.evaluate_automation_conditions(definitions, instance=instance).cursor

    def requested() -> dict[dg.AssetKey, set[str]]:
        nonlocal cursor
        result = dg.evaluate_automation_conditions(definitions, instance=instance, cursor=cursor)
        cursor = result.cursor
        daily = [EVIDENCE, dg.AssetKey("request_pack"), dg.AssetKey("incident_labels")]
        found = {key: result.get_requested_partitions(key) for key in daily}
        return {key: {str(day) for day in days} for key, days in found.items() if days}

    world.observe()
    assert requested() == {}
    execute(world.database, LATE, "DELETE FROM incident_evidence WHERE id = 'ev-3b'")
    world.observe()
    assert requested() == {EVIDENCE: {SECOND, THIRD}}
    world.read(SECOND, THIRD)
    assert requested() == {}
    world.observe()
    assert requested() == {}


@SQLITE
def test_rows_in_no_day_are_counted_by_the_check_of_the_source(world: World):
    """Orphans are always reported."""
    execute(
        world.database,
        "UPDATE incident_evidence SET collected_at = NULL WHERE id = 'ev-1b'",
        f"UPDATE incident_evidence SET collected_at = '{day_before(MONDAY)}T15:59:59.000000+00:00' "
        "WHERE id = 'ev-3b'",
        "UPDATE agent_sessions SET incident_id = 'inc-gone' WHERE id = 'se-1'",
    )
    (check,) = world.observe().get_asset_check_evaluations()
    assert not check.passed
    assert {name: one.value for name, one in check.metadata.items()} == {
        "evidence_without_a_day": 1,
        "evidence_before_the_first_day": 1,
        "sessions_without_evidence": 1,
        "repairs_without_evidence": 0,
    }


def test_the_newest_days_are_observed_and_all_of_them_on_a_sweep():
    """The days of the look-back, up to yesterday; a sweep starts at the first partition."""
    source = Source(
        url="", mapping=SourceMapping(), timezone="Asia/Taipei", first_day="2026-01-05",
        look_back_days=3, max_text_bytes=1,
    )  # fmt: skip
    newest, everything = (days_to_observe(source, sweep=sweep) for sweep in (False, True))
    assert len(newest) == 3
    assert everything[0] == "2026-01-05"
    assert everything[-3:] == newest
    assert SWEEP_TAG == "replay_assets/days"
