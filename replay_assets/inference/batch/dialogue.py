"""Dialogues: the parts of a batch, and the code that steps through them.

A dialogue is a generator. It yields a `Question`, receives the finished `Call`, perhaps yields
another question, and returns its record, as httpx's `Auth.auth_flow` does with requests:

    def judged(row: Row) -> Dialogue[Judgement]:
        call = yield Question(messages_of(row))
        return Judgement.read(row, call)

It runs twice: with live calls while the batch is asked, and with stored calls when its record is
made. So it must depend only on its input and its calls: no clock, no random numbers.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar

from replay_assets.inference.call import Call, Question

Record = TypeVar("Record")
Dialogue = Generator[Question, Call, Record]

KeyOf = Callable[[Question], str]
"""Returns the hexadecimal SHA-256 of everything that affects the answer to a question."""


class OpenDialogue(Generic[Record]):
    """A dialogue in progress.

    `question` is the current question and `key` the key of its answer. At the end, `question` is
    None and `record` is the returned record.
    """

    question: Question | None
    key: str
    record: Record

    def __init__(self, dialogue: Dialogue[Record], key_of: KeyOf) -> None:
        self._dialogue = dialogue
        self._key_of = key_of
        self._twin = 0
        self._advance(None)

    def set_twin(self, twin: int) -> None:
        """Set the number of earlier dialogues that started with the same question."""
        self._twin = twin
        self.key = _twin_key(self.key, twin)

    def receive(self, call: Call) -> None:
        """Continue to the next question, or to the record."""
        self._advance(call)

    def _advance(self, call: Call | None) -> None:
        try:
            self.question = next(self._dialogue) if call is None else self._dialogue.send(call)
        except StopIteration as end:
            self.question, self.record = None, end.value
        else:
            self.key = _twin_key(self._key_of(self.question), self._twin)


def open_dialogues(
    dialogues: Iterable[Dialogue[Record]], key_of: KeyOf
) -> Iterator[OpenDialogue[Record]]:
    """Yield each dialogue at its first question, or at its end if it asks nothing.

    Dialogues that start with the same question are numbered in their order, so that each one gets
    a separate answer.
    """
    twins: Counter[bytes] = Counter()
    for dialogue in dialogues:
        opened = OpenDialogue(dialogue, key_of)
        if opened.question is not None:
            first_key = bytes.fromhex(opened.key)  # takes half the memory of the text
            opened.set_twin(twins[first_key])
            twins[first_key] += 1
        yield opened


def _twin_key(key: str, twin: int) -> str:
    return f"{key}#{twin + 1}" if twin else key
