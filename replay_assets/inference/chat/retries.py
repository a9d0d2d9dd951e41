"""Whether a request is sent again after a failure, and when."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.inference.call import Attempt, InfrastructureError, Message, ResponseMode
from replay_assets.inference.chat.responses import ResponseReading
from replay_assets.inference.throttling import backoff

FEWEST_LOADING_S = 1.0
"""Seconds per attempt while a model is loaded, on average: as many as fit into the retry budget."""


@dataclass(slots=True)
class AskedCall:
    """One request on its way to an answer."""

    messages: Sequence[Message]
    schema: Mapping[str, Any] | None
    tools: Sequence[Mapping[str, Any]] = ()
    ready_at: float = field(default_factory=time.perf_counter)
    spent_s: float = 0.0
    """Seconds in attempts and in pauses after failures, without the wait in our own queue."""
    attempts: list[Attempt] = field(default_factory=list)
    passed: bytes = b""
    """The body that passed the gate, so that a retry of the same bytes is not checked again."""
    failures: int = 0
    rate_limits: int = 0
    loads: int = 0
    mode: ResponseMode = "none"
    rejected_modes: list[ResponseMode] = field(default_factory=list)

    @property
    def made(self) -> tuple[Attempt, ...]:
        """The attempts so far."""
        return tuple(self.attempts)


class Retries:
    """The retries of one endpoint. A pause that it asks for is kept by its limit, not here."""

    def __init__(self, candidate: Candidate, seed: int) -> None:
        self._most_s = candidate.limits.retry_budget_s
        self._backoff = backoff.Backoff(seed)
        self._loading_since: float | None = None

    def note_answer(self) -> None:
        """Record that the endpoint answered: its model is loaded."""
        self._loading_since = None

    def pause_s(self, call: AskedCall, found: ResponseReading) -> float:
        """Return the pause before the request's next attempt; a 429 pauses the whole endpoint.

        Raises:
            InfrastructureError: the limit of attempts or of time is reached.
        """
        call.spent_s += call.attempts[-1].latency_ms / 1000
        if found.outcome in ("response_format_refused", "response_format_failed"):
            call.rejected_modes.append(call.mode)
            return 0.0
        pause_s = 0.0
        if found.outcome == "rate_limited":
            call.rate_limits += 1
        elif found.outcome == "loading" and self._may_load(call):
            call.loads += 1
            if found.pause_s is None:
                pause_s = self._backoff.pause_s(call.loads, backoff.LOADING_WAIT_S)
        else:
            call.failures += 1
            # A pause that the endpoint asks for is not only for this request: the limit keeps it.
            if found.pause_s is None:
                pause_s = self._backoff.pause_s(call.failures)
        is_last = (
            call.failures >= backoff.TRIES
            or call.rate_limits >= backoff.MOST_RATE_LIMITS
            or found.outcome == "unfinished"  # sent again, it would run twice
        )
        if is_last or call.spent_s + pause_s > self._most_s:
            text = f"no answer after {len(call.attempts)} tries: {found.problem}"
            raise InfrastructureError(text, attempts=call.made)
        call.spent_s += found.pause_s or pause_s
        return pause_s

    def _may_load(self, call: AskedCall) -> bool:
        """Return whether to wait longer for the endpoint's model to be loaded.

        The time counts for all requests together: each of hundreds would wait for it again.
        """
        now, most_s = time.perf_counter(), self._most_s
        self._loading_since = self._loading_since or now
        return now - self._loading_since <= most_s and call.loads < most_s / FEWEST_LOADING_S
