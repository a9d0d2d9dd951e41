"""One finished call of an endpoint as it is stored: its key and its outcome.

The answer is stored as received, except that keys and secrets in plain sight are masked, so that a
later release can read it again: it is parsed and cleaned once more when it becomes a result. It is
never stored outside the roots that only this machine reads.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from replay_assets.contracts.record import Part
from replay_assets.inference.call.completion import Attempt, Completion

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

    @property
    def all_attempts(self) -> tuple[Attempt, ...]:
        """All attempts of this call."""
        return self.completion.attempts if self.completion is not None else self.attempts

    @property
    def spent_usd(self) -> float:
        """What this call took from its run's budget: what was paid, or may have been."""
        if self.cached:
            return 0.0
        # Calls of an earlier release have no charge next to the cost.
        return sum(one.charged_usd or one.cost_usd or 0.0 for one in self.all_attempts)

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


def _part_of(part: type[Part], fields: dict[str, Any]) -> Part:
    return part(**fields)


_ENCODER = msgspec.json.Encoder(enc_hook=Part.model_dump)
_DECODER = msgspec.json.Decoder(Call, dec_hook=_part_of)
"""Attempts and usage are the parts of a call that are not dataclasses: results contain them too."""
