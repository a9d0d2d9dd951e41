"""Which rows of an export are written, and into which split: decided before the first is written.

In this order: reserved incidents are refused, duplicates dropped, related rows put into clusters,
clusters into splits, and the rows above the limit of one answer dropped.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from replay_assets.contracts.training_manifest import Split
from replay_assets.finetune.duplicates.fingerprints import Fingerprints
from replay_assets.finetune.duplicates.minhash import METHOD
from replay_assets.finetune.duplicates.outputs import NEARLY_IDENTICAL, above_the_cap
from replay_assets.finetune.duplicates.survivors import (
    AGREEING_PART,
    AGREEING_TEXT,
    SIMILAR,
    compare,
)
from replay_assets.finetune.reserved import (
    NOTHING_RESERVED,
    Reserved,
    ReservedIncident,
    refused_rows,
)
from replay_assets.finetune.split import (
    NO_EARLIER_ROWS,
    SALT,
    EarlierRows,
    alike_across,
    clusters_of,
    place_of,
    sides_of,
)

BOTH_SIDES = "related_to_training_and_validation"
"""A row that is like rows of both sides: in either split it would leak into the other one."""
OTHER_SPLIT: dict[Split, Split] = {"train": "validation", "validation": "train"}
TOO_MANY = "same_answer_too_often"


@dataclass(frozen=True)
class SelectionSettings:
    """What a user can set.

    Attributes:
        validation_share: the share of clusters that validate.
        same_answer_cap: how many rows of one cluster may teach nearly the same answer; None if
            there is no limit.
    """

    validation_share: float = 0.1
    same_answer_cap: int | None = 10


@dataclass(frozen=True)
class Selection:
    """The decision on every row, in the order in which rows were read.

    Attributes:
        rows: what the rows look like.
        splits: the split of each row; None if it is dropped.
        reasons: why each row is dropped; None if it is not.
        clusters: the name of each row's cluster.
        refused: the incidents that are refused because they are reserved, or like one that is.
        chosen_to_validate: the clusters that validate whatever their hash says: because some rows
            must, or because a part of them validates in an earlier export.
        settings: the settings.
        earlier_rows: how many rows of earlier exports were compared.
    """

    rows: Fingerprints
    splits: tuple[Split | None, ...]
    reasons: tuple[str | None, ...]
    clusters: tuple[str, ...]
    refused: tuple[ReservedIncident, ...]
    chosen_to_validate: tuple[str, ...]
    settings: SelectionSettings
    earlier_rows: int

    @cached_property
    def kept(self) -> list[int]:
        """The rows that are written, in the order of their ids."""
        kept = (row for row, split in enumerate(self.splits) if split is not None)
        return sorted(kept, key=lambda row: self.rows.sources[row].row_id)

    @property
    def dropped(self) -> dict[str, int]:
        """How many rows are dropped, by reason."""
        return dict(sorted(Counter(reason for reason in self.reasons if reason).items()))

    @cached_property
    def incidents_by_cluster(self) -> dict[str, tuple[str, ...]]:
        """The incidents of each cluster that has a row in a file, with those of its duplicates."""
        written = {self.clusters[row] for row in self.kept}
        found: dict[str, set[str]] = {}
        for source, cluster in zip(self.rows.sources, self.clusters, strict=True):
            if cluster in written:
                found.setdefault(cluster, set()).add(source.incident_id)
        return {name: tuple(sorted(found[name])) for name in sorted(found)}

    def facts(self) -> dict[str, Any]:
        """Return what the manifest says of de-duplication and split."""
        return {
            "method": METHOD,
            "stages": ["exact_duplicate", "same_except_ids", "near_duplicate"],
            "similarity": SIMILAR,
            "agreeing_text": AGREEING_TEXT,
            "agreeing_question_and_answer": AGREEING_PART,
            "nearly_identical_answer": NEARLY_IDENTICAL,
            "same_answer_cap": self.settings.same_answer_cap,
            "clusters": len(self.incidents_by_cluster),
            "compared_with_earlier_rows": self.earlier_rows,
            "validation_share": self.settings.validation_share,
            "salt": SALT,
            "chosen_to_validate": list(self.chosen_to_validate),
        }


def select(
    rows: Fingerprints,
    earlier: EarlierRows = NO_EARLIER_ROWS,
    reserved: Reserved = NOTHING_RESERVED,
    settings: SelectionSettings | None = None,
) -> Selection:
    """Return which rows are written, and into which split; their order does not matter."""
    settings = settings or SelectionSettings()
    refused = refused_rows(rows, reserved)
    reasons: dict[int, str] = {row: one.why.partition(":")[0] for row, one in refused.items()}
    allowed = [row for row in range(len(rows)) if row not in reasons]
    chosen = _chosen(rows.take(allowed), earlier, settings)
    reasons |= {allowed[row]: reason for row, reason in chosen.reasons.items()}
    splits = {allowed[row]: split for row, split in chosen.splits.items()}
    names = {allowed[row]: name for row, name in enumerate(chosen.clusters)}
    return Selection(
        rows=rows,
        splits=tuple(splits.get(row) for row in range(len(rows))),
        reasons=tuple(reasons.get(row) for row in range(len(rows))),
        clusters=tuple(names.get(row, "") for row in range(len(rows))),
        refused=tuple(sorted(set(refused.values()))),
        chosen_to_validate=chosen.chosen_to_validate,
        settings=settings,
        earlier_rows=len(earlier.rows),
    )


def _leaking(rows: Fingerprints, splits: Mapping[int, Split], earlier: EarlierRows) -> set[int]:
    """Return rows that ask the same as one of the other split.

    Clusters are found without comparing all pairs; here all are, so that none is overlooked.
    """
    side = {name: [row for row, split in splits.items() if split == name] for name in OTHER_SPLIT}
    leaking: set[int] = set()
    for name, other in OTHER_SPLIT.items():
        past = [row for row, split in enumerate(earlier.splits) if split == other]
        found = alike_across(rows.take(side[name]), earlier.rows.take(past))
        leaking.update(side[name][row] for row, _ in found)
    train, validation = side["train"], [row for row in side["validation"] if row not in leaking]
    found = alike_across(rows.take(train), rows.take(validation))
    return leaking | {train[row] for row, _ in found}


@dataclass(frozen=True)
class _Chosen:
    """The decision on the rows that are not refused."""

    splits: Mapping[int, Split]
    reasons: Mapping[int, str]
    clusters: tuple[str, ...]
    chosen_to_validate: tuple[str, ...]


def _chosen(rows: Fingerprints, earlier: EarlierRows, settings: SelectionSettings) -> _Chosen:
    compared = compare(rows, earlier.rows)
    reasons = {row: one.reason for row, one in compared.duplicates.items()}
    clusters = clusters_of(rows, compared, earlier)
    kept = [row for row in range(len(rows)) if row not in reasons]
    share = settings.validation_share
    sides = sides_of(clusters, kept, share)
    chosen = tuple(
        name
        for name, side in sorted(sides.items())
        if side == "validation" and place_of(name) >= share
    )
    for row in kept:
        if sides[clusters.names[row]] == "validation" and "train" in clusters.touching[row]:
            reasons[row] = BOTH_SIDES
    kept = [row for row in kept if row not in reasons]
    if settings.same_answer_cap is not None:
        above = above_the_cap(rows, kept, clusters.names, settings.same_answer_cap)
        reasons |= dict.fromkeys(above, TOO_MANY)
    splits = {row: sides[clusters.names[row]] for row in kept if row not in reasons}
    for row in _leaking(rows, splits, earlier):
        reasons[row] = BOTH_SIDES
        del splits[row]
    return _Chosen(splits, reasons, clusters.names, chosen)
