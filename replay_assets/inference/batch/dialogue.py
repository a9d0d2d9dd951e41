"""Dialogues: what a batch is made of, and the one way in which each is walked.

A dialogue is a generator. It yields a `Question`, receives the finished `Call`, perhaps yields
another question, and returns its record, as httpx's `Auth.auth_flow` does with requests:

    def judged(row: Row) -> Dialogue[Judgement]:
        call = yield Question(messages_of(row))
        return Judgement.read(row, call)

It is walked twice: with live calls while the batch is asked, and with kept calls when its record is
made. So it must depend on its input and on the calls alone: no clock, no random numbers.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar

from replay_assets.inference.call.call import Call
from replay_assets.inference.call.question import Question

Record = TypeVar("Record")
Dialogue = Generator[Question, Call, Record]

KeyOf = Callable[[Question], str]
"""Gives the SHA-256, in hexadecimal, of all that shapes an answer."""


class OpenDialogue(Generic[Record]):
    """A dialogue in progress.

    `question` is what it asks now and `key` the key of that answer; once `question` is None,
    `record` is what it returned.
    """

    question: Question | None
    key: str
    record: Record

    def __init__(self, dialogue: Dialogue[Record], key_of: KeyOf) -> None:
        self._dialogue = dialogue
        self._key_of = key_of
        self._twin = 0
        self._advance(None)

    def identify(self, first_key: str, twin: int) -> None:
        """Set the key of the first question, and how many dialogues before began with the same."""
        self._twin = twin
        self.key = _twin_key(first_key, twin)

    def receive(self, call: Call) -> None:
        """Go on to the next question, or to the record."""
        self._advance(call)
        if self.question is not None:
            self.key = _twin_key(self._key_of(self.question), self._twin)

    def _advance(self, call: Call | None) -> None:
        try:
            self.question = next(self._dialogue) if call is None else self._dialogue.send(call)
        except StopIteration as end:
            self.question, self.record = None, end.value


class DialogueOpener:
    """Opens dialogues in their order and works out keys.

    Dialogues that begin with the same question are told apart by their order, so each gets an
    answer of its own. First keys are kept: the second walk opens the same dialogues and needs no
    hash of them, at 32 bytes per dialogue.
    """

    def __init__(self, key_of: KeyOf) -> None:
        self._key_of = key_of
        self._first_keys: list[bytes] = []

    def open(self, dialogues: Iterable[Dialogue[Record]]) -> Iterator[OpenDialogue[Record]]:
        """Yield each dialogue at its first question; at its end, if it asks nothing."""
        twins: dict[bytes, int] = {}
        number = 0
        for dialogue in dialogues:
            opened = OpenDialogue(dialogue, self._key_of)
            if opened.question is not None:
                if number == len(self._first_keys):
                    self._first_keys.append(bytes.fromhex(self._key_of(opened.question)))
                key, number = self._first_keys[number], number + 1
                twin = twins.get(key, 0)
                twins[key] = twin + 1
                opened.identify(key.hex(), twin)
            yield opened


def _twin_key(key: str, twin: int) -> str:
    return f"{key}#{twin + 1}" if twin else key
