"""Dialogues of a pack: the questions of each request, and the result made from its calls.

Nothing is sent here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.contracts.question import required_fields
from replay_assets.contracts.request import CONTRACT_TUNED
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import Call, Dialogue, Question
from replay_assets.replay.answer_schema import Schema, answer_schema
from replay_assets.replay.pack_reading import PackLine
from replay_assets.replay.prompts import conversation, repair_conversation
from replay_assets.replay.reading import AnswerReader, Reading
from replay_assets.replay.results import result_of


@dataclass
class ReplayDialogues:
    """Makes the questions of a run's requests, and reads their answers.

    `cleaned` masks in an answer what must not be stored: keys, canaries, secrets.
    """

    candidate: Candidate
    vocabulary: Vocabulary
    cleaned: Callable[[Any], Any]
    _schemas: dict[tuple[str, ...], Schema] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reader = AnswerReader(self.candidate, self.vocabulary, self.cleaned)

    def of(self, lines: Iterator[PackLine]) -> Iterator[Dialogue[ReplayResult]]:
        """Yield the dialogues of a run: for each line, one per repeat."""
        for line in lines:
            variant = line.variant(self.candidate.variant_id)
            messages = conversation(line.request, variant, self.vocabulary)
            schema = self._schema(line)
            for repeat in range(self.candidate.repeats):
                question = Question(messages, schema, repeat, is_last=variant != CONTRACT_TUNED)
                yield self._dialogue(line, variant, question)

    def _dialogue(
        self, line: PackLine, variant: str | None, question: Question
    ) -> Dialogue[ReplayResult]:
        """Ask one request. The contract-tuned variant may ask once for a repaired answer.

        Only an answer that breaks the contract is repaired: after a refusal or a cut answer, the
        model would do the same again.
        """
        call = yield question
        reading = self._reader.read(line, call)
        first_error = reading.error if reading.outcome == "contract_broken" else None
        calls = [call]
        if reading.outcome == "contract_broken" and variant == CONTRACT_TUNED:
            call = yield self._repair(question, call, reading)
            reading = self._reader.read(line, call)
            calls.append(call)
        return result_of(
            line,
            calls,
            reading,
            candidate=self.candidate,
            variant=variant,
            repeat=question.repeat,
            first_error=first_error,
            retry_used=len(calls) > 1,
        )

    def _repair(self, question: Question, call: Call, reading: Reading) -> Question:
        content = call.completion.content if call.completion is not None else None
        messages = repair_conversation(
            question.messages, error=reading.error or "", invalid_answer=content or ""
        )
        return Question(messages, question.schema, question.repeat, is_last=True)

    def _schema(self, line: PackLine) -> Schema:
        required = tuple(required_fields(line.request))
        if required not in self._schemas:
            self._schemas[required] = answer_schema(required, self.vocabulary)
        return self._schemas[required]
