"""What an export of the lake refuses, keeps for the next one, and proves from its files."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.review import REVIEW_VERSION, ReviewPlan
from replay_assets.contracts.training_manifest import TrainingManifest
from replay_assets.errors import ContractError, DamagedFileError
from replay_assets.finetune import earlier
from replay_assets.finetune.duplicates.fingerprints import fingerprints_of
from replay_assets.finetune.earlier import earlier_rows, exports_before
from replay_assets.finetune.overlap import WrittenRow, overlaps, written_rows
from replay_assets.finetune.reserved import NOTHING_RESERVED, Reserved
from replay_assets.finetune.reserving import ReservedReader, open_reviews
from replay_assets.finetune.rows import Row
from replay_assets.finetune.selection import select
from replay_assets.finetune.split import NO_EARLIER_ROWS, EarlierRows
from replay_assets.finetune.week import earlier_weeks, manifest_name
from replay_assets.lake import Publication, Published, assets
from replay_assets.lake.assets import PLAN_FILE, PREFERENCE_EXPORT, SFT_EXPORT
from replay_assets.lake.formats import arrow_table, encode_json
from replay_assets.lake.review_plans import plan_address
from tests.finetune.duplicates.planted import CHANGES, incident, row_of
from tests.finetune.records import WEEK, Lake, evidence, rows_in
from tests.finetune.test_selection import HALF, as_earlier, reserved_of, together

NEXT = "2026-09-28"
RESERVED = {"reserved_for_evaluation": True}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake without a day."""
    return Lake(tmp_path)


def row(seed: int, name: str = "", **changes: Any) -> dict[str, Any]:
    """Return the evidence of a generated incident."""
    text, answer = incident(seed)
    said = json.dumps({"reasoning": answer})
    fields = {"evidence_summary": text, "coordinator_output": said}
    return evidence(incident_id=name or f"inc-{seed}", **{**fields, **changes})


def manifest_in(export: Published) -> TrainingManifest:
    """Return the manifest of a published export."""
    return TrainingManifest.read(export.document(manifest_name(export)))


def reserved_in(lake: Lake) -> Reserved:
    """Return the reserved incidents of a lake."""
    return ReservedReader(lake.lineage(), sorted(lake.store.days_of("incumbent_scores"))).read()


def earlier_in(lake: Lake) -> EarlierRows:
    """Return the rows that the second week is compared with."""
    return earlier_rows(earlier_weeks(lake.store, SFT_EXPORT, NEXT))


def written(export: Published) -> set[str]:
    """Return the incidents with a row in a file."""
    return set(manifest_in(export).incident_ids)


def review(lake: Lake, *looks: str, version: str = "v1") -> None:
    """Keep the plan of a review that starts in the first week."""
    policy = load_policy()
    plan = ReviewPlan(
        schema_version=REVIEW_VERSION,
        candidate_id="model",
        candidate_version=version,
        kind="forward" if len(looks) > 1 else "historic",
        start=WEEK,
        looks=looks,
        alpha=0.05,
        policy=policy,
        policy_digest=policy.digest(),
    )
    content = {PLAN_FILE: encode_json(plan.as_json())}
    lake.store.publish(plan_address("model"), Publication(files=content))


def report(lake: Lake, week: str, verdict: str, version: str = "v1", who: str = "model") -> None:
    """Publish what a report says about a candidate."""
    said = [{"candidate_id": who, "candidate_version": version, "verdict": verdict}]
    schema = pa.schema([(name, pa.string()) for name in said[0]])
    tables = {assets.EVALUATION_REPORT.table: arrow_table(said, schema)}
    lake.store.publish(assets.EVALUATION_REPORT.at(week), Publication(tables=tables))


def test_an_incident_is_exported_when_the_last_review_that_holds_it_is_closed(lake: Lake) -> None:
    """Incidents of a historic review wait for its report, those of other weeks do not."""
    lake.day(WEEK, [row(0)])
    lake.day(NEXT, [row(1)])
    review(lake, WEEK)
    export = lake.export(SFT_EXPORT, "model")
    assert written(export) == set()
    assert export.facts["left_out"] == {"open_review": 1}
    assert Path(export.folder, "reserved.jsonl").read_text() == (
        '{"id":"inc-0","group":"inc-0","why":"open_review: model"}\n'
    )
    assert written(lake.export(SFT_EXPORT, "model", week=NEXT)) == {"inc-1"}
    assert written(lake.export(SFT_EXPORT, "another")) == {"inc-0"}
    report(lake, WEEK, "INCONCLUSIVE")
    assert written(lake.export(SFT_EXPORT, "model")) == {"inc-0"}


def test_a_forward_review_is_closed_by_a_decision_or_its_last_look(lake: Lake) -> None:
    """A report on an earlier version of the candidate decides nothing."""
    review(lake, NEXT, "2026-10-05")

    def is_open() -> bool:
        return bool(open_reviews(lake.lineage(), ["model"]))

    assert is_open()
    report(lake, NEXT, "INCONCLUSIVE")
    assert is_open()
    report(lake, NEXT, "PROMOTE", version="v0")
    assert is_open()
    report(lake, "2026-10-05", "INCONCLUSIVE", version="v0")
    assert is_open()
    report(lake, "2026-10-05", "INCONCLUSIVE", who="another")
    assert not is_open()
    report(lake, "2026-10-05", "INCONCLUSIVE")
    assert not is_open()
    review(lake, NEXT, "2026-10-12")
    assert is_open()
    report(lake, NEXT, "REJECT")
    assert not is_open()


def test_copies_of_incidents_of_reserved_groups_are_refused_whatever_day_they_are_of(
    lake: Lake,
) -> None:
    """The reserved ones are listed with every export, and the copies with what they are like."""
    chance = random.Random(1)
    lake.day(NEXT, [row(0)], grades=RESERVED)
    copies = [
        row(0, kind, evidence_summary=change(incident(0)[0], chance))
        for kind, change in CHANGES.items()
    ]
    lake.day(WEEK, [*copies, row(1)])
    export = lake.export(SFT_EXPORT)
    assert written(export) == {"inc-1"}
    lines = Path(export.folder, "reserved.jsonl").read_text().splitlines()
    assert len(lines) == 1 + len(copies)
    assert '{"id":"ids","group":"ids","why":"near_duplicate_of_reserved: inc-0"}' in lines


def test_rows_are_compared_with_those_of_earlier_weeks(lake: Lake) -> None:
    """And with those only: the same week again gives the same files."""
    lake.day(WEEK, [row(seed) for seed in range(6)])
    other = CHANGES["edits 3 %"](incident(2)[0], random.Random(2))
    lake.day(NEXT, [row(2, "copy", evidence_summary=other), row(7)])
    first = lake.export(SFT_EXPORT)
    second = lake.export(SFT_EXPORT, week=NEXT)
    assert written(second) == {"inc-7"}
    assert manifest_in(second).dropped["near_duplicate_of_earlier_export"] == 1
    assert manifest_in(second).parent_manifests == tuple(
        path.name for path in Path(first.folder).glob("manifest.*.json")
    )
    for asset in (PREFERENCE_EXPORT, SFT_EXPORT):
        for week in (WEEK, NEXT):
            again = [lake.export(asset, week=week) for _ in range(2)]
            assert again[0].digest == again[1].digest
    assert lake.export(SFT_EXPORT).digest == first.digest
    assert lake.export(SFT_EXPORT, week=NEXT).digest == second.digest
    folders = [lake.store.folder_of(SFT_EXPORT.at(week)) for week in (WEEK, NEXT)]
    before, alongside = exports_before(NEXT, folders)
    assert [one.folder for one in (*before, *alongside)] == folders
    assert len(earlier_rows(before, alongside).rows) == 6


@pytest.mark.parametrize(
    ("begins", "gone"), [("signatures.", False), ("manifest.", True)], ids=["changed", "gone"]
)
def test_a_damaged_file_of_an_earlier_week_is_named_with_the_way_out(
    lake: Lake, begins: str, gone: bool
) -> None:
    """Rows would be compared with others than those that were exported; the way out works."""
    lake.day(WEEK, [row(2)])
    lake.day(NEXT, [row(2, "copy"), row(7)])
    folder = Path(lake.export(SFT_EXPORT).folder)
    (damaged,) = folder.glob(f"{begins}*.*")
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1])
    if gone:
        damaged.unlink()
    for week in (WEEK, NEXT):
        with pytest.raises(DamagedFileError) as caught:
            lake.export(SFT_EXPORT, week=week)
        assert str(damaged) in str(caught.value)
        assert "in a lake also manifest.json next to it, and export those days" in str(caught.value)
    (folder / "manifest.json").unlink()
    lake.export(SFT_EXPORT)
    assert damaged.read_bytes() == content
    assert written(lake.export(SFT_EXPORT, week=NEXT)) == {"inc-7"}


def test_an_export_of_another_method_is_made_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message asks for it: of the week's present export, only the sides are read."""
    lake.day(WEEK, [row(2)])
    lake.day(NEXT, [row(7)])
    lake.export(SFT_EXPORT)
    monkeypatch.setattr(earlier, "METHOD", "another")
    with pytest.raises(ContractError, match="this release compares another"):
        lake.export(SFT_EXPORT, week=NEXT)
    lake.export(SFT_EXPORT)
    assert written(lake.export(SFT_EXPORT, week=NEXT)) == {"inc-7"}


def test_what_validated_in_the_morning_does_not_train_in_the_evening(lake: Lake) -> None:
    """A week's export is made again with each day: the days that come may join clusters."""
    lake.day(WEEK, [row(seed) for seed in range(8)])
    export = lake.export(SFT_EXPORT)
    before = {one.incident_id: one.split for one in written_rows(export)}
    assert set(before.values()) == {"train", "validation"}
    lake.day("2026-09-22", [row(seed) for seed in range(8, 40)])
    export = lake.export(SFT_EXPORT)
    after = {one.incident_id: one.split for one in written_rows(export)}
    assert {name: after[name] for name in before} == before


def test_the_files_of_a_sound_export_prove_that_nothing_overlaps(lake: Lake) -> None:
    """Every flavour that separates question and instruction is read."""
    lake.day(WEEK, [row(seed) for seed in range(12)])
    lake.day(NEXT, [row(50)], grades=RESERVED)
    export = lake.export(SFT_EXPORT)
    rows = list(written_rows(export))
    assert all(one.question for one in rows)
    reserved = reserved_in(lake)
    assert list(overlaps(rows, NO_EARLIER_ROWS, reserved)) == []
    assert list(overlaps(rows, earlier_in(lake), NOTHING_RESERVED)) == []


def test_each_kind_of_overlap_is_found(lake: Lake) -> None:
    """By incident, by group, by what is asked; within the export, with earlier ones, reserved."""
    lake.day(WEEK, [row(seed) for seed in range(6)])
    lake.export(SFT_EXPORT)
    earlier = earlier_in(lake)
    lake.day(NEXT, [row(50)], grades=RESERVED)
    reserved = reserved_in(lake)
    one, other, third = (incident(seed)[0] for seed in (20, 22, 24))

    def found(*rows: tuple[str, str, str]) -> list[str]:
        made = [
            WrittenRow(f"row of {name}", split, name, group, text)  # type: ignore[arg-type]
            for split, (name, group, text) in zip(("train", "validation"), rows, strict=False)
        ]
        return list(overlaps(made, earlier, reserved))

    assert found(("a", "g-a", one), ("b", "g-b", other)) == []
    assert found(("a", "g", one), ("b", "g", other)) == [
        "row of a: its incident or scenario group also has a validation row"
    ]
    copy = CHANGES["edits 3 %"](one, random.Random(1))
    assert found(("a", "g-a", one), ("b", "g-b", copy)) == [
        "row of a: asks the same as a validation row of b"
    ]
    (said,) = found(("inc-50", "g-a", one))
    assert "reserved_for_evaluation" in said
    assert found(("a", "g-a", incident(50)[0])) == ["row of a: near_duplicate_of_reserved inc-50"]
    validating = next(n for n, split in enumerate(earlier.splits) if split == "validation")
    name = earlier.rows.sources[validating].incident_id
    assert len(found((name, name, third))) == 1
    assert len(found(("a", "g-a", incident(int(name.removeprefix("inc-")))[0]))) == 1


def test_the_manifest_names_what_a_model_has_seen(lake: Lake) -> None:
    """A candidate that names it is not tested on a duplicate of what it learned."""
    lake.day(WEEK, [row(0), row(0, "copy"), row(1)])
    export = lake.export(SFT_EXPORT)
    manifest: TrainingManifest = manifest_in(export)
    assert manifest.dropped["exact_duplicate"] == 1
    assert len(rows_in(export, "sft.chat")) == 2
    assert all(manifest.covers(one, "") for one in ("inc-0", "copy", "inc-1"))
    assert not manifest.covers("inc-2", "")


def test_evidence_times_decide_between_duplicates(lake: Lake) -> None:
    """The newest of equal rows stays."""
    late = datetime(2026, 9, 21, 9, tzinfo=UTC)
    lake.day(WEEK, [row(0, "late", collected_at=late), row(0, "early")])
    assert written(lake.export(SFT_EXPORT)) == {"late"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_nothing_ever_overlaps_as_copies_and_groups_join_clusters(seed: int) -> None:
    """Six weeks of incidents of 40 groups; four of ten are changed copies of earlier ones."""
    chance, earlier, known = random.Random(seed), NO_EARLIER_ROWS, list[Row]()
    reserved = reserved_of(seed * 10_000 + 2, seed * 10_000 + 105, with_answers=seed % 2 == 0)
    for week in range(6):
        rows = []
        for number in range(30):
            text, answer = incident(seed * 10_000 + week * 100 + number)
            if known and chance.random() < 0.4:
                copied = chance.choice(known)
                text = CHANGES[chance.choice(list(CHANGES))](copied.question[0], chance)
                answer = chance.choice((answer, copied.answer))
            name, group = f"week {week}, {number}", f"group-{chance.randrange(40)}"
            rows.append(row_of(text, answer, name, group))
        known += rows
        found = select(fingerprints_of(rows), earlier, reserved, HALF)
        made = [
            WrittenRow(one.incident_id, split, one.incident_id, one.scenario_group, *one.question)
            for one, split in zip(rows, found.splits, strict=True)
            if split is not None
        ]
        assert list(overlaps(made, earlier, reserved)) == []
        assert len(made) >= 5
        earlier = together(earlier, as_earlier(found))
