"""The client of a run with several candidates: asks the members of its route until one answers.

    next member    after an infrastructure failure, with an open circuit, an exhausted budget, a
                   missing key, or rejected account, key or model (then not asked again in this run)
    final          a refusal of the model, a request that is rejected, a body that the gate blocks

An answer and the members that failed before it are one call: a run that is killed keeps both or
none, so its next run never asks a member whose turn was over.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Self

from replay_assets.candidates import Candidate
from replay_assets.inference.call import (
    BudgetExhaustedError,
    Call,
    CallFailedError,
    ChainStep,
    CircuitOpenError,
    Completion,
    InfrastructureError,
    PatienceExceededError,
    Question,
    RunRejectedError,
)
from replay_assets.inference.chat import ChatClient, InFlight, workers_for
from replay_assets.inference.routing.breaker import LONGEST_PAUSE_S, CircuitBreaker
from replay_assets.inference.routing.chain import Chain, final_step

LOOK_S = 0.1
"""Seconds between two looks at circuits that are all open."""
PASSED_ON = (
    InfrastructureError,
    BudgetExhaustedError,
    CircuitOpenError,
    RunRejectedError,
    PatienceExceededError,
)
"""Failures after which the next member is asked."""


class RouteClient:
    """The candidates of a run, each with a separate client.

    Args:
        usual: those that a question without addressees is for: the members of a route, in order.
        clients: the client of each candidate that can be asked, by id.
        breakers: the breaker of each member, by id.
        missing: the variables of keys that are not set, by the id of the candidate.
        in_flight: the requests in flight of all clients.
    """

    def __init__(
        self,
        usual: Sequence[Candidate],
        clients: Mapping[str, ChatClient],
        breakers: Mapping[str, CircuitBreaker],
        *,
        missing: Mapping[str, str],
        in_flight: InFlight,
    ) -> None:
        self._usual = tuple(one.id for one in usual)
        self._clients = clients
        self._breakers = breakers
        self._missing = missing
        self._rejected: dict[str, str] = {}
        self.workers = workers_for(usual[0].limits)
        self.in_flight = in_flight
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for client in self._clients.values():
            await self._opened.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    def learn_from_kept(self, call: Call, question: Question) -> None:
        """Let the client of the member that gave a kept answer learn from it."""
        client = self._clients.get(call.chain[-1].candidate_id) if call.chain else None
        if client is not None:
            client.learn_from_kept(call, question)

    async def answer(self, question: Question) -> tuple[Completion, tuple[ChainStep, ...]]:
        """Return the first answer of the members, and what happened until then.

        If open circuits are the only reason why none answered, members are asked again when a probe
        may be sent, but a request waits no longer than a pause for that. Else a short outage of all
        would fail the rest of a pack within a moment.

        Raises:
            CallFailedError: as `ChatClient.complete`; its `chain` has the members.
        """
        ids, chain, waited_s = question.to or self._usual, Chain(), 0.0
        while True:
            completion = await self._ask_in_turn(ids, question, chain)
            if completion is not None:
                return completion, tuple(chain.steps)
            pause_s = self._until_probe_s(chain)
            if pause_s is None or waited_s + pause_s > LONGEST_PAUSE_S:
                raise chain.error()
            waited_s += pause_s
            await asyncio.sleep(pause_s)

    async def _ask_in_turn(
        self, ids: Sequence[str], question: Question, chain: Chain
    ) -> Completion | None:
        for member in ids:
            if chain.has_given_up(member):
                continue
            if (wrong := self._skipped(member)) is not None:
                chain.skip(wrong)
                continue
            client, form = self._clients[member], question.form_of(member)
            try:
                completion = await client.complete(
                    form.messages, schema=form.schema, tools=form.tools
                )
            except PASSED_ON as error:
                chain.add(member, error)
                if isinstance(error, RunRejectedError):
                    self._rejected[member] = str(error)
                if self.in_flight.is_stopped:
                    break
                self.in_flight.end()
            except CallFailedError as error:
                chain.steps.append(final_step(member, error))
                error.attempts, error.chain = (), tuple(chain.steps)
                raise
            else:
                chain.steps.append(ChainStep(member, "answered"))
                return completion
        return None

    def _skipped(self, member: str) -> ChainStep | None:
        """Return the step of a member that can't be asked in this run."""
        if (variable := self._missing.get(member)) is not None:
            return ChainStep(member, "key_missing", error=f"{variable} is not set")
        if (why := self._rejected.get(member)) is not None:
            return ChainStep(member, "endpoint_refused", error=why)
        return None

    def _until_probe_s(self, chain: Chain) -> float | None:
        """Return how long to wait for a probe of a member with an open circuit; None if not."""
        if self.in_flight.is_stopped:
            return None
        waits = [self._breakers[one].left_s for one in chain.cut_short]
        return max(min(waits), LOOK_S) if waits else None
