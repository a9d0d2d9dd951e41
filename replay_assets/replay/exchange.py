"""One request and what became of it: at most two calls, one result, whatever happens."""

import time
from dataclasses import dataclass, field

from replay_assets.contracts.request import CONTRACT_TUNED
from replay_assets.contracts.result import (
    RESULT_VERSION,
    Outcome,
    ReplayResult,
    TraceEvent,
    Usage,
)
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference.candidate import Candidate
from replay_assets.inference.client import ChatClient
from replay_assets.inference.completion import Attempt, Completion, total_cost
from replay_assets.inference.failures import (
    GateRefusedError,
    InfrastructureError,
    RequestRejectedError,
)
from replay_assets.replay.answers import ContractBrokenError, parse_answer, safe_output
from replay_assets.replay.pack_reading import PackLine
from replay_assets.replay.prompts import (
    Message,
    conversation,
    repair_conversation,
    required_fields,
)

MAX_ERROR = 300
REFUSAL_REASONS = ("content_filter", "refusal")


class _ModelRefusedError(Exception):
    """The model declined to answer."""


class _LengthStopError(Exception):
    """The answer was cut at `max_tokens` before it was whole."""


@dataclass
class Exchange:
    """The calls of one request. `ready_at` is when it could first have been sent."""

    line: PackLine
    candidate: Candidate
    vocabulary: Vocabulary
    ready_at: float
    events: list[TraceEvent] = field(default_factory=list)
    costs: list[float | None] = field(default_factory=list)
    first_error: str | None = None

    @property
    def variant(self) -> str | None:
        """The prompt variant of this request."""
        return self.line.variant(self.candidate.variant_id)

    async def run(self, client: ChatClient) -> ReplayResult:
        """Ask, check the answer, ask once more where the variant allows it, and tell the result."""
        started = time.perf_counter()
        queue_ms = (started - self.ready_at) * 1000
        outcome: Outcome
        try:
            answer = await self._answer(client)
        except ContractBrokenError as error:
            outcome, problem = "contract_broken", str(error)
        except _ModelRefusedError as error:
            outcome, problem = "model_refusal", str(error)
        except _LengthStopError as error:
            outcome, problem = "length_stop", str(error)
        except RequestRejectedError as error:
            outcome, problem = "request_rejected", str(error)
        except InfrastructureError as error:
            outcome, problem = "infrastructure_failure", str(error)
        except GateRefusedError as error:
            outcome, problem = "gate_refused", str(error)
        else:
            # Once more, because keys may have been escaped in the answer's own JSON.
            return self._result("answered", client.cleaned(answer), error=None, queue_ms=queue_ms)
        problem = " ".join(str(client.cleaned(problem)).split())[:MAX_ERROR]
        return self._result(outcome, safe_output(problem), error=problem, queue_ms=queue_ms)

    async def _answer(self, client: ChatClient) -> dict[str, object]:
        messages = conversation(self.line.request, self.variant, self.vocabulary)
        completion = await self._call(client, messages)
        try:
            return self._parsed(completion)
        except ContractBrokenError as error:
            self.first_error = str(error)
            if self.variant != CONTRACT_TUNED:
                raise
        repair = repair_conversation(
            messages, error=self.first_error, invalid_answer=completion.content or ""
        )
        return self._parsed(await self._call(client, repair))

    async def _call(self, client: ChatClient, messages: list[Message]) -> Completion:
        try:
            completion = await client.complete(messages)
        except InfrastructureError as error:
            self._trace(Usage(), None, error.attempts)
            raise
        self._trace(completion.usage, completion.latency_ms, completion.attempts)
        return completion

    def _trace(self, usage: Usage, latency_ms: float | None, attempts: tuple[Attempt, ...]) -> None:
        self.costs.append(total_cost(attempts))
        self.events.append(
            TraceEvent(
                line_number=self.line.number,
                model=self.candidate.model,
                candidate_variant_id=self.variant,
                retry_used=self.first_error is not None,
                first_error=self.first_error,
                usage=usage,
                latency_ms=None if latency_ms is None else round(latency_ms, 4),
                wait_ms=round(sum(attempt.wait_ms for attempt in attempts), 4),
                attempts=len(attempts),
            )
        )

    def _parsed(self, completion: Completion) -> dict[str, object]:
        if completion.refusal or completion.finish_reason in REFUSAL_REASONS:
            raise _ModelRefusedError(completion.refusal or str(completion.finish_reason))
        try:
            return parse_answer(
                completion.content,
                required=required_fields(self.line.request),
                vocabulary=self.vocabulary,
            )
        except ContractBrokenError as error:
            if completion.finish_reason == "length":
                raise _LengthStopError(
                    f"cut at max_tokens={self.candidate.sampling.max_tokens}"
                ) from error
            raise

    def _result(
        self, outcome: Outcome, answer: dict[str, object], *, error: str | None, queue_ms: float
    ) -> ReplayResult:
        latencies = [event.latency_ms for event in self.events if event.latency_ms is not None]
        return ReplayResult(
            schema_version=RESULT_VERSION,
            run_id=self.line.request.run_id,
            incident_id=self.line.request.incident_id,
            candidate_id=self.candidate.id,
            candidate_variant_id=self.variant,
            model=self.candidate.model,
            outcome=outcome,
            model_output=answer,
            latency_ms=round(sum(latencies), 4) if latencies else None,
            queue_ms=round(queue_ms, 4),
            cost_usd=self._cost(),
            fallback_used=outcome != "answered",
            trace_complete=outcome == "answered",
            retry_used=self.first_error is not None and self.variant == CONTRACT_TUNED,
            trace_events=self.events,
            error=error,
            first_error=self.first_error,
        )

    def _cost(self) -> float | None:
        """Return what the calls cost; 0 where none was answered, null where one is unknown."""
        if self.candidate.prices_usd_per_million is None:
            return None
        known = [cost for cost in self.costs if cost is not None]
        return sum(known) if len(known) == len(self.costs) else None
