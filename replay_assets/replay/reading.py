"""Reads the answer of a call: in contract form, or the outcome and the reason if there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.contracts.answer_reading import ContractBrokenError
from replay_assets.contracts.question import required_fields
from replay_assets.contracts.result import Outcome
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import Call
from replay_assets.replay.answers import parse_answer
from replay_assets.replay.pack_reading import PackLine

MAX_ERROR = 300


@dataclass(frozen=True)
class Reading:
    """The content of a call: an answer in contract form, or the outcome if there is none."""

    outcome: Outcome
    answer: dict[str, Any] | None
    error: str | None


@dataclass(frozen=True)
class AnswerReader:
    """Reads answers of one candidate.

    `cleaned` masks in an answer what must not be stored: keys, canaries, secrets.
    """

    candidate: Candidate
    vocabulary: Vocabulary
    cleaned: Callable[[Any], Any]

    def read(self, line: PackLine, call: Call) -> Reading:
        """Return the answer of a call in contract form, or the reason there is none."""
        completion = call.completion
        if completion is None:
            return Reading(call.outcome, None, self.one_line(call.error or ""))
        if completion.ending == "refused":
            reason = completion.refusal or str(completion.finish_reason)
            return Reading("model_refusal", None, self.one_line(reason))
        try:
            answer = self.parse(line, completion.content)
        except ContractBrokenError as error:
            # Only now: an answer that is complete counts, even if it ends at the limit.
            if completion.ending == "cut":
                most = self.candidate.sampling.max_tokens
                cut = "cut by the endpoint" if most is None else f"cut at max_tokens={most}"
                return Reading("length_stop", None, cut)
            return Reading("contract_broken", None, self.one_line(str(error)))
        return Reading("answered", answer, None)

    def parse(self, line: PackLine, content: str | None) -> dict[str, Any]:
        """Return the answer in a text, in contract form.

        Raises:
            ContractBrokenError: the answer breaks the contract.
        """
        return parse_answer(
            content,
            required=required_fields(line.request),
            vocabulary=self.vocabulary,
            cleaned=self.cleaned,
        )

    def one_line(self, text: str) -> str:
        """Return an error as one line that may be published."""
        return " ".join(str(self.cleaned(text)).split())[:MAX_ERROR]
