"""Checks the files of an export: nothing in training may also validate or be reserved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from replay_assets.contracts.training_manifest import Split, TrainingManifest
from replay_assets.finetune.duplicates.fingerprints import Fingerprints, fingerprints_of_incidents
from replay_assets.finetune.reserved import NEAR, Reserved
from replay_assets.finetune.selection import OTHER_SPLIT
from replay_assets.finetune.split import EarlierRows, alike_across
from replay_assets.finetune.week import manifest_name
from replay_assets.lake import Published

ASKING_ROLES = ("user", "human", "tool", "observation")


class WrittenRow(NamedTuple):
    """A row as a file and its lineage have it; `question` is empty if it can't be separated."""

    place: str
    split: Split
    incident_id: str
    scenario_group: str
    question: str


def written_rows(export: Published) -> Iterator[WrittenRow]:
    """Yield the rows of all files of an export."""
    for one in TrainingManifest.read(export.document(manifest_name(export))).files:
        lines = zip(export.records(one.file), export.records(one.lineage_file), strict=True)
        for number, (record, lineage) in enumerate(lines):
            incident = lineage["incident_id"]
            yield WrittenRow(
                f"{one.file}, row {number}, incident {incident}",
                one.split,
                incident,
                lineage["scenario_group"] or incident,
                question_in(record),
            )


def question_in(record: Mapping[str, Any]) -> str:
    """Return what a row asks, without instructions; empty if its flavour has both in one text."""
    if "instruction" in record:
        return str(record["input"] or record["instruction"])
    turns = record.get("messages") or record.get("conversations") or record.get("prompt")
    if isinstance(record.get("input"), dict):
        turns = record["input"]["messages"]
    if not isinstance(turns, list):
        return ""
    return "\n".join(
        one.get("content") or one.get("value") or ""
        for one in turns
        if (one.get("role") or one.get("from")) in ASKING_ROLES
    )


def overlaps(rows: Iterable[WrittenRow], earlier: EarlierRows, reserved: Reserved) -> Iterator[str]:
    """Yield what overlaps, one sentence for each row; nothing if the export is sound.

    Args:
        rows: the rows of an export.
        earlier: the rows of earlier exports.
        reserved: the reserved incidents.
    """
    found = list(rows)
    asking = fingerprints_of_incidents(
        (one.incident_id, one.scenario_group, one.question, "") for one in found
    )
    yield from _reserved(found, asking, reserved)
    places = {
        split: [place for place, one in enumerate(found) if one.split == split]
        for split in OTHER_SPLIT
    }
    now = {split: [found[place] for place in places[split]] for split in OTHER_SPLIT}
    asked = {split: asking.take(places[split]) for split in OTHER_SPLIT}
    for split, other in OTHER_SPLIT.items():
        past = earlier.rows.take([row for row, side in enumerate(earlier.splits) if side == other])
        yield from _related(now[split], past, f"an earlier {other}")
        yield from _alike(now[split], asked[split], past, f"an earlier {other}")
    yield from _related(now["train"], asked["validation"], "a validation")
    yield from _alike(now["train"], asked["train"], asked["validation"], "a validation")


def _reserved(
    rows: Sequence[WrittenRow], asking: Fingerprints, reserved: Reserved
) -> Iterator[str]:
    for one in rows:
        if (why := reserved.of(one.incident_id, one.scenario_group)) is not None:
            yield f"{one.place}: the incident is reserved ({why.why})"
    for row, other in alike_across(asking, reserved.rows):
        yield f"{rows[row].place}: {NEAR} {reserved.rows.sources[other].incident_id}"


def _related(rows: Sequence[WrittenRow], others: Fingerprints, of: str) -> Iterator[str]:
    incidents = {one.incident_id for one in others.sources}
    groups = {one.scenario_group or one.incident_id for one in others.sources}
    for one in rows:
        if one.incident_id in incidents or one.scenario_group in groups:
            yield f"{one.place}: its incident or scenario group also has {of} row"


def _alike(
    rows: Sequence[WrittenRow], asking: Fingerprints, others: Fingerprints, of: str
) -> Iterator[str]:
    for row, other in alike_across(asking, others):
        yield f"{rows[row].place}: asks the same as {of} row of {others.sources[other].incident_id}"
