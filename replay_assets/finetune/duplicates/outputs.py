"""Limits how many rows of a cluster teach nearly the same answer."""

from collections import Counter
from collections.abc import Sequence

from replay_assets.finetune.duplicates.fingerprints import Fingerprints
from replay_assets.finetune.duplicates.similar import similar_pairs

NEARLY_IDENTICAL = 0.8
"""Answers that share this much of their 5-grams are nearly identical."""


def above_the_cap(
    rows: Fingerprints, kept: Sequence[int], clusters: Sequence[str], cap: int
) -> set[int]:
    """Return the rows to drop, so that of one answer at most `cap` rows remain per cluster."""
    sizes = Counter(clusters[row] for row in kept)
    wanted = {row for row in kept if sizes[clusters[row]] > cap}
    order = [row for row in rows.by_priority() if row in wanted]
    answers = _answers(rows.take(order))
    counts: Counter[tuple[str, str, int]] = Counter()
    dropped = set()
    for row, answer in zip(order, answers, strict=True):
        key = (rows.sources[row].kind, clusters[row], answer)
        counts[key] += 1
        if counts[key] > cap:
            dropped.add(row)
    return dropped


def _answers(rows: Fingerprints) -> list[int]:
    """Return a number for each row's answer: that of the first one that is nearly identical."""
    first_with: dict[bytes, int] = {}
    firsts = [first_with.setdefault(text, row) for row, text in enumerate(rows.masked_answers)]
    distinct = sorted(first_with.values())
    nearest = {row: row for row in distinct}
    one, other = similar_pairs(rows.answers[distinct], NEARLY_IDENTICAL, 0)
    for lower, higher in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        # Not through a chain: an answer joins the first one of a group, never another one.
        if (
            nearest[distinct[lower]] == distinct[lower]
            and nearest[distinct[higher]] == distinct[higher]
        ):
            nearest[distinct[higher]] = distinct[lower]
    return [nearest[first] for first in firsts]
