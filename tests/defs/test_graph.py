"""The complete asset graph: dependencies, descriptions, and which assets get labels."""

import json
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from replay_assets.contracts.score import AGENT_SUFFIX
from replay_assets.definitions import build_definitions
from replay_assets.defs.evidence import SOURCE
from replay_assets.defs.keys import key_of
from replay_assets.lake.assets import BY_NAME, REPLAY_RESULTS
from replay_assets.settings import Settings
from tests.conftest import settings_in

SNAPSHOT = Path(__file__).parent / "asset_graph.json"
MAY_SEE_LABELS = {
    "incident_labels",
    "masked_labels",
    "replay_scores",
    "incumbent_scores",
    "evaluation_report",
    "sft_export",
    "preference_export",
}

CHECKS_THAT_SEE_LABELS = {
    "packs_hold_one_request_per_incident",
    "packs_carry_no_label_and_no_secret",
    "packs_repeat_no_label_text",
    "every_label_is_read",
    "every_label_can_be_met",
}
"""The checks of labels. The checks of a pack share a step, and therefore its resources."""


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The definitions of the shipped catalogue."""
    home = tmp_path_factory.mktemp("graph")
    return build_definitions(settings_in(home, source_url="sqlite://", candidates=None))


def graph_of(definitions: dg.Definitions) -> dict[str, dict[str, object]]:
    """Keys, groups, partitions, upstream keys and checks of every asset."""
    graph = definitions.resolve_asset_graph()
    return {
        node.key.to_user_string(): {
            "group": node.group_name,
            "partitions": type(node.partitions_def).__name__,
            "upstream": sorted(key.to_user_string() for key in node.parent_keys),
            "checks": sorted(key.name for key in node.check_keys),
        }
        for node in sorted(graph.asset_nodes, key=lambda node: node.key)
    }


def test_the_graph_is_the_agreed_one(definitions: dg.Definitions) -> None:
    """A changed edge, group or check is a decision: change the snapshot with it."""
    assert graph_of(definitions) == json.loads(SNAPSHOT.read_text())


def test_dagster_and_the_lineage_name_the_same_inputs(definitions: dg.Definitions) -> None:
    """Each asset is declared in both, and becomes stale in both for the same reasons."""
    graph = definitions.resolve_asset_graph()
    made = graph.materializable_asset_keys
    assert {key.path[0] for key in made} == set(BY_NAME)
    for key in made:
        asset = BY_NAME[key.path[0]]
        inputs = {one.name for one in (*asset.inputs, *asset.optional, *asset.after)}
        candidate = key.path[1:]  # empty for a week, which depends on every candidate
        expected = {
            other
            for other in made
            if other.path[0] in inputs and (not candidate or other.path[1:] in ([], candidate))
        }
        if candidate and candidate[0].endswith(AGENT_SUFFIX):
            # Its results are the investigations of its model.
            expected.add(key_of(REPLAY_RESULTS, candidate[0]))
        if key.path[0] in ("sft_export", "preference_export"):
            # A model is trained on single answers, so an agent's are not read.
            expected -= {one for one in expected if one.path[-1].endswith(AGENT_SUFFIX)}
        assert set(graph.get(key).parent_keys) - {SOURCE} == expected, key


def test_the_definitions_load(definitions: dg.Definitions) -> None:
    """Jobs, schedules, sensors and checks resolve together, without a warning."""
    dg.Definitions.validate_loadable(definitions)


def test_every_asset_says_what_a_row_is_who_owns_it_and_which_code_made_it(
    definitions: dg.Definitions,
) -> None:
    """A new user sees this when clicking on a node."""
    for asset in definitions.assets or ():
        if isinstance(asset, dg.SourceAsset):  # the team's database: observed, never materialised
            assert asset.description
            continue
        assert isinstance(asset, dg.AssetsDefinition)
        (spec,) = asset.specs
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.code_version, spec.key


def test_only_assets_that_write_or_use_labels_get_the_labels_root(
    definitions: dg.Definitions,
) -> None:
    """Packs and replays can't read that root; the one check that can reads finished packs."""
    holders = {
        asset.key.path[0]
        for asset in definitions.assets or ()
        if isinstance(asset, dg.AssetsDefinition) and "labels" in asset.required_resource_keys
    }
    checks = {
        spec.name
        for check in definitions.asset_checks or ()
        if "labels" in check.required_resource_keys
        for spec in check.check_specs
    }
    assert holders == MAY_SEE_LABELS
    assert checks == CHECKS_THAT_SEE_LABELS


def test_no_resource_shows_the_databases_password(settings: Settings) -> None:
    """The source's URL may hold one; resources end up in logs and in the UI."""
    secret = "-".join(["FAKE", "password"])
    url = f"postgresql+psycopg://user:{secret}@localhost/db"
    changed = replace(settings, source_url=url)
    assert secret not in repr(build_definitions(changed).resources)


def test_nothing_that_costs_money_starts_by_itself(definitions: dg.Definitions) -> None:
    """Monday's replay is stopped by default, and so is the sensor that makes results stale."""
    shipped = [*(definitions.schedules or ()), *(definitions.sensors or ())]
    assert {one.name: one.default_status.value for one in shipped} == {
        "weekly_replay_schedule": "STOPPED",
        "source_watch_schedule": "RUNNING",
        "evidence_follows_source": "STOPPED",
        "reports_follow_days": "RUNNING",
    }
