"""What a call gave: the answer's parts, and every attempt that was made for it.

Both are plain data that go through the journal and come back equal (`calls`).
"""

from dataclasses import dataclass
from typing import Literal

from replay_assets.contracts.result import Usage

ResponseMode = Literal["json_schema", "json_object", "none"]
"""How an endpoint is asked for JSON: by a schema, as any object, or by the prompt alone."""

AttemptOutcome = Literal[
    "answered",
    "rate_limited",
    "server_error",
    "rejected",
    "refused",
    "response_format_refused",
    "connect_error",
    "connection_lost",
    "timeout",
    "truncated",
    "too_large",
    "not_protocol",
]
"""What became of one attempt.

`refused`: key or model; `rejected`: another 4xx; `connection_lost`: a reset while waiting or
reading; `truncated`: a body shorter than announced; `not_protocol`: no chat completion in it.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request on the wire.

    `wait_ms` is what it waited before: for a slot, for the rate limit, for the pause after the
    attempt before. `latency_ms` runs from the request to the last byte, `ttft_ms` to the first
    token (null where the answer was not streamed). `cost_usd` is null where the candidate is
    unpriced or an answer's usage unknown; `possibly_paid` marks an attempt whose outcome nobody can
    know: its cost is then the highest that it can have been. `charged_usd` is what it took of the
    run's budget: its cost, or where that is unknown, the highest that it can have been.
    """

    status: int | None
    outcome: AttemptOutcome
    wait_ms: float
    latency_ms: float
    ttft_ms: float | None
    usage: Usage
    cost_usd: float | None
    possibly_paid: bool
    charged_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of an endpoint. Reasoning is kept apart and is never part of `content`."""

    content: str | None
    reasoning: str | None
    refusal: str | None
    finish_reason: str | None
    usage: Usage
    attempts: tuple[Attempt, ...]
    response_mode: ResponseMode

    @property
    def latency_ms(self) -> float:
        """The time of the attempt that was answered."""
        return self.attempts[-1].latency_ms

    @property
    def ttft_ms(self) -> float | None:
        """The time to the first token of the attempt that was answered; null if not streamed."""
        return self.attempts[-1].ttft_ms

    @property
    def wait_ms(self) -> float:
        """All that was waited before and between attempts, the queue for a slot included."""
        return sum(attempt.wait_ms for attempt in self.attempts)

    @property
    def cost_usd(self) -> float | None:
        """What all attempts cost; null where one is unknown."""
        return total_cost(self.attempts)


def total_cost(attempts: tuple[Attempt, ...]) -> float | None:
    """Sum what attempts of a priced candidate cost; null where one is unknown, 0 for none."""
    costs = [attempt.cost_usd for attempt in attempts]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
