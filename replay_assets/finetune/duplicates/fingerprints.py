"""What is kept of a row to find its duplicates: 2 kB, whatever the length of its texts."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np

from replay_assets.contracts.question import FIELDS_DEMAND
from replay_assets.finetune.duplicates.minhash import BINS, Signatures, bins_of, signatures_of
from replay_assets.finetune.duplicates.normalise import folded, joined, masked
from replay_assets.finetune.rows import LABEL_SOURCES, Row, row_id

BATCH = 256
Item = TypeVar("Item")
DIGEST_BYTES = 16
INCIDENT = "incident"
"""The kind of fingerprints that are of an incident's evidence, not of a row."""
NO_TEXT = b""
"""The digest of a question or an answer without text: it is never a duplicate."""


class RowOrigin(NamedTuple):
    """What a row is, without its texts."""

    row_id: str
    kind: str
    incident_id: str
    scenario_group: str
    label_source: int
    at: str


class Texts(NamedTuple):
    """What a row asks and answers."""

    question: str
    answer: str


@dataclass(frozen=True)
class Fingerprints:
    """Columns with one entry per row.

    Attributes:
        sources: what each row is; `label_source` is its place in `LABEL_SOURCES`.
        exact: digests of the normalised texts.
        masked: the same with ids and times masked.
        masked_questions: digests of the questions only.
        masked_answers: digests of the answers only.
        texts: signatures of question and answer together.
        questions: signatures of the questions.
        answers: signatures of the answers.
    """

    sources: tuple[RowOrigin, ...]
    exact: tuple[bytes, ...]
    masked: tuple[bytes, ...]
    masked_questions: tuple[bytes, ...]
    masked_answers: tuple[bytes, ...]
    texts: Signatures
    questions: Signatures
    answers: Signatures

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.sources)

    def take(self, rows: Sequence[int]) -> "Fingerprints":
        """Return some rows, in the given order."""
        places = np.asarray(rows, dtype=np.int64)
        return Fingerprints(
            sources=tuple(self.sources[row] for row in rows),
            exact=tuple(self.exact[row] for row in rows),
            masked=tuple(self.masked[row] for row in rows),
            masked_questions=tuple(self.masked_questions[row] for row in rows),
            masked_answers=tuple(self.masked_answers[row] for row in rows),
            texts=self.texts[places],
            questions=self.questions[places],
            answers=self.answers[places],
        )

    def by_priority(self) -> list[int]:
        """Return the rows that survive their duplicates first.

        The strongest label source, then the newest evidence, then the least id: the order in which
        rows were read does not matter.
        """
        order = sorted(range(len(self)), key=lambda row: self.sources[row].row_id)
        order.sort(key=lambda row: self.sources[row].at, reverse=True)
        order.sort(key=lambda row: self.sources[row].label_source)
        return order


def fingerprints_of(rows: Iterable[Row]) -> Fingerprints:
    """Return the fingerprints of rows; each row is read once and not kept."""
    return combined(
        _fingerprints([_source(row) for row in batch], [_texts(row) for row in batch])
        for batch in _batches(rows)
    )


def fingerprints_of_incidents(incidents: Iterable[tuple[str, str, str, str]]) -> Fingerprints:
    """Return the fingerprints of incidents: id, scenario group, evidence, and answer if known."""
    return combined(
        _fingerprints(
            [RowOrigin("", INCIDENT, incident, group, 0, "") for incident, group, _, _ in batch],
            [Texts(_asked(evidence), answer) for _, _, evidence, answer in batch],
        )
        for batch in _batches(incidents)
    )


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _source(row: Row) -> RowOrigin:
    return RowOrigin(
        row_id(row),
        row.kind,
        row.incident_id,
        row.scenario_group,
        LABEL_SOURCES.index(row.label_source),
        row.at,
    )


def _texts(row: Row) -> Texts:
    question = "\n".join(row.question)
    return Texts(_asked(question), row.text[len(question) :])


def _asked(question: str) -> str:
    """Return a question without the part that all requests share, which makes short ones alike."""
    return question.partition(FIELDS_DEMAND)[0]


def _fingerprints(sources: Sequence[RowOrigin], texts: Sequence[Texts]) -> Fingerprints:
    plain = [Texts(*map(folded, one)) for one in texts]
    hidden = [Texts(*map(masked, one)) for one in plain]
    questions = bins_of([joined(one.question) for one in plain])
    answers = bins_of([joined(one.answer) for one in plain])
    return Fingerprints(
        sources=tuple(sources),
        exact=tuple(_digest(*one) for one in plain),
        masked=tuple(_digest(*one) for one in hidden),
        masked_questions=tuple(_digest(one.question) for one in hidden),
        masked_answers=tuple(_digest(one.answer) for one in hidden),
        texts=signatures_of(np.minimum(questions, answers)),
        questions=signatures_of(questions),
        answers=signatures_of(answers),
    )


def _digest(*texts: str) -> bytes:
    """Return the digest of texts without their blanks."""
    parts = [joined(text) for text in texts]
    if not any(parts):
        return NO_TEXT
    content = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def combined(parts: Iterable[Fingerprints]) -> Fingerprints:
    """Return the rows of several fingerprints, one after the other."""
    found = list(parts)
    none = np.empty((0, BINS), dtype=np.uint8)
    return Fingerprints(
        sources=tuple(one for part in found for one in part.sources),
        exact=tuple(one for part in found for one in part.exact),
        masked=tuple(one for part in found for one in part.masked),
        masked_questions=tuple(one for part in found for one in part.masked_questions),
        masked_answers=tuple(one for part in found for one in part.masked_answers),
        texts=np.concatenate([none, *(part.texts for part in found)]),
        questions=np.concatenate([none, *(part.questions for part in found)]),
        answers=np.concatenate([none, *(part.answers for part in found)]),
    )


NO_FINGERPRINTS = combined(())
