"""Which rows are duplicates of others, and of which; the rest survive."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from replay_assets.finetune.duplicates.fingerprints import NO_TEXT, Fingerprints, combined
from replay_assets.finetune.duplicates.similar import (
    Numbers,
    Shares,
    similar_pairs,
    similarities,
)

Stage = Literal["exact_duplicate", "same_except_ids", "near_duplicate"]
SIMILAR = 0.5
"""Near-duplicates share this much of the 5-grams of their texts, or of those of their answers, …"""
AGREEING_TEXT = 0.45
"""… at least this much of those of their texts, in any case, …"""
AGREEING_PART = 0.35
"""… and this much of those of their questions, and of their answers. Incidents of one system look
alike, and one answer fits many incidents. On real incidents this leaves the 18 pairs of different
faults that share half of their texts, and finds 98 % of copies with 5 % of edits, instead of 92."""


@dataclass(frozen=True)
class Duplicate:
    """Why a row is a duplicate, and of which: a row of an earlier export, or of this one."""

    stage: Stage
    of_row_id: str
    of_row: int | None

    @property
    def reason(self) -> str:
        """The reason by which the manifest counts it."""
        return self.stage if self.of_row is not None else f"{self.stage}_of_earlier_export"


@dataclass(frozen=True)
class Compared:
    """What a comparison of all rows found.

    Attributes:
        duplicates: the rows that are duplicates, each with the row that survives it.
        alike: pairs of rows with similar texts and questions, also of other kinds and incidents.
        alike_earlier: pairs of a row of an earlier export and a new row.
    """

    duplicates: dict[int, Duplicate]
    alike: list[tuple[int, int]]
    alike_earlier: list[tuple[int, int]]


def compare(rows: Fingerprints, earlier: Fingerprints) -> Compared:
    """Return the duplicates among rows, and of rows of earlier exports, and similar rows.

    A row of an earlier export survives all others; then see `Fingerprints.by_priority`. Rows of
    different kinds are never duplicates: a right and a wrong answer to one question both teach.
    Nor are similar rows of one incident: its answers differ, the question is the same.
    """
    order = rows.by_priority()
    found = dict(_equal(rows, earlier, order))
    waiting = [row for row in order if row not in found and rows.exact[row] != NO_TEXT]
    both = combined([earlier, rows.take(waiting)])
    first = len(earlier)
    one, other = similar_pairs(both.texts, AGREEING_TEXT, first)
    texts = similarities(both.texts, one, both.texts, other)
    asking = similarities(both.questions, one, both.questions, other) >= AGREEING_PART
    near = asking & _teach_the_same(both, one, other, texts)
    dropped: set[int] = set()
    # By the higher row, so that it is known whether the lower row itself was dropped.
    for of, row in sorted(_pairs(one[near], other[near]), key=lambda pair: pair[::-1]):
        if row in dropped or of in dropped:
            continue
        dropped.add(row)
        of_row = waiting[of - first] if of >= first else None
        found[waiting[row - first]] = Duplicate("near_duplicate", both.sources[of].row_id, of_row)
    alike = asking & (texts >= SIMILAR)
    similar = _pairs(one[alike], other[alike])
    return Compared(
        duplicates=found,
        alike=[(waiting[a - first], waiting[b - first]) for a, b in similar if a >= first],
        alike_earlier=[(a, waiting[b - first]) for a, b in similar if a < first],
    )


def _equal(
    rows: Fingerprints, earlier: Fingerprints, order: list[int]
) -> Iterator[tuple[int, Duplicate]]:
    """Yield the rows whose digest is that of an earlier one or of a row before them."""
    seen: dict[tuple[Stage, str, bytes], tuple[str, int | None]] = {}
    for place in range(len(earlier)):
        for key in _keys(earlier, place):
            seen.setdefault(key, (earlier.sources[place].row_id, None))
    for row in order:
        keys = _keys(rows, row)
        if (equal := next((key for key in keys if key in seen), None)) is not None:
            yield row, Duplicate(equal[0], *seen[equal])
            continue
        seen.update((key, (rows.sources[row].row_id, row)) for key in keys)


def _keys(rows: Fingerprints, row: int) -> list[tuple[Stage, str, bytes]]:
    kind = rows.sources[row].kind
    if rows.exact[row] == NO_TEXT:
        return []
    return [
        ("exact_duplicate", kind, rows.exact[row]),
        ("same_except_ids", kind, rows.masked[row]),
    ]


def _teach_the_same(
    rows: Fingerprints, one: Numbers, other: Numbers, texts: Shares
) -> npt.NDArray[np.bool_]:
    """Return which pairs of rows, whose texts are similar, are near-duplicates."""
    kinds = _codes([source.kind for source in rows.sources])
    incidents = _codes([source.incident_id for source in rows.sources])
    answers = similarities(rows.answers, one, rows.answers, other)
    apart = (kinds[one] == kinds[other]) & (incidents[one] != incidents[other])
    found: npt.NDArray[np.bool_] = (
        apart & (answers >= AGREEING_PART) & (np.maximum(texts, answers) >= SIMILAR)
    )
    return found


def _pairs(one: Numbers, other: Numbers) -> list[tuple[int, int]]:
    return list(zip(one.tolist(), other.tolist(), strict=True))


def _codes(names: list[str]) -> Numbers:
    """Return a number for each name, equal for equal names."""
    numbers: dict[str, int] = {}
    found: npt.NDArray[np.int64] = np.fromiter(
        (numbers.setdefault(name, len(numbers)) for name in names), dtype=np.int64, count=len(names)
    )
    return found
