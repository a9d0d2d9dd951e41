"""The client of a candidate's endpoint: it retries, and checks every body before it is sent.

A slot is occupied only while a request is in flight; a request that waits for its retry releases
its slot. The errors of a call without an answer are in `failures`; HTTP itself is in `http`.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

from replay_assets.candidates import UNBOUNDED_ANSWER_TOKENS, Candidate, Limits
from replay_assets.inference.call import (
    Attempt,
    BudgetExhaustedError,
    Call,
    CallFailedError,
    ChainStep,
    CircuitOpenError,
    Completion,
    GateBlockedError,
    Message,
    PatienceExceededError,
    Question,
    ResponseMode,
)
from replay_assets.inference.chat import pending
from replay_assets.inference.chat.in_flight import InFlight
from replay_assets.inference.chat.protocol import chat_body
from replay_assets.inference.chat.rejection_errors import error_of_rejection
from replay_assets.inference.chat.response_format import ResponseFormat
from replay_assets.inference.chat.responses import ResponseReading, read_response, read_wire_error
from replay_assets.inference.chat.retries import AskedCall, Retries
from replay_assets.inference.chat.sending_gate import SendingGate
from replay_assets.inference.spending import CandidateBudget, Ledger, Reservation, RunBudget
from replay_assets.inference.throttling import (
    SHARED_LIMITS,
    LimitStore,
    Settled,
    backoff,
    estimate_tokens,
)
from replay_assets.inference.transport import Endpoint, WireError, header_safe

WORKERS_PER_SLOT, MOST_SPARE_WORKERS = 4, 512


class ChatClient:
    """A candidate's endpoint, for the duration of one run.

    A run passes a gate with the keys of all candidates; without one, only `api_key` is guarded.
    `ledger` is the spending of the day, shared by all runs; `spent_usd` is what earlier parts of
    this run spent; `timezone` is the zone of the days of prices and budgets.

    The client of a route's member shares `in_flight` with the other members, also takes from
    `route_budget`, and waits at most `first_byte_s` for the first byte of a response.
    """

    def __init__(
        self,
        candidate: Candidate,
        *,
        api_key: str | None,
        gate: SendingGate | None = None,
        ledger: Ledger | None = None,
        spent_usd: float = 0.0,
        timezone: str = "UTC",
        limits: LimitStore = SHARED_LIMITS,
        seed: int = 0,
        in_flight: InFlight | None = None,
        route_budget: CandidateBudget | None = None,
        first_byte_s: float | None = None,
    ) -> None:
        self._candidate = candidate
        self._api_key = header_safe(api_key, candidate)
        self._gate = gate or SendingGate(secrets=[self._api_key] if self._api_key else [])
        self._endpoint = Endpoint(candidate, api_key=self._api_key, first_byte_s=first_byte_s)
        self._limit = limits.limit_of(candidate.limit_key)
        self._budget = RunBudget(
            candidate, ledger=ledger, spent_usd=spent_usd, timezone=timezone, route=route_budget
        )
        self._format = ResponseFormat(candidate)
        self._retries = Retries(candidate, seed)
        self._longest_answer = candidate.bound_of_answer or UNBOUNDED_ANSWER_TOKENS
        self.in_flight = in_flight or InFlight()

    async def __aenter__(self) -> Self:
        self._limit.join(self._candidate.limits)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._limit.leave(self._candidate.limits)
        await self._endpoint.aclose()

    @property
    def workers(self) -> int:
        """How many workers a run needs."""
        return workers_for(self._candidate.limits)

    @property
    def rejected_modes(self) -> tuple[ResponseMode, ...]:
        """The response formats that the endpoint has rejected so far."""
        return self._format.rejected

    def learn_from_kept(self, call: Call, question: Question) -> None:
        """Learn from a kept answer to a question."""
        if call.completion is not None and not question.tools:
            self.learn_from(call.completion, schema=question.schema)

    def learn_from(self, completion: Completion, *, schema: Mapping[str, Any] | None) -> None:
        """Request no form that an earlier part of this run, or a run before it, found rejected."""
        self._format.learn_from(completion, schema=schema)

    @property
    def spent_usd(self) -> float:
        """What this run has spent; 0 for a candidate without a price."""
        return self._budget.spent_usd

    async def answer(self, question: Question) -> tuple[Completion, tuple[ChainStep, ...]]:
        """Return the answer to a question, and no other candidates that were asked before."""
        found = await self.complete(question.messages, schema=question.schema, tools=question.tools)
        return found, ()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
    ) -> Completion:
        """Return the model's answer to a conversation, following a JSON schema if it can.

        With tools, no form of the answer is requested.

        Raises:
            GateBlockedError: a strict rule matches the body; nothing was sent.
            BudgetExhaustedError: the next attempt may cost more than is left.
            RunRejectedError: account, key, model, parameter or path are rejected.
            PatienceExceededError: the endpoint asks for a pause beyond the run's patience.
            RequestRejectedError: another 4xx; a retry would be rejected too.
            ModelRefusedError: moderation refuses the request.
            InfrastructureError: all attempts failed.
            CircuitOpenError: the endpoint of a route's member fails often.
        """
        call = AskedCall(messages, schema, tools)
        try:
            return await self._answer(call)
        except (BudgetExhaustedError, CircuitOpenError) as error:
            error.attempts = call.made
            raise

    async def _answer(self, call: AskedCall) -> Completion:
        while True:
            found = await self._attempt(call)
            if found.message is not None:
                self._format.learn(call.rejected_modes)
                self._retries.note_answer()
                return Completion.of(found.message, attempts=call.made, response_mode=call.mode)
            try:
                self._raise_if_final(call, found)
            except CallFailedError:
                self._format.clear(call.rejected_modes)
                raise
            if found.outcome == "response_format_refused":
                self._format.suspect(call.mode)
            if (pause := self._retries.pause_s(call, found)) > 0:
                await self._limit.pause(pause)

    async def _attempt(self, call: AskedCall) -> ResponseReading:
        """Wait for a slot, send once, and account for it."""
        body = self._checked_body(call)
        ticket = await self._limit.acquire(estimate_tokens(body, self._longest_answer))
        settled = Settled()
        try:
            if self._mode_of(call) != call.mode:
                body = self._checked_body(call)  # learned while this call waited
            # A text never has more tokens than bytes, whatever the tokenizer.
            reservation = await self._budget.reserve(
                prompt_tokens=len(body), completion_tokens=self._longest_answer
            )
            try:
                self._limit.require(ticket)
                started = time.perf_counter()
                found = await self._send(body, call)
                ended = time.perf_counter()
            except CircuitOpenError:
                self._budget.settle(reservation, 0.0)
                raise
            except BaseException:
                self._budget.settle(reservation, None)  # cancelled: it may have been billed
                raise
            attempt = _account(
                found, reservation, wait_s=started - call.ready_at, latency_s=ended - started
            )
            # Not later: the pause that the endpoint asks for begins when the slot is settled.
            call.ready_at = ended
            # Some providers do not limit reasoning: the next answer may be as long as this one.
            self._longest_answer = max(self._longest_answer, found.usage.completion_tokens or 0)
            call.attempts.append(attempt)
            self._budget.settle(reservation, attempt.cost_usd)
            settled = Settled(
                rate_limited=found.outcome == "rate_limited",
                served=found.outcome == "answered",
                tokens=attempt.usage.total_tokens,
                pause_s=backoff.bearable(found.pause_s, self._candidate.limits.patience_s),
                failed=found.is_failure,
            )
        finally:
            self._limit.settle(ticket, settled)
        return found

    def _checked_body(self, call: AskedCall) -> bytes:
        """Return the body to send, in the form to request now.

        Raises:
            GateBlockedError: a strict rule matches it.
        """
        call.mode = self._mode_of(call)
        body, end = chat_body(
            self._candidate, call.messages, mode=call.mode, schema=call.schema, tools=call.tools
        )
        if body != call.passed:  # another response format gives another body
            if findings := self._gate.findings(body, end=end):
                rules = ", ".join(findings)
                raise GateBlockedError(f"not sent: rule {rules} finds a value in the body")
            call.passed = body
        return body

    def _mode_of(self, call: AskedCall) -> ResponseMode:
        return "none" if call.tools else self._format.mode(call.schema, call.rejected_modes)

    async def _send(self, body: bytes, call: AskedCall) -> ResponseReading:
        # The caller ends it: until the answer is handled, the end of a run must not cancel this.
        self.in_flight.begin()
        try:
            reply = await self._endpoint.post(body)
            if reply.status == pending.ACCEPTED:
                reply = await pending.result_of(reply, self._endpoint, self._candidate)
        except WireError as error:
            return read_wire_error(error)
        return read_response(reply, mode=call.mode, gate=self._gate, has_tools=bool(call.tools))

    def _raise_if_final(self, call: AskedCall, found: ResponseReading) -> None:
        """Raise an error if a retry can't succeed."""
        candidate, made = self._candidate, call.made
        if found.rejection is not None:
            raise error_of_rejection(
                found.rejection, found.problem, candidate=candidate, attempts=made
            )
        patience_s = candidate.limits.patience_s
        pause_s = found.pause_s or 0.0
        # A used-up quota is often reported as a 429 without a time, again and again.
        if pause_s > patience_s or self._limit.limited_for_s > patience_s:
            asks = f"asks to wait {pause_s:.0f} s" if pause_s else "has rate limited every request"
            raise PatienceExceededError(
                f"{candidate.base_url} {asks}, beyond the {patience_s:g} s of patience_s "
                f"({found.problem}). Run it again later: all answers so far are kept.",
                pause_s=max(pause_s, self._limit.limited_for_s),
                attempts=made,
            )
        self.in_flight.end_for_retry(made)


def workers_for(limits: Limits) -> int:
    """Return how many workers a run needs: more than slots, as a wait for a retry uses none."""
    slots = limits.concurrency
    return min(slots * WORKERS_PER_SLOT, slots + MOST_SPARE_WORKERS)


def _account(
    found: ResponseReading, reservation: Reservation, *, wait_s: float, latency_s: float
) -> Attempt:
    """Return an attempt with its times and its cost."""
    cost_usd = reservation.cost_usd(
        found.usage, answered=found.message is not None, possibly_paid=found.possibly_paid
    )
    return Attempt(
        status=found.status,
        outcome=found.outcome,
        wait_ms=_milliseconds(wait_s),
        latency_ms=_milliseconds(latency_s),
        ttft_ms=None if found.ttft_ms is None else round(found.ttft_ms, 4),
        usage=found.usage,
        cost_usd=cost_usd,
        possibly_paid=found.possibly_paid,
        charged_usd=reservation.charged_usd(cost_usd),
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 4)
