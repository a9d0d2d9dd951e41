"""Which rows are dropped as duplicates, and which one survives."""

import json
import random
from pathlib import Path

import msgspec
import pytest

from replay_assets.finetune.duplicates.fingerprints import (
    NO_FINGERPRINTS,
    Fingerprints,
    fingerprints_of,
)
from replay_assets.finetune.duplicates.survivors import compare
from replay_assets.finetune.rows import Row
from tests.finetune.duplicates.planted import CHANGES, copies, incident, of_one_template, row_of

COUNT, COPIES = 400, 25
ORIGINALS = [row_of(*incident(seed), f"original {seed}") for seed in range(COUNT)]


def dropped(rows: list[Row], earlier: Fingerprints = NO_FINGERPRINTS) -> dict[str, str]:
    """Return the reasons by incident."""
    found = compare(fingerprints_of(rows), earlier).duplicates
    return {rows[row].incident_id: duplicate.reason for row, duplicate in found.items()}


def test_nine_of_ten_near_duplicates_are_found_in_each_kind_and_nothing_else() -> None:
    """In English and Chinese; a false merge would lose an incident without a message."""
    planted = {kind: list(copies(COPIES, COUNT, kind)) for kind in CHANGES}
    rows = [*ORIGINALS, *(row for found in planted.values() for _, row in found)]
    original = {row.incident_id: seed for seed, row in enumerate(ORIGINALS)}
    original |= {row.incident_id: of for found in planted.values() for of, row in found}
    found = compare(fingerprints_of(rows), NO_FINGERPRINTS).duplicates
    pairs = {
        frozenset((rows[row].incident_id, rows[one.of_row].incident_id))
        for row, one in found.items()
        if one.of_row is not None
    }
    assert all(len({original[name] for name in pair}) == 1 for pair in pairs)
    kept = {row.incident_id for number, row in enumerate(rows) if number not in found}
    for kind, made in planted.items():
        pairs_left = [{row.incident_id, f"original {of}"} for of, row in made]
        recall = sum(not pair <= kept for pair in pairs_left) / COPIES
        assert recall >= 0.9, kind


def test_rows_of_one_template_with_other_facts_are_no_duplicates() -> None:
    """They share a third of their 5-grams, and the form of every sentence."""
    assert dropped([row_of(*of_one_template(seed), str(seed)) for seed in range(400)]) == {}


@pytest.mark.slow
def test_copies_of_real_incidents_are_found_and_different_faults_of_one_system_are_not(
    real_data: Path,
) -> None:
    """Incidents of one system share half of their telemetry: what was found out differs."""
    groups = of_field(real_data / "labels.jsonl", "scenario_group")
    said: dict[str, str] = {}
    for line in (real_data / "agent_sessions.jsonl").read_text(encoding="utf-8").splitlines():
        session = json.loads(line)
        found = session["output_json"]
        said[session["incident_id"]] = str(found.get("reasoning") or found.get("decision"))
    evidence = of_field(real_data / "incident_evidence.jsonl", "evidence_summary")
    rows = [row_of(evidence[one], said[one], one, groups[one]) for one in sorted(said)]
    alike = compare(fingerprints_of(rows), NO_FINGERPRINTS).duplicates
    for row, duplicate in alike.items():
        assert rows[row].scenario_group == rows[duplicate.of_row or 0].scenario_group
    earlier = fingerprints_of(rows)
    for kind in ("spelling", "ids", "edits 1 %", "edits 3 %", "edits 5 %"):
        chance = random.Random(kind)
        change = CHANGES[kind]
        changed = [
            row_of(change(evidence[one], chance), change(said[one], chance), f"copy of {one}")
            for one in sorted(said)
        ]
        assert len(dropped(changed, earlier)) >= 0.9 * len(changed), kind


def of_field(path: Path, field: str) -> dict[str, str]:
    """Return a field of a file of records by incident."""
    records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {record["incident_id"]: record[field] for record in records}


def test_the_survivor_does_not_depend_on_the_order_of_rows() -> None:
    """Best label source, then newest, then the least id."""
    evidence, answer = incident(0)
    rows = [
        row_of(evidence, answer, "verified, old", at="2026-09-01"),
        row_of(evidence, f"{answer} ", "verified, new", at="2026-09-02"),
        msgspec.structs.replace(
            row_of(evidence, answer, "graded", at="2026-09-03"), label_source="replay_grade"
        ),
        *(row for _, row in copies(10, 1, "edits 3 %")),
    ]
    chance = random.Random(1)
    for _ in range(5):
        chance.shuffle(rows)
        assert {row.incident_id for row in rows} - set(dropped(rows)) == {"verified, new"}


def test_a_wrong_answer_is_no_duplicate_of_a_right_one() -> None:
    """A trainer of preferences needs both; and one incident may have several answers."""
    evidence, answer = incident(1)
    right = row_of(evidence, answer, "inc-1")
    wrong = msgspec.structs.replace(right, kind="negative", incident_id="inc-2")
    other_answer = row_of(evidence, f"{answer} Then look at the logs again.", "inc-1")
    assert dropped([right, wrong, other_answer]) == {}


def test_an_empty_row_is_no_duplicate_of_another_empty_row() -> None:
    """Texts that are not there say nothing."""
    assert dropped([row_of("", "", "inc-1"), row_of(" \n", "", "inc-2")]) == {}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("spelling", "exact_duplicate_of_earlier_export"),
        ("ids", "same_except_ids_of_earlier_export"),
        ("edits 3 %", "near_duplicate_of_earlier_export"),
    ],
)
def test_rows_are_compared_with_earlier_exports(kind: str, reason: str) -> None:
    """The earlier row was trained on already, so it survives a better one."""
    earlier = fingerprints_of(ORIGINALS[:50])
    rows = [row for _, row in copies(5, 50, kind)]
    assert dropped([*rows, ORIGINALS[60]], earlier) == dict.fromkeys(
        (row.incident_id for row in rows), reason
    )
