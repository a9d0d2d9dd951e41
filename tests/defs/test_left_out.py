"""Runs that name no candidate, such as a backfill in the UI: who is left out, and how it shows."""

from dataclasses import dataclass

import dagster as dg
import pytest

from replay_assets.definitions import build_definitions
from replay_assets.defs.keys import key_of
from replay_assets.defs.left_out import NAMED_TAG, names
from replay_assets.defs.schedules import SHARED_ASSETS
from replay_assets.lake import Store, assets
from replay_assets.settings import Settings
from tests.conftest import settings_in
from tests.defs.walks import execute, failed_steps, walk_day, walk_week

DAY, WEEK = "2026-09-30", "2026-09-28"
KEY = "LEFT_OUT_API_KEY"
CATALOGUE = """
- {id: rules-baseline, model: rules-baseline, base_url: 'embedded://baselines/v1'}
- {id: keyless, model: m, base_url: 'http://127.0.0.1:9/v1', api_key_env: LEFT_OUT_API_KEY}
- {id: asked-by-name, model: rules-baseline, base_url: 'embedded://baselines/v1', scheduled: false}
"""
EVERYONE = frozenset({"rules-baseline", "keyless", "asked-by-name"})
SHARED = [key_of(one) for one in SHARED_ASSETS]


def keys_of(*candidates: str) -> list[dg.AssetKey]:
    """The assets of some candidates."""
    both = (assets.REPLAY_RESULTS, assets.REPLAY_SCORES)
    return [key_of(asset, name) for name in candidates for asset in both]


@dataclass(frozen=True)
class Walk:
    """A run of the whole job, as the UI starts it, and its week."""

    settings: Settings
    day: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, sample_source: str) -> Walk:
    """The run that the tests of this module read."""
    home = tmp_path_factory.mktemp("left_out")
    (home / "candidates.yaml").write_text(CATALOGUE)
    settings = settings_in(home, source_url=sample_source, candidates=home / "candidates.yaml")
    job = build_definitions(settings).resolve_job_def("daily_walk")
    day = execute(job, partition_key=DAY)
    assert walk_week(settings, WEEK, asset_selection=[key_of(assets.EVALUATION_REPORT)]).success
    return Walk(settings, day)


def test_a_run_of_all_candidates_succeeds_without_those_that_are_not_ready(walk: Walk) -> None:
    """One candidate has no key, another is not scheduled: neither fails, nor looks materialized."""
    assert walk.day.success
    assert failed_steps(walk.day) == set()
    made = {event.asset_key for event in walk.day.get_asset_materialization_events()}
    assert made == {*SHARED, *keys_of("rules-baseline")}
    lake = Store(walk.settings.lake)
    for name in ("keyless", "asked-by-name"):
        assert lake.find(assets.REPLAY_RESULTS.at(DAY, name)) is None


def test_the_candidates_left_out_are_named_with_their_reason(walk: Walk) -> None:
    """As an observation of the partition, which is not a materialization."""
    observed = [
        event.asset_observation_data.asset_observation
        for event in walk.day.all_events
        if event.event_type_value == "ASSET_OBSERVATION"
    ]
    seen = {
        one.asset_key: one.metadata["left_out"].value
        for one in observed
        if one.partition == DAY and "left_out" in one.metadata
    }
    assert seen == {
        key_of(assets.REPLAY_RESULTS, "keyless"): f"{KEY} is not set",
        key_of(assets.REPLAY_RESULTS, "asked-by-name"): "it is not scheduled; name it to replay it",
    }


def test_the_report_names_them_with_their_reason(walk: Walk) -> None:
    """In all three files of the report."""
    report = Store(walk.settings.lake).get(assets.EVALUATION_REPORT.at(WEEK))
    assert report.document(assets.REPORT_FILE)["not_replayed"] == {
        "keyless": f"{KEY} is not set",
        "asked-by-name": "it is not scheduled; name it to replay it",
    }
    for name in (assets.REPORT_HTML_FILE, assets.REPORT_MARKDOWN_FILE):
        assert f"keyless ({KEY} is not set)" in report.file(name).decode().replace("\\_", "_")


def test_a_candidate_that_is_asked_for_fails_with_the_name_of_its_variable(walk: Walk) -> None:
    """A selection of its assets alone."""
    result = walk_day(walk.settings, DAY, ["keyless"], asset_selection=keys_of("keyless"))
    assert not result.success
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    data = failure.step_failure_data.user_failure_data
    assert data is not None
    assert f"{KEY} is not set" in str(data.description)


@pytest.mark.parametrize(
    ("selection", "tags", "named"),
    [
        (None, {}, False),
        ([*SHARED, *keys_of(*EVERYONE)], {}, False),
        ([key_of(assets.REPLAY_RESULTS, name) for name in EVERYONE], {}, False),
        (keys_of("keyless"), {}, True),
        ([*SHARED, *keys_of("keyless", "rules-baseline")], {}, True),
        ([*SHARED, *keys_of(*EVERYONE)], {NAMED_TAG: "true"}, True),
    ],
    ids=["job", "all assets", "group", "one", "some", "command line"],
)
def test_a_run_names_candidates_if_it_selects_only_some(
    selection: list[dg.AssetKey] | None, tags: dict[str, str], named: bool
) -> None:
    """All candidates together are not named, unless the command line was given all of them."""
    chosen = None if selection is None else frozenset(selection)
    run = dg.DagsterRun("daily_walk", asset_selection=chosen, tags=tags)
    assert names(run, EVERYONE) is named


def test_the_only_candidate_of_a_catalogue_is_named_by_its_assets_alone() -> None:
    """There is no other one that such a selection could leave out."""
    alone = dg.DagsterRun("daily_walk", asset_selection=frozenset(keys_of("keyless")))
    complete = dg.DagsterRun(
        "daily_walk", asset_selection=frozenset([*SHARED, *keys_of("keyless")])
    )
    assert names(alone, {"keyless"})
    assert not names(complete, {"keyless"})
