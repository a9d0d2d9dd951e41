"""What a call returned: the parts of the answer, and every attempt that was made for it.

Both are plain data that are written to the journal and read back equal (`call`).
"""

from dataclasses import dataclass, field
from typing import Literal, Self

from replay_assets.contracts.result import Try, Usage
from replay_assets.inference.call.endings import Ending, ending_of
from replay_assets.totals import known_total

ResponseMode = Literal["json_schema", "json_object", "none"]
"""How an endpoint is asked for JSON: with a schema, for any JSON object, or only by the prompt."""

AttemptOutcome = Literal[
    "answered",
    "rate_limited",
    "server_error",
    "loading",
    "rejected",
    "tools_refused",
    "refused",
    "moderated",
    "response_format_refused",
    "response_format_failed",
    "connect_error",
    "connection_lost",
    "timeout",
    "unfinished",
    "truncated",
    "too_large",
    "not_protocol",
]
"""The outcome of one attempt.

`loading`: a server error, because the model is not loaded yet; `refused`: account, credentials,
model or a parameter rejected; `moderated`: refused because of its content; `rejected`: another 4xx;
`tools_refused`: the endpoint does not take tools;
`response_format_refused`: the endpoint does not take the form of the answer;
`response_format_failed`: this one answer did not keep it; `connection_lost`: a reset while waiting
or reading; `unfinished`: accepted with a 202, but without a result in time; `truncated`: a body
shorter than announced; `not_protocol`: not a chat completion, or one that reports a failure.
"""


class Attempt(Try):
    """One request on the wire, as it is published in a result, and what it took of the budget.

    `wait_ms` is the time before it: waiting for a slot, for the rate limit, for the pause after the
    previous attempt. `latency_ms` is the time from the request to the last byte, `ttft_ms` to the
    first token (None if the answer was not streamed). `cost_usd` is None if the candidate has no
    price or an answer's usage is unknown. `charged_usd` is what the attempt took from the run's
    budget: its cost, or the highest possible cost if that is unknown. It is not published.
    """

    outcome: AttemptOutcome
    charged_usd: float | None = None


StepOutcome = Literal[
    "answered",
    "model_refusal",
    "request_rejected",
    "infrastructure_failure",
    "gate_refused",
    "endpoint_refused",
    "circuit_open",
    "key_missing",
    "budget_exhausted",
]


@dataclass(frozen=True, slots=True)
class ChainStep:
    """What happened when a route asked one of its members, with the attempts if it has no answer.

    `circuit_open`, `key_missing` and, without attempts, `budget_exhausted`: it was skipped.
    `endpoint_refused`: account, key or model were rejected, so the run does not ask it again.
    """

    candidate_id: str
    outcome: StepOutcome
    attempts: tuple[Attempt, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CalledTool:
    """A call of a tool that a model asks for; `arguments` is the JSON text that it wrote.

    `id` is the endpoint's name for the call, by which its result is matched; some send none. It is
    drawn at random, so equal calls may differ in it.
    """

    name: str
    arguments: str
    id: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """What a model answered, its reasoning stored separately, and the usage it reports."""

    content: str | None
    reasoning: str | None
    refusal: str | None
    finish_reason: str | None
    usage: Usage
    calls: tuple[CalledTool, ...] = field(default=(), kw_only=True)

    @property
    def ending(self) -> Ending:
        """How it ended, whatever the provider's word for it; a text that refuses is a refusal."""
        return "refused" if self.refusal else ending_of(self.finish_reason)

    @property
    def is_of_the_model(self) -> bool:
        """Whether the model generated it: not if its provider failed, or generated no token."""
        parts = (self.content, self.reasoning, self.refusal, self.calls)
        if any(parts) or self.ending != "finished":
            return self.ending != "failed"
        return bool(self.finish_reason) and self.usage.completion_tokens != 0


@dataclass(frozen=True, slots=True)
class Completion(AssistantMessage):
    """One answer of an endpoint. Reasoning is stored separately, never in `content`."""

    attempts: tuple[Attempt, ...]
    response_mode: ResponseMode

    @classmethod
    def of(
        cls,
        message: AssistantMessage,
        *,
        attempts: tuple[Attempt, ...],
        response_mode: ResponseMode,
    ) -> Self:
        """Return the completion that a message of the endpoint is."""
        return cls(
            message.content,
            message.reasoning,
            message.refusal,
            message.finish_reason,
            message.usage,
            attempts,
            response_mode,
            calls=message.calls,
        )

    @property
    def latency_ms(self) -> float:
        """The latency of the answered attempt."""
        return self.attempts[-1].latency_ms

    @property
    def ttft_ms(self) -> float | None:
        """The time to the first token of the answered attempt; None if it was not streamed."""
        return self.attempts[-1].ttft_ms

    @property
    def wait_ms(self) -> float:
        """The total wait before and between attempts, including the queue for a slot."""
        return sum(attempt.wait_ms for attempt in self.attempts)

    @property
    def cost_usd(self) -> float | None:
        """The cost of all attempts; None if one is unknown."""
        return total_cost(self.attempts)


def total_cost(attempts: tuple[Attempt, ...]) -> float | None:
    """Return the total cost of attempts; None if one is unknown, 0 if there are none."""
    return known_total(attempt.cost_usd for attempt in attempts)
