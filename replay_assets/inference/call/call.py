"""One finished call of an endpoint as it is stored: its key and its outcome.

The answer is stored as received, except that keys and secrets in plain sight are masked, so that a
later release can read it again: it is parsed and cleaned once more when it becomes a result. It is
never stored outside the roots that only this machine reads.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from replay_assets.contracts.record import Part
from replay_assets.inference.call.completion import Attempt, ChainStep, Completion

CallOutcome = Literal[
    "answered",
    "model_refusal",
    "request_rejected",
    "infrastructure_failure",
    "gate_refused",
    "not_sent",
]
ANSWERS: tuple[CallOutcome, ...] = ("answered", "model_refusal")
"""Outcomes that are final; the next run tries all others again."""


@dataclass(frozen=True)
class Call:
    """The outcome of one call.

    An `answered` call has a completion, which has the attempts; any other has an error and its
    attempts. `queue_ms` is how long it waited for its turn, from the start of the run.

    `chain` has the members that a route asked, in order; the last one answered, if there is an
    answer. Empty for a call of a candidate without a route.

    `ended_at` is when it ended, in seconds since 1970; None for calls of earlier releases.

    `cached` marks an answer that another run paid for: latency and cost are those of that run, and
    this run pays nothing.
    """

    key: str
    outcome: CallOutcome
    completion: Completion | None = None
    error: str | None = None
    attempts: tuple[Attempt, ...] = ()
    queue_ms: float = 0.0
    cached: bool = False
    ended_at: float | None = None
    chain: tuple[ChainStep, ...] = ()

    @property
    def all_attempts(self) -> tuple[Attempt, ...]:
        """All attempts of this call."""
        last = self.completion.attempts if self.completion is not None else self.attempts
        if not self.chain:
            return last
        return (*(one for step in self.chain for one in step.attempts), *last)

    @property
    def spent_usd(self) -> float:
        """What this call took from its run's budget: what was paid, or may have been."""
        return 0.0 if self.cached else _charged(self.all_attempts)

    @property
    def spent_by_member(self) -> dict[str, float]:
        """What this call took from the budgets of a route's members."""
        if self.cached or not self.chain:
            return {}
        spent = dict.fromkeys((step.candidate_id for step in self.chain), 0.0)
        for step in self.chain:  # a member that was asked again has several
            spent[step.candidate_id] += _charged(step.attempts)
        if self.completion is not None:
            spent[self.chain[-1].candidate_id] += _charged(self.completion.attempts)
        return spent

    @property
    def is_answer(self) -> bool:
        """Whether the endpoint gave a final answer.

        Calls of earlier releases may contain the failure of a provider as an answer.
        """
        if self.completion is not None and not self.completion.is_of_the_model:
            return False
        return self.outcome in ANSWERS

    def encoded(self) -> bytes:
        """Return the call as JSON."""
        return _ENCODER.encode(self)

    @classmethod
    def decoded(cls, content: bytes) -> "Call":
        """Return the call that `encoded` wrote.

        Raises:
            ValueError: the content is not an encoded call.
        """
        return _DECODER.decode(content)


def _charged(attempts: tuple[Attempt, ...]) -> float:
    # Calls of an earlier release have no charge next to the cost.
    return sum(one.charged_usd or one.cost_usd or 0.0 for one in attempts)


def _part_of(part: type[Part], fields: dict[str, Any]) -> Part:
    return part(**fields)


_ENCODER = msgspec.json.Encoder(enc_hook=Part.model_dump)
_DECODER = msgspec.json.Decoder(Call, dec_hook=_part_of)
"""Attempts and usage are the parts of a call that are not dataclasses: results contain them too."""
