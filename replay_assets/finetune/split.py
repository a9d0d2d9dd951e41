"""Clusters of related rows, and whether a cluster trains or validates: never both.

A cluster holds the rows of one incident, of its scenario group, and of incidents that look alike.
It keeps its side in all later exports.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from replay_assets.contracts.training_manifest import Split
from replay_assets.finetune.duplicates.fingerprints import (
    NO_FINGERPRINTS,
    NO_TEXT,
    Fingerprints,
    combined,
)
from replay_assets.finetune.duplicates.similar import pairs_across, similar_pairs
from replay_assets.finetune.duplicates.survivors import SIMILAR, Compared

SALT = "validation-v1"
"""Begins what is hashed: with another salt, other clusters validate."""
FEWEST_CLUSTERS = 5
"""From this number of clusters on, an export without validation rows gets one cluster of them."""


@dataclass(frozen=True)
class EarlierRows:
    """The rows of earlier exports: what they look like, their clusters and their sides.

    Attributes:
        rows: what they look like.
        clusters: the name of each row's cluster.
        splits: each row's side.
        sides: sides of scenario groups in exports whose rows are not compared one by one, such as
            an earlier one of the same week: what validated there must not train now.
    """

    rows: Fingerprints
    clusters: tuple[str, ...]
    splits: tuple[Split, ...]
    sides: Mapping[str, frozenset[Split]] = field(default_factory=dict)


NO_EARLIER_ROWS = EarlierRows(NO_FINGERPRINTS, (), ())


@dataclass(frozen=True)
class Clusters:
    """The cluster of each row.

    Attributes:
        names: the name of each row's cluster.
        earlier: the sides that each cluster's rows had in earlier exports.
        touching: the sides of the earlier rows that a row is directly related to.
    """

    names: tuple[str, ...]
    earlier: Mapping[str, frozenset[Split]]
    touching: tuple[frozenset[Split], ...]


class _Union:
    """Sets of things by name that grow together."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def root(self, name: str) -> str:
        above = self._above.setdefault(name, name)
        while above != self._above[above]:
            above = self._above[above] = self._above[self._above[above]]
        self._above[name] = above
        return above

    def join(self, one: str, other: str) -> None:
        # The least name wins, so that the order in which they are joined does not matter.
        least, most = sorted((self.root(one), self.root(other)))
        self._above[most] = least


def clusters_of(rows: Fingerprints, compared: Compared, earlier: EarlierRows) -> Clusters:
    """Return the cluster of every row, duplicates too: they belong to that of their survivor."""
    touching = _related_earlier(rows, compared, earlier)
    union = _Union()
    for number, source in enumerate(rows.sources):
        union.join(_row(number), _group(source.scenario_group or source.incident_id))
        union.join(_row(number), _incident(source.incident_id))
    first = len(earlier.rows)
    for one, other in _alike(rows, compared, earlier):
        if one >= first:
            union.join(_row(one - first), _row(other - first))
        else:
            touching[other - first].add(one)
    for number, related in enumerate(touching):
        for one in related:
            union.join(_row(number), _group(earlier.clusters[one]))
    names = tuple(union.root(_row(number)) for number in range(len(rows)))
    sides: dict[str, set[Split]] = {}
    for name, side in zip(earlier.clusters, earlier.splits, strict=True):
        sides.setdefault(union.root(_group(name)), set()).add(side)
    for name, found in earlier.sides.items():
        sides.setdefault(union.root(_group(name)), set()).update(found)
    return Clusters(
        tuple(name.removeprefix(_GROUP) for name in names),
        {name.removeprefix(_GROUP): frozenset(found) for name, found in sides.items()},
        tuple(frozenset(earlier.splits[one] for one in related) for related in touching),
    )


def sides_of(clusters: Clusters, kept: Iterable[int], share: float) -> dict[str, Split]:
    """Return the side of each cluster with kept rows.

    A cluster that has validated, in part or entirely, validates; one that has trained trains. A new
    one is decided by a hash of its name. If no row would validate, the new cluster whose hash is
    the least does, unless there are only a few clusters.
    """
    names = sorted({clusters.names[row] for row in kept})
    sides = {name: _side(name, clusters.earlier.get(name, frozenset()), share) for name in names}
    new = [name for name in names if name not in clusters.earlier]
    if "validation" in sides.values() or len(names) < FEWEST_CLUSTERS or not new or not share:
        return sides
    return {**sides, min(new, key=place_of): "validation"}


def alike_across(rows: Fingerprints, others: Fingerprints) -> Iterator[tuple[int, int]]:
    """Yield rows that ask nearly the same as another one, with one such; all pairs are compared."""
    asked = with_question(others)
    known = {others.masked_questions[other]: other for other in reversed(asked)}
    waiting = []
    for row in with_question(rows):
        if rows.masked_questions[row] in known:
            yield row, known[rows.masked_questions[row]]
        else:
            waiting.append(row)
    one, other = rows.questions[waiting], others.questions[asked]
    for found, of, _ in pairs_across(one, other, SIMILAR):
        firsts = dict(zip(found[::-1].tolist(), of[::-1].tolist(), strict=True))
        yield from ((waiting[a], asked[b]) for a, b in sorted(firsts.items()))


def with_question(rows: Fingerprints) -> list[int]:
    """Return the rows that ask something."""
    return [row for row, text in enumerate(rows.masked_questions) if text != NO_TEXT]


def _related_earlier(
    rows: Fingerprints, compared: Compared, earlier: EarlierRows
) -> list[set[int]]:
    """Return for each row the earlier rows of its incident and group, and with similar texts."""
    numbers: dict[str, set[int]] = {}
    for number, source in enumerate(earlier.rows.sources):
        for name in (_incident(source.incident_id), _group(source.scenario_group)):
            numbers.setdefault(name, set()).add(number)
    found = [
        numbers.get(_incident(source.incident_id), set())
        | (numbers.get(_group(source.scenario_group), set()) if source.scenario_group else set())
        for source in rows.sources
    ]
    for one, other in compared.alike_earlier:
        found[other].add(one)
    return found


def _alike(
    rows: Fingerprints, compared: Compared, earlier: EarlierRows
) -> Iterator[tuple[int, int]]:
    """Yield pairs of related rows, numbered from the first earlier one; the second is new."""
    first = len(earlier.rows)
    duplicates = ((row, one.of_row) for row, one in compared.duplicates.items())
    for one, other in (*duplicates, *compared.alike):
        if other is not None:
            yield one + first, other + first
    # In the order of priority: which question represents equal ones must not depend on the input.
    order = rows.by_priority()
    places = [*range(first), *(row + first for row in order)]
    for one, other in _asking_alike(combined([earlier.rows, rows.take(order)]), first):
        yield places[one], places[other]


def _asking_alike(rows: Fingerprints, first: int) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows with similar questions, of which the second is a new one."""
    # Many rows ask one question: it is compared once.
    asked: dict[bytes, list[int]] = {}
    for number, question in enumerate(rows.masked_questions):
        if question != NO_TEXT:
            asked.setdefault(question, []).append(number)
    for equal in asked.values():
        yield from ((equal[0], other) for other in equal[1:] if other >= first)
    distinct = sorted(equal[0] for equal in asked.values())
    earlier = sum(number < first for number in distinct)
    questions = similar_pairs(rows.questions[distinct], SIMILAR, earlier)
    for one, other in zip(*questions, strict=True):
        yield distinct[one], distinct[other]


def _side(name: str, earlier: frozenset[Split], share: float) -> Split:
    if earlier:
        return "validation" if "validation" in earlier else "train"
    return "validation" if place_of(name) < share else "train"


def place_of(name: str) -> float:
    """Return where a cluster is between 0 and 1, the same in every export."""
    digest = hashlib.sha256(f"{SALT}:{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


_GROUP, _INCIDENT, _ROW = "0 ", "1 ", "2 "
"""Beginnings of the names of sets, ordered so that a cluster gets the name of its scenario group,
if it has one, because the least name wins."""


def _group(name: str) -> str:
    return _GROUP + name


def _incident(name: str) -> str:
    return _INCIDENT + name


def _row(number: int) -> str:
    return f"{_ROW}{number}"
