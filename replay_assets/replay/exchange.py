"""One request of a run: the questions it asks, and the one result that its calls become.

Nothing is sent here. A run that asks, one that goes on and one that reuses answers all go through
the same functions, so the same calls give the same result.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.request import CONTRACT_TUNED
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference.call.call import Call
from replay_assets.replay.answer_schema import Schema, answer_schema
from replay_assets.replay.answers import ContractBrokenError, parse_answer
from replay_assets.replay.pack_reading import PackLine
from replay_assets.replay.prompts import (
    Message,
    conversation,
    repair_conversation,
    required_fields,
)
from replay_assets.replay.results import Reading, result_of

REFUSAL_REASONS = ("content_filter", "refusal")
MAX_ERROR = 300

KeyOf = Callable[..., str]
"""The client's `request_key`: messages, and by name `schema` and `repeat`."""


@dataclass(frozen=True)
class Question:
    """One call to be made: what shapes its answer, and the key by which that is kept."""

    key: str
    messages: list[Message]
    schema: Schema
    repeat: int


@dataclass(frozen=True)
class Exchange:
    """One request, one repeat of it, and its first question."""

    line: PackLine
    variant: str | None
    question: Question
    twin: int
    """How many requests of this run before this one ask the very same."""


@dataclass
class Exchanges:
    """How the requests of a run are asked and read.

    `cleaned` takes out of what came back whatever must not be kept: keys, canaries, secrets.
    """

    candidate: Candidate
    vocabulary: Vocabulary
    key_of: KeyOf
    cleaned: Callable[[Any], Any]
    _schemas: dict[tuple[str, ...], Schema] = field(default_factory=dict)
    _keys: list[bytes] = field(default_factory=list)

    def of(self, lines: Iterator[PackLine]) -> Iterator[Exchange]:
        """Yield every exchange of a run: line by line, and of each line every repeat.

        Keys are worked out the first time, and kept for the second: the lines are the same.
        """
        twins: dict[bytes, int] = {}
        number = 0
        for line in lines:
            variant = line.variant(self.candidate.variant_id)
            messages = conversation(line.request, variant, self.vocabulary)
            schema = self._schema(line)
            for repeat in range(self.candidate.repeats):
                if number == len(self._keys):
                    new = self.key_of(messages, schema=schema, repeat=repeat)
                    self._keys.append(bytes.fromhex(new))
                key, number = self._keys[number], number + 1
                twin = twins.get(key, 0)
                twins[key] = twin + 1
                question = Question(_twin_key(key.hex(), twin), messages, schema, repeat)
                yield Exchange(line, variant, question, twin)

    def repair(
        self, exchange: Exchange, call: Call, reading: Reading | None = None
    ) -> Question | None:
        """Return the one question that may mend an answer; null where none is due.

        Only the contract-tuned variant repairs, and only a broken contract: a model that declined,
        or was cut, says the same again.
        """
        if exchange.variant != CONTRACT_TUNED or call.completion is None:
            return None
        reading = reading or self.read(exchange, call)
        if reading.outcome != "contract_broken":
            return None
        question = exchange.question
        messages = repair_conversation(
            question.messages,
            error=reading.error or "",
            invalid_answer=call.completion.content or "",
        )
        key = self.key_of(messages, schema=question.schema, repeat=question.repeat)
        return replace(question, key=_twin_key(key, exchange.twin), messages=messages)

    def read(self, exchange: Exchange, call: Call) -> Reading:
        """Return what a call says: an answer in contract form, or why there is none."""
        completion = call.completion
        if completion is None:
            return Reading(call.outcome, None, self._one_line(call.error or ""))
        if completion.refusal or completion.finish_reason in REFUSAL_REASONS:
            reason = completion.refusal or str(completion.finish_reason)
            return Reading("model_refusal", None, self._one_line(reason))
        try:
            answer = parse_answer(
                completion.content,
                required=required_fields(exchange.line.request),
                vocabulary=self.vocabulary,
                cleaned=self.cleaned,
            )
        except ContractBrokenError as error:
            if completion.finish_reason == "length":
                cut = f"cut at max_tokens={self.candidate.sampling.max_tokens}"
                return Reading("length_stop", None, cut)
            return Reading("contract_broken", None, self._one_line(str(error)))
        return Reading("answered", answer, None)

    def result(self, exchange: Exchange, kept: Callable[[str], Call | None]) -> ReplayResult:
        """Return the result of a request from its calls.

        Raises:
            KeyError: a call of it is not kept.
        """
        calls = [self._kept(exchange, exchange.question, kept)]
        repair = self.repair(exchange, *calls[0])
        if repair is not None:
            calls.append(self._kept(exchange, repair, kept))
        return result_of(
            exchange.line,
            calls,
            candidate=self.candidate,
            variant=exchange.variant,
            repeat=exchange.question.repeat,
        )

    def _kept(
        self, exchange: Exchange, question: Question, kept: Callable[[str], Call | None]
    ) -> tuple[Call, Reading]:
        call = kept(question.key)
        if call is None:
            raise KeyError(question.key)
        return call, self.read(exchange, call)

    def _one_line(self, text: str) -> str:
        return " ".join(str(self.cleaned(text)).split())[:MAX_ERROR]

    def _schema(self, line: PackLine) -> Schema:
        required = tuple(required_fields(line.request))
        if required not in self._schemas:
            self._schemas[required] = answer_schema(required, self.vocabulary)
        return self._schemas[required]


def _twin_key(key: str, twin: int) -> str:
    """Return a key of its own for a question that the same run asks more than once."""
    return f"{key}#{twin + 1}" if twin else key
