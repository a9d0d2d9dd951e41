"""Dialogues of a pack: the questions of each request, and the result made from its calls.

Nothing is sent here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.contracts.question import required_fields
from replay_assets.contracts.request import CONTRACT_TUNED
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import (
    Call,
    Dialogue,
    Question,
    chain_of,
    member_of,
    members_after,
)
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
        members = self.candidate.members
        self._readers = {
            one.id: AnswerReader(one, self.vocabulary, self.cleaned) for one in members
        }

    def of(self, lines: Iterator[PackLine]) -> Iterator[Dialogue[ReplayResult]]:
        """Yield the dialogues of a run: for each line, one per repeat."""
        for line in lines:
            asked = self._question(line)
            for repeat in range(self.candidate.repeats):
                yield self._dialogue(line, replace(asked, repeat=repeat) if repeat else asked)

    def _question(self, line: PackLine) -> Question:
        """Return what the candidate is asked, or what each member of a route is asked."""
        first, *rest = self.candidate.members
        schema = self._schema(line)
        variants = {one.id: line.variant(one.variant_id) for one in (first, *rest)}
        is_last = CONTRACT_TUNED not in variants.values() and not self.candidate.fallback_on
        of_variant = {
            variant: Question(
                conversation(line.request, variant, self.vocabulary), schema, is_last=is_last
            )
            for variant in dict.fromkeys(variants.values())
        }
        asked = of_variant[variants[first.id]]
        forms = {
            one.id: of_variant[variants[one.id]]
            for one in rest
            if variants[one.id] != variants[first.id]
        }
        return replace(asked, forms=forms) if forms else asked

    def _dialogue(self, line: PackLine, question: Question) -> Dialogue[ReplayResult]:
        """Ask one request. The contract-tuned variant may ask once for a repaired answer.

        Only an answer that breaks the contract is repaired: after a refusal or a cut answer, the
        model would do the same again. A route may ask its next members instead.
        """
        asked: list[tuple[Call, Reading]] = []
        repaired: set[str] = set()
        following: Question | None = question
        while following is not None:
            call = yield following
            member = member_of(call, self.candidate)
            asked.append((call, self._readers[member.id].read(line, call)))
            following = self._following(line, question, asked, repaired)
        calls = [call for call, _ in asked]
        first, last = asked[0][1], asked[-1][1]
        chain = None
        if self.candidate.route is not None:
            chain = chain_of((call, reading.outcome) for call, reading in asked)
        return result_of(
            line,
            calls,
            last,
            candidate=self.candidate,
            variant=line.variant(self.candidate.variant_id),
            repeat=question.repeat,
            first_error=first.error if first.outcome == "contract_broken" else None,
            retry_used=bool(repaired),
            chain=chain,
        )

    def _following(
        self,
        line: PackLine,
        question: Question,
        asked: Sequence[tuple[Call, Reading]],
        repaired: set[str],
    ) -> Question | None:
        """Return the next question: a repair, or the same one to other members; None at the end."""
        call, reading = asked[-1]
        if reading.outcome == "answered":
            return None
        member = member_of(call, self.candidate)
        rest = members_after(member, self.candidate)
        is_broken = reading.outcome == "contract_broken"
        if (
            is_broken
            and line.variant(member.variant_id) == CONTRACT_TUNED
            and member.id not in repaired
        ):
            repaired.add(member.id)
            repair = self._repair(question, member, call, reading)
            if self.candidate.route is None:
                return repair
            # If the repair fails, the next members are asked what they would have been asked.
            forms = {one: question.form_of(one) for one in rest}
            return replace(repair, to=(member.id, *rest), forms=forms, is_last=False)
        if reading.outcome in self.candidate.fallback_on and rest:
            return replace(question, to=rest)
        return None

    def _repair(
        self, question: Question, member: Candidate, call: Call, reading: Reading
    ) -> Question:
        asked = question.form_of(member.id)
        content = call.completion.content if call.completion is not None else None
        messages = repair_conversation(
            asked.messages, error=reading.error or "", invalid_answer=content or ""
        )
        return Question(messages, question.schema, question.repeat, is_last=True)

    def _schema(self, line: PackLine) -> Schema:
        required = tuple(required_fields(line.request))
        if required not in self._schemas:
            self._schemas[required] = answer_schema(required, self.vocabulary)
        return self._schemas[required]
