"""Dialogues of a pack: the questions of each request, and the result made from its calls.

Nothing is sent here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.contracts.answer_reading import ContractBrokenError
from replay_assets.contracts.request import CONTRACT_TUNED
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import Call, Dialogue, Question
from replay_assets.replay.answer_schema import Schema, answer_schema
from replay_assets.replay.answers import parse_answer
from replay_assets.replay.pack_reading import PackLine
from replay_assets.replay.prompts import conversation, repair_conversation, required_fields
from replay_assets.replay.results import Reading, result_of

MAX_ERROR = 300


@dataclass
class ReplayDialogues:
    """Makes the questions of a run's requests, and reads their answers.

    `cleaned` masks in an answer what must not be stored: keys, canaries, secrets.
    """

    candidate: Candidate
    vocabulary: Vocabulary
    cleaned: Callable[[Any], Any]
    _schemas: dict[tuple[str, ...], Schema] = field(default_factory=dict)

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
        reading = self._read(line, call)
        calls = [(call, reading)]
        if reading.outcome == "contract_broken" and variant == CONTRACT_TUNED:
            call = yield self._repair(question, call, reading)
            calls.append((call, self._read(line, call)))
        return result_of(
            line, calls, candidate=self.candidate, variant=variant, repeat=question.repeat
        )

    def _repair(self, question: Question, call: Call, reading: Reading) -> Question:
        content = call.completion.content if call.completion is not None else None
        messages = repair_conversation(
            question.messages, error=reading.error or "", invalid_answer=content or ""
        )
        return Question(messages, question.schema, question.repeat, is_last=True)

    def _read(self, line: PackLine, call: Call) -> Reading:
        """Return the answer of a call in contract form, or the reason there is none."""
        completion = call.completion
        if completion is None:
            return Reading(call.outcome, None, self._one_line(call.error or ""))
        if completion.ending == "refused":
            reason = completion.refusal or str(completion.finish_reason)
            return Reading("model_refusal", None, self._one_line(reason))
        try:
            answer = parse_answer(
                completion.content,
                required=required_fields(line.request),
                vocabulary=self.vocabulary,
                cleaned=self.cleaned,
            )
        except ContractBrokenError as error:
            # Only now: an answer that is complete counts, even if it ends at the limit.
            if completion.ending == "cut":
                most = self.candidate.sampling.max_tokens
                cut = "cut by the endpoint" if most is None else f"cut at max_tokens={most}"
                return Reading("length_stop", None, cut)
            return Reading("contract_broken", None, self._one_line(str(error)))
        return Reading("answered", answer, None)

    def _one_line(self, text: str) -> str:
        return " ".join(str(self.cleaned(text)).split())[:MAX_ERROR]

    def _schema(self, line: PackLine) -> Schema:
        required = tuple(required_fields(line.request))
        if required not in self._schemas:
            self._schemas[required] = answer_schema(required, self.vocabulary)
        return self._schemas[required]
