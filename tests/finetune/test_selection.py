"""Refusals, clusters, splits and the cap: the decision on every row of an export."""

import dataclasses
import random
from collections import Counter

import pytest

from replay_assets.finetune.duplicates.fingerprints import (
    combined,
    fingerprints_of,
    fingerprints_of_incidents,
)
from replay_assets.finetune.reserved import (
    RESERVED_GROUP,
    Reserved,
    ReservedIncident,
    reserved_file,
)
from replay_assets.finetune.rows import Row
from replay_assets.finetune.selection import (
    BOTH_SIDES,
    TOO_MANY,
    Selection,
    SelectionSettings,
    select,
)
from replay_assets.finetune.split import NO_EARLIER_ROWS, EarlierRows
from tests.finetune.duplicates.planted import CHANGES, copies, incident, row_of

HALF = SelectionSettings(validation_share=0.5)


def row(seed: int, group: str = "", name: str = "") -> Row:
    """Return the row of a generated incident."""
    return row_of(*incident(seed), name or f"inc-{seed}", group)


def chosen(rows: list[Row], *others: object) -> dict[str, str | None]:
    """Return the split of each incident, or why it is dropped."""
    found = select(fingerprints_of(rows), *others)  # type: ignore[arg-type]
    decided = zip(rows, found.splits, found.reasons, strict=True)
    return {one.incident_id: split or reason for one, split, reason in decided}


def as_earlier(found: Selection) -> EarlierRows:
    """Return an export as the next one sees it."""
    splits = tuple(split for row in found.kept if (split := found.splits[row]) is not None)
    clusters = tuple(found.clusters[row] for row in found.kept)
    return EarlierRows(found.rows.take(found.kept), clusters, splits)


def sides_only(found: Selection) -> EarlierRows:
    """Return an export as a later one of the same week sees it."""
    groups = {found.rows.sources[row].scenario_group: found.splits[row] for row in found.kept}
    sides = {name: frozenset({split}) for name, split in groups.items() if split is not None}
    return dataclasses.replace(NO_EARLIER_ROWS, sides=sides)


def together(*exports: EarlierRows) -> EarlierRows:
    """Return several exports as the next one sees them."""
    return EarlierRows(
        combined(one.rows for one in exports),
        tuple(name for one in exports for name in one.clusters),
        tuple(split for one in exports for split in one.splits),
    )


def test_a_group_and_its_near_duplicates_are_on_one_side() -> None:
    """Half of the clusters validate, and no group and no copy is on both sides."""
    rows = [row(seed, f"group-{seed // 4}") for seed in range(120)]
    rows += [one for _, one in copies(20, 120, "logs 50 %")]
    found = select(fingerprints_of(rows), NO_EARLIER_ROWS, settings=HALF)
    sides: dict[str, set[str]] = {}
    for one, split in zip(rows, found.splits, strict=True):
        if split is not None:
            sides.setdefault(one.scenario_group, set()).add(split)
    assert all(len(split) == 1 for split in sides.values())
    assert 0.3 < Counter(found.splits)["validation"] / len(found.kept) < 0.7


def test_a_cluster_keeps_its_side_as_data_grows() -> None:
    """Nine weeks, in which groups come back and rows join groups: no row of a group moves."""
    chance = random.Random(3)
    earlier = NO_EARLIER_ROWS
    side_of: dict[str, set[str]] = {}
    for week in range(9):
        seeds = range(week * 40, week * 40 + 40)
        rows = [row(seed, f"group-{chance.randrange(60)}") for seed in seeds]
        found = select(fingerprints_of(rows), earlier, settings=HALF)
        for one, split in zip(rows, found.splits, strict=True):
            if split is not None:
                side_of.setdefault(one.scenario_group, set()).add(split)
        earlier = together(earlier, as_earlier(found))
    assert len(side_of) == 60
    assert all(len(sides) == 1 for sides in side_of.values())


def test_a_row_between_both_sides_is_in_neither() -> None:
    """It is a near-duplicate of one that validates, and of the group of one that trains."""
    rows = [row(seed, f"group-{seed}") for seed in range(20)]
    found = select(fingerprints_of(rows), NO_EARLIER_ROWS, settings=HALF)
    sides = dict(zip((one.incident_id for one in rows), found.splits, strict=True))
    train = next(one for one in rows if sides[one.incident_id] == "train")
    validation = next(one for one in rows if sides[one.incident_id] == "validation")
    question = validation.prompt[1].content
    between = row_of(question, incident(99)[1], "between", train.scenario_group)
    of_its_group = row(98, train.scenario_group, "of the group that trains")
    like_it = row_of(question, incident(97)[1], "like the one that validates")
    later = chosen([between, of_its_group, like_it], as_earlier(found))
    assert later["between"] == BOTH_SIDES
    assert later["like the one that validates"] == "validation"
    # It touches rows that train, and a chain of new rows leads to one that validates.
    assert later["of the group that trains"] == BOTH_SIDES
    assert chosen([of_its_group], as_earlier(found)) == {"of the group that trains": "train"}


def test_an_export_of_a_few_clusters_still_validates() -> None:
    """One of ten clusters validates: without a rule, an export of ten has no such row in three."""
    rows = [row(seed) for seed in range(12)]
    nothing = SelectionSettings(validation_share=1e-9)
    found = select(fingerprints_of(rows), settings=nothing)
    assert Counter(found.splits) == {"train": 11, "validation": 1}
    chosen = found.clusters[found.splits.index("validation")]
    assert found.facts()["chosen_to_validate"] == [chosen]
    assert (
        select(fingerprints_of(rows), sides_only(found), settings=nothing).facts() == found.facts()
    )
    assert set(select(fingerprints_of(rows[:4]), settings=nothing).splits) == {"train"}
    off = SelectionSettings(validation_share=0)
    assert set(select(fingerprints_of(rows), settings=off).splits) == {"train"}


def reserved_of(*seeds: int, with_answers: bool) -> Reserved:
    """Return some incidents as reserved."""
    incidents = {
        f"reserved-{seed}": ReservedIncident(f"reserved-{seed}", f"g-{seed}", RESERVED_GROUP)
        for seed in seeds
    }
    if with_answers:
        rows = fingerprints_of(row(seed, f"g-{seed}", f"reserved-{seed}") for seed in seeds)
    else:
        rows = fingerprints_of_incidents(
            (f"reserved-{seed}", f"g-{seed}", incident(seed)[0], "") for seed in seeds
        )
    return Reserved(incidents, rows)


@pytest.mark.parametrize("with_answers", [True, False])
def test_copies_of_reserved_incidents_are_refused(with_answers: bool) -> None:
    """At least 99 of 100 over all kinds, and no incident that only has the same form."""
    reserved = reserved_of(*range(60), with_answers=with_answers)
    planted = [one for kind in CHANGES for _, one in copies(15, 60, kind)]
    of_the_group = [row(seed, f"g-{seed % 60}") for seed in range(500, 520)]
    others = [row(seed) for seed in range(1000, 1060)]
    rows = [*planted, *of_the_group, *others]
    found = select(fingerprints_of(rows), NO_EARLIER_ROWS, reserved)
    refused = {one.id for one in found.refused}
    assert sum(one.incident_id in refused for one in planted) >= 0.99 * len(planted)
    assert all(one.incident_id in refused for one in of_the_group)
    assert not any(one.incident_id in refused for one in others)


def test_every_row_of_a_refused_incident_is_refused_and_said_why() -> None:
    """Its other rows ask something else, but teach the same."""
    reserved = reserved_of(1, with_answers=True)
    copy = row(1, name="copy")
    other = row_of("What now?", "Restart it.", "copy")
    same_group = row(3, "g-1")
    found = select(fingerprints_of([copy, other, same_group, row(2)]), NO_EARLIER_ROWS, reserved)
    assert found.dropped == {"near_duplicate_of_reserved": 2, "scenario_group_of_reserved": 1}
    assert reserved_file(found.refused).decode().splitlines() == [
        '{"id":"copy","group":"copy","why":"near_duplicate_of_reserved: reserved-1"}',
        '{"id":"inc-3","group":"g-1","why":"scenario_group_of_reserved: reserved-1"}',
    ]


def test_one_answer_is_written_a_few_times_per_cluster() -> None:
    """Thirty answers in 860 rows would be learned by heart."""
    rows = [
        row_of(incident(seed)[0], f"Restart it (trace {seed:08x}).", f"inc-{seed}", f"g-{seed % 2}")
        for seed in range(40)
    ]
    rows += [row(seed, "g-0") for seed in range(100, 112)]
    settings = SelectionSettings(same_answer_cap=5)
    found = select(fingerprints_of(rows), NO_EARLIER_ROWS, settings=settings)
    assert found.dropped == {TOO_MANY: 30}
    assert len(found.kept) == 22
    no_cap = select(fingerprints_of(rows), settings=SelectionSettings(same_answer_cap=None))
    assert no_cap.dropped == {}


def test_the_decision_does_not_depend_on_the_order_of_rows() -> None:
    """The same rows give the same files."""
    rows = [row(seed, f"group-{seed // 3}") for seed in range(30)]
    rows += [one for kind in CHANGES for _, one in copies(3, 30, kind)]
    reserved = reserved_of(2, with_answers=True)
    expected = chosen(rows, NO_EARLIER_ROWS, reserved)
    facts = select(fingerprints_of(rows), NO_EARLIER_ROWS, reserved).facts()
    random.Random(4).shuffle(rows)
    assert chosen(rows, NO_EARLIER_ROWS, reserved) == expected
    found = select(fingerprints_of(rows), NO_EARLIER_ROWS, reserved)
    assert found.facts() == facts


def test_a_cluster_names_the_incidents_of_its_duplicates_too() -> None:
    """A model that learned the survivor has seen them: a review leaves them out."""
    rows = [row(0), row(1), row(0, name="copy")]
    found = select(fingerprints_of(rows))
    assert sorted(found.incidents_by_cluster.values()) == [("copy", "inc-0"), ("inc-1",)]
    assert found.dropped == {"exact_duplicate": 1}
