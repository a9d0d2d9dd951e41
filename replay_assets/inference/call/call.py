"""One finished call of an endpoint as it is kept: its key, and what came of it.

Kept as it came, less keys and secrets that stand in it openly, so that a later release can read the
answer anew: when it becomes a result it is parsed and cleaned once more. It never lies outside the
roots that this machine alone reads.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from replay_assets.contracts.result import Usage
from replay_assets.inference.call.completion import Attempt, Completion

CallOutcome = Literal[
    "answered", "request_rejected", "infrastructure_failure", "gate_refused", "not_sent"
]
ANSWERS: tuple[CallOutcome, ...] = ("answered", "request_rejected")
"""What is never asked again; all else is tried anew by the next run."""


@dataclass(frozen=True)
class Call:
    """What became of one call.

    One that was `answered` has a completion, which has its attempts; any other has an error and
    attempts of its own. `queue_ms` is what it waited for its turn, from the start of the run.

    `cached` marks an answer that another run paid for: it keeps that run's latency and cost, and
    costs nothing in this one.
    """

    key: str
    outcome: CallOutcome
    completion: Completion | None = None
    error: str | None = None
    attempts: tuple[Attempt, ...] = ()
    queue_ms: float = 0.0
    cached: bool = False

    @property
    def all_attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that was made for this call."""
        return self.completion.attempts if self.completion is not None else self.attempts

    @property
    def spent_usd(self) -> float:
        """What this call took of its run's budget: what was paid, or may have been."""
        if self.cached:
            return 0.0
        # Calls of an earlier release name no charge beside the cost.
        return sum(one.charged_usd or one.cost_usd or 0.0 for one in self.all_attempts)

    @property
    def is_answer(self) -> bool:
        """Whether the endpoint said something final."""
        return self.outcome in ANSWERS

    def encoded(self) -> bytes:
        """Return the call as JSON."""
        return _ENCODER.encode(self)

    @classmethod
    def decoded(cls, content: bytes) -> "Call":
        """Return the call that `encoded` wrote.

        Raises:
            ValueError: it is none.
        """
        return _DECODER.decode(content)


def _usage_of(_: type, tokens: dict[str, Any]) -> Usage:
    return Usage(**tokens)


_ENCODER = msgspec.json.Encoder(enc_hook=Usage.model_dump)
_DECODER = msgspec.json.Decoder(Call, dec_hook=_usage_of)
"""Usage is the one part of a call that is no dataclass, because results have it too."""
