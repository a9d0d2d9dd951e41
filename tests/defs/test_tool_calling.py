"""The tool-calling benchmark as assets: results of candidates, and the report on them."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from replay_assets.candidates import Catalogue
from replay_assets.definitions import build_definitions
from replay_assets.lake import Store, assets
from replay_assets.settings import Settings
from replay_assets.tool_calling.cases import read_cases, shipped_cases
from replay_assets.tool_calling.publishing import current_results, lineage_of
from replay_assets.tool_calling.runner import cases_digest
from tests.conftest import settings_in
from tests.defs.walks import execute, failed_steps

CATALOGUE = """
- {id: words, model: rules-baseline, base_url: 'embedded://baselines/v1'}
- {id: never, model: constant-baseline, base_url: 'embedded://baselines/v1'}
- {id: keyless, model: m, base_url: 'http://127.0.0.1:9/v1', api_key_env: NO_SUCH_API_KEY}
- {id: down, model: m, base_url: 'http://127.0.0.1:9/v1', limits: {retry_budget_s: 0.01}}
- {id: both, route: [never, words], scheduled: false}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dg.ExecuteInProcessResult]:
    """A run of the complete job; one candidate has no key, one no server."""
    home = tmp_path_factory.mktemp("tool_calling")
    (home / "candidates.yaml").write_text(CATALOGUE)
    settings = settings_in(home, source_url="sqlite://", candidates=home / "candidates.yaml")
    job = build_definitions(settings).resolve_job_def("tool_calling")
    return settings, execute(job)


def test_each_candidate_that_answers_has_results(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
) -> None:
    """One without a key is left out; one that is down fails, and is not published as a score."""
    settings, result = ran
    assert failed_steps(result) == {"tool_calling_results__down"}
    lake = Store(settings.lake)
    published = {
        name: lake.find(assets.TOOL_CALLING_RESULTS.at(candidate=name))
        for name in ("words", "never", "keyless", "down")
    }
    assert [name for name, one in published.items() if one is not None] == ["words", "never"]
    words = published["words"]
    assert words is not None
    (candidate, *_) = Catalogue.load(settings.candidates)
    assert words.manifest.inputs == {
        "cases": cases_digest(read_cases([shipped_cases()])),
        "candidate": candidate.digest(),
        "tool_mode": "native, False",
    }
    rows = words.rows("tool_calling_results")
    assert len(rows) == len(words.records(assets.TOOL_RESULTS_FILE)) == words.facts["cases"]
    assert sum(one["right"] for one in rows) == words.facts["right"] > 0


def test_the_report_is_on_those_that_have_results(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
) -> None:
    """After a failure of one candidate, it is materialized by itself."""
    settings, _ = ran
    job = build_definitions(settings).resolve_job_def("tool_calling")
    result = execute(job, asset_selection=[dg.AssetKey("tool_calling_report")])
    assert result.success
    report = Store(settings.lake).get(assets.TOOL_CALLING_REPORT.at())
    lake = Store(settings.lake)
    results = [
        lake.get(assets.TOOL_CALLING_RESULTS.at(candidate=one)) for one in ("words", "never")
    ]
    assert report.manifest.inputs == {str(one.address): one.digest for one in results}
    document = report.document(assets.REPORT_FILE)
    assert [one["candidate_id"] for one in document["candidates"]] == ["words", "never"]
    (route,) = document["recommendations"]
    assert (route["route_id"], route["cases"]) == ("both", document["cases"])
    (made,) = result.get_asset_materialization_events()
    metadata = made.materialization.metadata
    assert Path(str(metadata["report"].value)).read_text("utf-8").startswith("<!doctype html>")
    assert "| words (baseline: matches words" in str(metadata["figures"].value)
    assert {one["grouping"] for one in report.rows("tool_calling_report")} == {
        *("all", "category", "language", "tool")
    }


def test_results_of_other_cases_are_not_in_the_report(
    ran: tuple[Settings, dg.ExecuteInProcessResult],
) -> None:
    """A new case, or a changed candidate, makes them stale."""
    settings, _ = ran
    cases, catalogue = read_cases([shipped_cases()]), Catalogue.load(settings.candidates)
    words, lake = catalogue.get("words"), Store(settings.lake)
    assert current_results(lineage_of(lake, cases, catalogue), words) is not None
    assert current_results(lineage_of(lake, cases[1:], catalogue), words) is None
    changed = words.model_copy(update={"model": "constant-baseline"})
    assert current_results(lineage_of(lake, cases, [changed]), changed) is None


def test_another_order_of_a_route_makes_the_report_stale(
    ran: tuple[Settings, dg.ExecuteInProcessResult], tmp_path: Path
) -> None:
    """In Dagster's eyes: it recommends orders; a route itself need not have been asked."""
    settings, _ = ran
    key, path = dg.AssetKey("tool_calling_report"), tmp_path / "candidates.yaml"
    job = build_definitions(settings).resolve_job_def("tool_calling")
    with dg.DagsterInstance.ephemeral() as instance:
        assert execute(job, asset_selection=[key], instance=instance).success
        reasons = []
        for text in (CATALOGUE, CATALOGUE.replace("[never, words]", "[words, never]")):
            path.write_text(text)
            changed = build_definitions(replace(settings, candidates=path)).resolve_asset_graph()
            resolver = CachingStaleStatusResolver(
                instance, changed, LoadingContextForTest(instance)
            )
            reasons.append([one.reason for one in resolver.get_stale_causes(key)])
    assert reasons == [[], ["has a new code version"]]
