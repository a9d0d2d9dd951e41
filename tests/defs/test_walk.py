"""The walk of a day and of a week, as real Dagster runs on real files."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from replay_assets.contracts.manifest import PartitionManifest
from replay_assets.definitions import build_definitions
from replay_assets.defs.keys import key_of
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import BY_NAME
from replay_assets.lake.store import Store
from replay_assets.settings import Settings
from tests.conftest import settings_in
from tests.defs.walks import (
    BASELINES,
    bytes_of,
    content_of,
    execute,
    failed_steps,
    walk_day,
    walk_week,
)

DAY, WEEK = "2026-09-30", "2026-09-28"
EMPTY_DAY = "2026-09-27"


@dataclass(frozen=True)
class Walk:
    """One day and its week, run once: the settings, and the result of the day's run."""

    settings: Settings
    day: dg.ExecuteInProcessResult


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, sample_source: str) -> Walk:
    """The run that the tests of this module read."""
    home = tmp_path_factory.mktemp("walk")
    settings = settings_in(home, source_url=sample_source, candidates=None)
    day = walk_day(settings, DAY)
    assert day.success
    assert walk_week(settings, WEEK).success
    return Walk(settings, day)


@pytest.fixture(scope="module")
def walked(walk: Walk) -> Settings:
    """The settings of that run."""
    return walk.settings


@pytest.fixture
def copied(walked: Settings, tmp_path: Path, sample_source: str) -> Settings:
    """The settings of a copy of that run, for a test that changes it."""
    shutil.copytree(walked.data, tmp_path / "data")
    return settings_in(tmp_path, source_url=sample_source, candidates=None)


def test_each_stage_publishes_its_files(walked: Settings) -> None:
    """Three roots: raw evidence, labels, and the sanitized lake."""
    tables = {
        path.relative_to(root).parts[1]
        for root in (walked.evidence, walked.labels, walked.lake)
        for path in Path(root).rglob("*.parquet")
    }
    assert tables == {
        "incident_evidence",
        "recorded_messages",
        "recorded_repairs",
        "quarantine",
        "incident_labels",
        "masked_labels",
        "replay_results",
        "agent_replay",
        "agent_steps",
        "replay_scores",
        "agent_scores",
        "incumbent_scores",
        "operator_feedback",
        "feedback_rewards",
        "evaluation_report",
        "sft_export",
    }


def test_an_agent_is_replayed_and_scored_as_another_candidate(walk: Walk) -> None:
    """Its files are those of the command line, and the UI shows one investigation."""
    lake = Store(walk.settings.lake)
    agent = lake.get(Address("agent_replay", DAY, "rules-baseline"))
    assert set(agent.names("")) >= {"events.jsonl", "replay_results.jsonl", "run_report.json"}
    scores = lake.get(Address("replay_scores", DAY, "rules-baseline-agent"))
    assert scores.manifest.inputs["agent_replay"] == agent.digest
    rows = scores.rows("agent_scores")
    assert {row["candidate_id"] for row in rows} == {"rules-baseline-agent"}
    assert sum(row["steps"] for row in rows) == agent.facts["steps"]
    (event,) = [
        one
        for one in walk.day.get_asset_materialization_events()
        if one.asset_key == dg.AssetKey(["agent_replay", "rules-baseline"])
    ]
    shown = event.materialization.metadata
    assert "Final answer (end_of_turn)" in str(shown["transcript"].value)
    reads = sum(row["reads"] for row in rows)
    assert shown["tool_miss_rate"].value == sum(row["tool_misses"] for row in rows) / reads


def test_the_report_has_an_agent_next_to_its_single_answers(walked: Settings) -> None:
    """Paired by incident, with what the investigations took, on the page and in Markdown."""
    lake = Store(walked.lake)
    report = lake.get(Address("evaluation_report", WEEK, grain="week"))
    (found,) = report.document("report.json")["agents"]
    rows = lake.get(Address("replay_scores", DAY, "rules-baseline-agent")).rows("agent_scores")
    assert found["agent"]["candidate_id"] == "rules-baseline-agent"
    assert found["pairs"] >= max(found["single"]["right"], found["agent"]["right"])
    assert found["investigations"] == len(rows)
    assert found["tool_misses"] == sum(row["tool_misses"] for row in rows)
    assert sum(found["misses_by_tool"].values()) == found["tool_misses"]
    shown = "handled right, of"
    assert all(shown in report.file(f"report.{form}").decode() for form in ("html", "md"))


def test_dagster_and_a_manifest_name_the_same_code_version(walked: Settings) -> None:
    """With two versions, a partition could be stale in one tool and fresh in the other.

    Dagster's may go on after a point: with the digest of the rules or of the candidate.
    """
    manifests = [
        PartitionManifest.read(json.loads(path.read_text()))
        for root in (walked.evidence, walked.labels, walked.lake)
        for path in Path(root).rglob("manifest.json")
    ]
    made = {
        key_of(BY_NAME[one.asset], one.candidate_id): one.code_version
        for one in manifests
        if not one.asset.startswith("reviews")  # plans, which reports keep; not an asset
    }
    graph = build_definitions(walked).resolve_asset_graph()
    with_partitions = {name for name, one in BY_NAME.items() if one.grain != "none"}
    assert {key.path[0] for key in made} == with_partitions
    for key, version in made.items():
        assert f"{graph.get(key).code_version}.".startswith(f"{version}."), key


def test_every_asset_check_passes_on_the_samples(walk: Walk) -> None:
    """Each check is recorded with its partition."""
    checks = walk.day.get_asset_check_evaluations()
    assert len(checks) == 22
    assert all(check.passed for check in checks)
    assert {check.partition for check in checks} == {DAY}


def test_a_partition_made_twice_has_the_same_content(copied: Settings) -> None:
    """Packs, evidence, labels and scores byte for byte; results without their timing fields."""
    roots = (copied.evidence, copied.labels, copied.lake)
    before = [content_of(root) for root in roots]
    raw, pack = bytes_of(copied.evidence), bytes_of(f"{copied.lake}/files/request_pack")
    walk_day(copied, DAY)
    assert [content_of(root) for root in roots] == before
    assert bytes_of(copied.evidence) == raw
    assert bytes_of(f"{copied.lake}/files/request_pack") == pack


def test_a_deleted_day_is_made_again_with_the_same_content(copied: Settings) -> None:
    """A partition's content does not depend on an earlier one."""
    before = {path: one for path, one in content_of(copied.lake).items() if "/date=" in path}
    shutil.rmtree(copied.lake)
    shutil.rmtree(copied.evidence)
    walk_day(copied, DAY)
    assert content_of(copied.lake) == before


def test_pandas_and_duckdb_read_each_table_by_its_folder(walked: Settings) -> None:
    """There is only Parquet, with one schema per table."""
    folder = Path(walked.lake) / "tables"
    for table in folder.iterdir():
        frame = pd.read_parquet(table)
        counted = (
            duckdb.connect().execute(f"SELECT count(*) FROM '{table}/**/*.parquet'").fetchall()
        )
        assert counted == [(len(frame),)]
    scores = pd.read_parquet(folder / "replay_scores")
    assert set(scores["candidate"]) == {*BASELINES, "rules-baseline-agent"}


def test_a_day_without_incidents_is_zero_rows_and_passes_its_checks(
    tmp_path: Path, sample_source: str
) -> None:
    """An empty day must not look like a broken one."""
    settings = settings_in(tmp_path, source_url=sample_source)
    result = walk_day(settings, EMPTY_DAY)
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    table = Store(settings.lake).get(Address("replay_scores", EMPTY_DAY, "rules-baseline"))
    assert table.table("replay_scores").num_rows == 0
    assert "primary" in table.table("replay_scores").column_names


def test_replay_needs_no_label(copied: Settings) -> None:
    """Without the labels root, packs and results have the same content."""
    before = content_of(f"{copied.lake}/files")
    shutil.rmtree(copied.labels)
    keys = [["incident_evidence"], ["request_pack"], ["replay_results", "rules-baseline"]]
    result = walk_day(copied, DAY, asset_selection=[dg.AssetKey(key) for key in keys])
    assert result.success
    assert not Path(copied.labels).exists()
    assert content_of(f"{copied.lake}/files") == before


def test_without_labels_grades_are_unlabelled(copied: Settings) -> None:
    """Scoring continues and reports it."""
    shutil.rmtree(copied.labels)
    key = dg.AssetKey(["replay_scores", "rules-baseline"])
    assert walk_day(copied, DAY, asset_selection=[key]).success
    scores = pd.read_parquet(f"{copied.lake}/tables/replay_scores/candidate=rules-baseline")
    assert set(scores["grade_status"]) == {"unlabelled"}
    assert scores["primary"].isna().all()


def test_a_candidate_without_its_key_fails_alone_and_names_the_variable(
    tmp_path: Path, sample_source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others continue, and the message says what to set."""
    monkeypatch.delenv("NVIDIA_API_KEY", raising=False)
    settings = settings_in(tmp_path, source_url=sample_source, candidates=None)
    result = walk_day(settings, DAY, ["nemotron-mini", "rules-baseline"])
    assert failed_steps(result) == {"replay_results__nemotron_mini"}
    messages = " ".join(event.message or "" for event in result.all_events)
    details = json.dumps([str(event.event_specific_data) for event in result.all_events])
    assert "NVIDIA_API_KEY is not set" in messages + details
    lake = Store(settings.lake)
    assert lake.find(Address("replay_scores", DAY, "rules-baseline")) is not None
    assert lake.find(Address("replay_results", DAY, "nemotron-mini")) is None


def test_a_range_of_days_in_one_run_publishes_each_day(tmp_path: Path, sample_source: str) -> None:
    """An asset's body handles every partition of its run."""
    settings = settings_in(tmp_path, source_url=sample_source)
    days = ("2026-09-29", "2026-09-30")
    job = build_definitions(settings).resolve_implicit_global_asset_job_def()
    tags = {
        "dagster/asset_partition_range_start": days[0],
        "dagster/asset_partition_range_end": days[1],
    }
    execute(job, asset_selection=[dg.AssetKey("incident_evidence")], tags=tags)
    evidence = Store(settings.evidence)
    assert all(evidence.find(Address("incident_evidence", day)) for day in days)


def test_no_planted_secret_and_no_label_text_reaches_the_lake(walked: Settings) -> None:
    """Everything in the lake may be shared."""
    written = b"".join(bytes_of(walked.lake).values())
    assert b"FAKE" not in written
    labels = pd.read_parquet(f"{walked.labels}/tables/incident_labels")
    for cause in labels["expected_root_cause"]:
        assert str(cause).encode() not in written


def test_raw_evidence_and_labels_are_shown_as_ids_and_counts_only(walk: Walk) -> None:
    """The event log is read by more people than the evidence is."""
    shown = json.dumps(
        [
            str(one.metadata)
            for name in ("incident_evidence", "incident_labels")
            for one in walk.day.asset_materializations_for_node(name)
        ]
    )
    evidence = pd.read_parquet(f"{walk.settings.evidence}/tables/incident_evidence")
    assert evidence["incident_id"][0] in shown
    for text in evidence["evidence_summary"]:
        assert str(text)[:40] not in shown


def test_a_plot_stays_below_fifty_kilobytes(walk: Walk) -> None:
    """The event log keeps three to four times a plot's size."""
    values = [
        value.value
        for event in walk.day.get_asset_materialization_events()
        for value in event.materialization.metadata.values()
        if isinstance(value, dg.MarkdownMetadataValue)
    ]
    assert values
    assert max(len(value or "") for value in values) < 50_000
