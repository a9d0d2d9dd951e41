"""One finished call of an endpoint as it is kept: its key, and what came of it.

Kept as it came, so that a later release can read the answer anew: what a model said is cleaned when
it becomes a result, and never lies outside the roots that this machine alone reads.
"""

from dataclasses import dataclass
from typing import Any, Literal

from replay_assets.inference.completion import (
    Attempt,
    Completion,
    attempt_from_json,
    attempt_json,
)

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
        """What the run that made this call paid, or may have paid; 0 where it is not known."""
        if self.cached:
            return 0.0
        return sum(attempt.cost_usd or 0.0 for attempt in self.all_attempts)

    @property
    def is_answer(self) -> bool:
        """Whether the endpoint said something final."""
        return self.outcome in ANSWERS

    def as_json(self) -> dict[str, Any]:
        """Return the call as plain JSON."""
        return {
            "key": self.key,
            "outcome": self.outcome,
            "completion": self.completion.as_json() if self.completion is not None else None,
            "error": self.error,
            "attempts": [attempt_json(attempt) for attempt in self.attempts],
            "queue_ms": round(self.queue_ms, 4),
            "cached": self.cached,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Call":
        """Return the call that a record holds."""
        found = record["completion"]
        return cls(
            key=record["key"],
            outcome=record["outcome"],
            completion=None if found is None else Completion.from_json(found),
            error=record["error"],
            attempts=tuple(attempt_from_json(one) for one in record["attempts"]),
            queue_ms=record["queue_ms"],
            cached=record["cached"],
        )
