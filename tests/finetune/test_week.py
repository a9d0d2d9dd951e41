"""A week's exports: which rows of the lake they have, and what is recorded of them."""

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import json as pa_json

from replay_assets.contracts.export_policy import ExportPolicy
from replay_assets.contracts.training_manifest import TrainingManifest
from replay_assets.errors import ResidualSecretError
from replay_assets.finetune.week import manifest_name
from replay_assets.finetune.writing.export import is_data
from replay_assets.lake import Published
from replay_assets.lake.assets import EXPORT_LOG_FILE, PREFERENCE_EXPORT, SFT_EXPORT
from replay_assets.lake.files import sha256
from replay_assets.sanitizing import OutboundPolicy
from tests.evaluation.records import result, score
from tests.finetune.records import (
    OTHER,
    WEEK,
    Lake,
    evidence,
    repair,
    reward,
    rows_in,
    session,
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake without a day."""
    return Lake(tmp_path)


def manifest_of(export: Published) -> TrainingManifest:
    """Return the manifest of the newest export."""
    (name,) = (name for name in export.names(".json") if name.startswith("manifest."))
    return TrainingManifest.read(export.document(name))


def data_names(export: Published) -> list[str]:
    """Return the names of the files with rows."""
    return [name for name in export.names(".jsonl") if is_data(name)]


def test_files_have_flavour_split_week_and_hash_in_their_names(lake: Lake) -> None:
    """Their lineage has the same name, and the manifest has the checksums."""
    lake.day(WEEK, [evidence()])
    export = lake.export(SFT_EXPORT)
    manifest = manifest_of(export)
    assert {one.flavour for one in manifest.files} == {"sft.alpaca", "sft.chat"}
    for one in manifest.files:
        content = export.file(one.file)
        assert one.sha256 == sha256(content)
        assert one.bytes == len(content)
        assert one.file == f"{one.flavour}.{one.split}.{WEEK}.{one.sha256[:16]}.jsonl"
        assert one.lineage_file == one.file.replace(".jsonl", ".lineage.jsonl")
        (row,) = export.records(one.lineage_file)
        assert row == {
            "row": 0,
            "row_sha256": sha256(content.removesuffix(b"\n")),
            "incident_id": "inc-1",
            "scenario_group": "inc-1",
            "session_id": "se-1",
            "execution_id": "re-2",
            "label_source": "verified_execution",
            "weight": 1.0,
            "has_reasoning": True,
        }
    folder = Path(export.folder)
    (written,) = folder.glob("manifest.*.json")
    assert written.name == f"manifest.{sha256(written.read_bytes())[:16]}.json"
    (pattern,) = re.findall(r'data_files="\*/<flavour>([^"]+)"', (folder / "README.md").read_text())
    for one in manifest.files:
        of_split = pattern.replace("train", one.split)
        assert [path.name for path in folder.glob(f"{one.flavour}{of_split}")] == [one.file]


def test_the_same_content_changes_nothing_and_other_content_is_added(lake: Lake) -> None:
    """A second export of other content is next to the first one, which stays whole."""
    lake.day(WEEK, [evidence()])
    first = lake.export(SFT_EXPORT)
    folder = Path(first.folder)
    named = {path: path.stat().st_mtime_ns for path in folder.glob("*.????????????????.*")}
    assert lake.export(SFT_EXPORT).digest == first.digest
    lake.day(WEEK, [evidence(), evidence(**OTHER)])
    second = lake.export(SFT_EXPORT)
    assert len(list(folder.glob("manifest.*.json"))) == 2
    assert {path: path.stat().st_mtime_ns for path in named} == named
    assert len(rows_in(second, "sft.chat")) == 2


def test_files_of_all_weeks_have_the_same_columns_of_the_same_types(lake: Lake) -> None:
    """A column without a value, an instant with microseconds, a week without a row."""
    late = datetime(2026, 9, 28, 6, 0, 0, 5, tzinfo=UTC)
    lake.day(WEEK, [evidence(alertname=None, schema_version=None)])
    lake.day("2026-09-28", [evidence(**OTHER, collected_at=late, matched_playbook_id="pb-1")])
    weeks = (WEEK, "2026-09-28", "2026-10-05")
    made = [lake.export(SFT_EXPORT, week=week) for week in weeks]
    assert data_names(made[2]) == []
    lines = [
        one.file(name) for one in made for name in data_names(one) if name.startswith("sft.alpaca")
    ]
    schemas = [pa_json.read_json(io.BytesIO(one)).schema for one in lines]
    assert len(schemas) == 2
    assert schemas[0] == schemas[1]
    assert {len(json.loads(line)["metadata"]["collected_at"]) for line in lines} == {27}
    assert pa.concat_tables([one.table(SFT_EXPORT.table) for one in made]).num_rows == 2
    table = pd.read_parquet(Path(lake.store.url) / "tables" / "sft_export")
    assert table["has_reasoning"].tolist() == [True, True]


def test_an_incident_of_two_days_counts_once_with_its_newest_row(lake: Lake) -> None:
    """Two rows would train it twice."""
    lake.day(WEEK, [evidence(evidence_summary="early")])
    lake.day("2026-09-22", [evidence(evidence_summary="late")])
    assert [row["input"] for row in rows_in(lake.export(SFT_EXPORT), "sft.alpaca")] == ["late"]


def test_answers_and_feedback_of_an_incidents_earlier_day_are_left_out_and_counted(
    lake: Lake,
) -> None:
    """Not as those of an unknown incident, and not in silence."""
    for day in (WEEK, "2026-09-22"):
        lake.day(day, [evidence(verification_result="failed")])
        lake.replay(day, [(result(), score())])
        lake.feedback(day, reward())
    made = lake.export(SFT_EXPORT, "candidate")
    assert len(rows_in(made, "sft.chat")) == 2  # one of each, of the second day
    assert manifest_of(made).dropped["earlier_day_of_incident"] == 2
    assert "feedback_of_unknown_incident" not in manifest_of(made).dropped


def test_replay_answers_become_rows_by_their_primary_grade(lake: Lake) -> None:
    """Right ones are learned, both are judged answers, and both together are a pair."""
    lake.day(WEEK, [evidence(verification_result="failed")])
    wrong = {**result().model_output, "action_id": "rollback", "proposed_action": "Roll back web"}
    lake.replay(
        WEEK,
        [
            (result(), score()),
            (result(model_output=wrong, repeat=1), score(primary=False, repeat=1)),
            (result(repeat=2, outcome="not_sent"), score(primary=None, repeat=2)),
        ],
    )
    (right,) = rows_in(lake.export(SFT_EXPORT, "candidate"), "sft.chat")
    assert json.loads(right["messages"][-1]["content"]) == result().model_output
    assert "Answer with one JSON object" in right["messages"][1]["content"]
    preference = lake.export(PREFERENCE_EXPORT, "candidate")
    assert sorted(row["label"] for row in rows_in(preference, "kto.trl")) == [False, True]
    (pair,) = rows_in(preference, "dpo.trl")
    assert pair["chosen"] == right["messages"][-1:]
    assert json.loads(pair["rejected"][0]["content"]) == wrong
    manifest = manifest_of(preference)
    assert manifest.label_sources == {"replay_grade": 3}
    assert manifest.dropped["replay_not_answered"] == 1
    assert manifest.kto is not None
    assert manifest.kto.desirable_weight_interval == (1.0, 1.3333)


def test_no_answer_of_a_baseline_or_of_a_stale_day_becomes_a_row(lake: Lake) -> None:
    """Even if the catalogue named it: its scores say what it is."""
    lake.day(WEEK, [evidence(verification_result="failed")])
    lake.replay(WEEK, [(result(), score(baseline=True))])
    made = lake.export(SFT_EXPORT, "candidate")
    assert (data_names(made), made.facts["left_out"]["answer_of_a_baseline"]) == ([], 1)
    lake.replay(WEEK, [(result(), score())])
    lake.day(WEEK, [evidence(verification_result="failed", alertname="New")])
    assert data_names(lake.export(SFT_EXPORT, "candidate")) == []


def test_a_failed_repair_before_the_one_that_worked_is_a_pair(lake: Lake) -> None:
    """Of the incident's evidence, in every flavour of pairs that is asked for."""
    flavours = ("dpo.trl", "dpo.nemo", "dpo.openai", "dpo.lf", "tools.hf")
    lake.day(WEEK, [evidence()], repairs=[repair()], messages=session())
    policy = ExportPolicy(flavours=flavours)
    made = lake.export(PREFERENCE_EXPORT, policy=policy)
    assert {name.rsplit(".", 4)[0] for name in data_names(made)} == set(flavours[:4])
    assert len(rows_in(lake.export(SFT_EXPORT, policy=policy), "tools.hf")) == 1


def test_a_secret_that_is_left_stops_the_export(lake: Lake) -> None:
    """No file appears, whole or not."""
    lake.day(WEEK, [evidence(evidence_summary="canary-in-the-coal-mine")])
    policy = OutboundPolicy(canaries=["canary-in-the-coal-mine"])
    with pytest.raises(ResidualSecretError, match="incident inc-1"):
        lake.export(SFT_EXPORT, safeguards=policy)
    assert list(Path(lake.store.url).rglob("*.jsonl")) == []


def test_each_file_has_a_row_for_the_source(lake: Lake) -> None:
    """Checksum, size and count are those of the bytes written."""
    lake.day(WEEK, [evidence(), evidence(**OTHER)])
    made = lake.export(SFT_EXPORT)
    entries = made.document(EXPORT_LOG_FILE)["exports"]
    assert {one["file_path"] for one in entries} == set(data_names(made))
    types = {one["file_path"].split(".2026")[0].rsplit(".", 1)[0]: one for one in entries}
    assert types["sft.alpaca"]["export_type"] == "evidence_snapshot"
    assert types["sft.chat"]["export_type"] == "sft.chat"
    for one in entries:
        content = made.file(one["file_path"])
        assert one["record_count"] == content.count(b"\n")
        assert one["size_bytes"] == len(content)
        assert one["checksum_sha256"] == sha256(content)
        assert set(json.loads(one["source_ids"])) <= {"inc-1", "inc-2"}
        assert json.loads(one["metadata"]) == {"lookback_days": 7, "week": WEEK}


FAILED = {"verification_result": "failed"}


@pytest.mark.parametrize(
    ("changes", "labels"),
    [
        ({}, [True]),
        ({"reward": -1.0, "label": "correction"}, [False]),
        ({"confidence": 0.59}, []),
        ({"reward": 0.4}, []),
        ({"reward": None, "label": "topic_shift"}, []),
        ({"outcome": "infrastructure_failure", "reward": None, "confidence": None}, []),
        ({"incident_id": "quarantined"}, []),
    ],
)
def test_rewards_above_the_gate_become_rows(
    lake: Lake, changes: dict[str, Any], labels: list[bool]
) -> None:
    """By confidence and size; never for an incident without evidence, such as a quarantined one."""
    lake.day(WEEK, [evidence(**FAILED)])
    lake.feedback(WEEK, reward(**changes))
    made = lake.export(PREFERENCE_EXPORT)
    assert [row["label"] for row in rows_in(made, "kto.trl")] == labels
    learned = rows_in(lake.export(SFT_EXPORT), "sft.chat")
    assert len(learned) == labels.count(True)
    if labels:
        assert manifest_of(made).label_sources == {"judge_unverified": 1}


def test_no_reward_of_a_judge_below_its_bound_becomes_a_row(lake: Lake) -> None:
    """Nor one that confirms a diagnosis that is known to be wrong."""
    lake.day(WEEK, [evidence(**FAILED)])
    lake.feedback(WEEK, reward(), may_export=False, status="below_bound")
    assert manifest_of(lake.export(SFT_EXPORT)).dropped["judge_below_the_bound"] == 1
    lake.day(WEEK, [evidence(**FAILED)], grades={"root_cause": False})
    lake.feedback(WEEK, reward())
    assert manifest_of(lake.export(SFT_EXPORT)).dropped["reasoning_known_to_be_wrong"] == 1


def test_labels_that_disagree_drop_the_answer(lake: Lake) -> None:
    """The repair worked, but the operator rejected what was said: neither is learned."""
    lake.day(WEEK, [evidence(coordinator_output=json.dumps({"reasoning": "It leaks."}))])
    lake.feedback(WEEK, reward(reward=-0.8, label="rejection"))
    made = lake.export(PREFERENCE_EXPORT)
    assert rows_in(made, "kto.trl") == []
    assert manifest_of(made).dropped["labels_disagree"] == 2


def test_the_strongest_source_names_an_answer(lake: Lake) -> None:
    """Verified execution comes before the judge."""
    lake.day(WEEK, [evidence(coordinator_output=json.dumps({"reasoning": "It leaks."}))])
    lake.feedback(WEEK, reward())
    manifest = manifest_of(lake.export(PREFERENCE_EXPORT))
    assert manifest.label_sources == {"verified_execution": 1}
    assert manifest.dropped["stronger_label_exists"] == 1


def test_a_row_of_an_earlier_week_is_not_written_again(lake: Lake) -> None:
    """Nor a copy of it with other ids; the manifest names the export that it was compared with."""
    lake.day(WEEK, [evidence()])
    first = lake.export(SFT_EXPORT)
    lake.day("2026-09-28", [evidence(incident_id="inc-9"), evidence(**OTHER)])
    second = lake.export(SFT_EXPORT, week="2026-09-28")
    assert [row["metadata"]["incident_id"] for row in rows_in(second, "sft.alpaca")] == ["inc-2"]
    manifest = manifest_of(second)
    assert manifest.dropped == {"exact_duplicate_of_earlier_export": 1}
    assert manifest.parent_manifests == (manifest_name(first),)


def test_a_copy_of_a_reserved_incident_is_refused(lake: Lake) -> None:
    """Also one of another week and another scenario group; the list says why."""
    lake.day(
        "2026-09-14", [evidence(incident_id="inc-0")], grades={"reserved_for_evaluation": True}
    )
    lake.day(WEEK, [evidence(), evidence(**OTHER)])
    made = lake.export(SFT_EXPORT)
    assert [row["metadata"]["incident_id"] for row in rows_in(made, "sft.alpaca")] == ["inc-2"]
    lines = (Path(made.folder) / "reserved.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": "inc-0", "group": "inc-0", "why": "reserved_for_evaluation"},
        {"id": "inc-1", "group": "inc-1", "why": "near_duplicate_of_reserved: inc-0"},
    ]
