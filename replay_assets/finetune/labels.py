"""Several labels of one answer become one, or the answer is dropped."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from replay_assets.finetune.rows import LABEL_SOURCES, Kind, LabelSource, Row, row_id
from replay_assets.finetune.texts import key_of

RANK = {source: rank for rank, source in enumerate(LABEL_SOURCES)}


class Labelled(NamedTuple):
    """The part of a row that decides whether it stays, so that the texts need not be in memory.

    `answers` are the keys of the answers that the label is about, `number` is that of the row.
    """

    number: int
    kind: Kind
    source: LabelSource
    answers: frozenset[str]
    row_id: str


def labelled(number: int, row: Row, *also: str) -> Labelled:
    """Return what decides about a row.

    Args:
        number: the row's number.
        row: the row.
        also: further texts of the answer, if the row has it inside a longer one.
    """
    answers = frozenset(key_of(row.incident_id, text) for text in (row.answer, *also) if text)
    return Labelled(number, row.kind, row.label_source, answers, row_id(row))


def agreed(rows: Iterable[Labelled]) -> tuple[set[int], Counter[str]]:
    """Return the numbers of the rows that stay, and how many do not, by reason.

    Labels of one answer that disagree in sign drop all its rows. Where they agree, the rows of the
    strongest source stay: verified execution, then replay grade, explicit feedback, judge. A pair
    has no label of an answer: it stays.
    """
    every = list(rows)
    kinds: dict[str, set[Kind]] = defaultdict(set)
    strongest: dict[str, tuple[int, str]] = {}
    for one in every:
        for answer in one.answers if one.kind != "pair" else ():
            kinds[answer].add(one.kind)
            place = (RANK[one.source], one.row_id)
            strongest[answer] = min(strongest.get(answer, place), place)
    kept: set[int] = set()
    dropped: Counter[str] = Counter()
    seen: set[str] = set()
    for one in sorted(every, key=lambda row: (RANK[row.source], row.row_id, row.number)):
        if one.row_id in seen:
            dropped["same_row_twice"] += 1
        elif one.kind != "pair" and any(len(kinds[answer]) > 1 for answer in one.answers):
            dropped["labels_disagree"] += 1
        elif one.kind != "pair" and any(
            strongest[answer][0] < RANK[one.source] for answer in one.answers
        ):
            dropped["stronger_label_exists"] += 1
        else:
            kept.add(one.number)
            seen.add(one.row_id)
    return kept, dropped
