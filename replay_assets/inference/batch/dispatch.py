"""Dispatch: workers take dialogues one by one, and each finished call goes to the call store.

A run ends early if the endpoint rejects account, key or model, or all requests, if it asks for a
pause longer than the run's patience, if the ledger can't be written, or if a dialogue, the cache or
a progress report raises an error. Then nothing more is sent, and requests in flight have
`DRAIN_TIMEOUT_S` to finish. If the journal can't be written or the process is interrupted, the run
ends immediately. Answers so far are kept.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Generic

from replay_assets.errors import JournalError
from replay_assets.inference.batch.dialogue import OpenDialogue, Record
from replay_assets.inference.batch.fair_queue import FairQueue
from replay_assets.inference.batch.progress import ProgressMeter
from replay_assets.inference.batch.rejections import RejectionWatch
from replay_assets.inference.call import (
    BudgetExhaustedError,
    Call,
    CallFailedError,
    CallOutcome,
    GateBlockedError,
    InfrastructureError,
    ModelRefusedError,
    Question,
    RequestRejectedError,
)
from replay_assets.inference.call_store import CallStore
from replay_assets.inference.chat import ChatClient
from replay_assets.inference.routing import RouteClient

DRAIN_TIMEOUT_S = 10.0
"""Seconds that a run which ends early waits for requests in flight: they are billed anyway."""

OUTCOME_OF_FAILURE: dict[type[CallFailedError], CallOutcome] = {
    ModelRefusedError: "model_refusal",
    RequestRejectedError: "request_rejected",
    InfrastructureError: "infrastructure_failure",
    GateBlockedError: "gate_refused",
    BudgetExhaustedError: "not_sent",
}
"""Failures that end one call only; all others end the run."""


@dataclass
class Dispatch(Generic[Record]):
    """The asking part of one run. All workers share `dialogues`; each dialogue is taken once."""

    client: ChatClient | RouteClient
    dialogues: Iterator[OpenDialogue[Record]]
    calls: CallStore
    meter: ProgressMeter
    accepts: Callable[[Call], bool] = lambda _: True
    queue: FairQueue = field(default_factory=FairQueue)
    rejections: RejectionWatch = field(default_factory=RejectionWatch)
    started: float = field(default_factory=time.perf_counter)
    _workers: set[asyncio.Task[None]] = field(default_factory=set)
    _under_way: dict[str, asyncio.Event] = field(default_factory=dict)
    _final: set[str] = field(default_factory=set)
    """Questions whose call in this run counts, although the next run asks them again."""
    _ended_by: Exception | None = None

    async def run(self, *, size: int) -> None:
        """Ask until all `size` dialogues have their calls.

        Raises:
            RunRejectedError: no request can succeed.
            PatienceExceededError: the endpoint asks for a longer pause than the run's patience.
            Exception: the error that a dialogue, the cache or a progress report raised.
            ExceptionGroup: any other errors that ended the run early.
        """
        async with asyncio.TaskGroup() as both:
            counting = both.create_task(self._count())
            async with self.client, asyncio.TaskGroup() as workers:
                for _ in range(min(self.client.workers, size)):
                    self._workers.add(workers.create_task(self._work()))
            # It never ends by itself; `settle` returns the calls that it has not counted.
            counting.cancel()
        self.meter.count(self.calls.settle())
        if self._ended_by is not None:
            raise self._ended_by
        self.rejections.require_answers()

    async def _count(self) -> None:
        try:
            async for group in self.calls.groups():
                self.meter.count(group)
        except JournalError:
            raise  # later answers could not be stored either, so don't wait for them
        except Exception as error:  # noqa: BLE001 - `run` raises it
            self._end(error)

    async def _work(self) -> None:
        await self.queue.take_turn()
        try:
            for dialogue in self.dialogues:
                await self._walk(dialogue)
                # Other workers may have received answers. They must send their next requests first:
                # preparing one blocks the event loop.
                await self.queue.take_turn()
                if self._ended_by is not None:
                    return
        except Exception as error:  # noqa: BLE001 - `run` raises it
            self._end(error)

    async def _walk(self, dialogue: OpenDialogue[Record]) -> None:
        """Ask those questions of a dialogue that no stored call answers."""
        call, is_reused = None, True
        while (question := dialogue.question) is not None:
            call = await self._known(dialogue.key)
            if call is None:
                if self._ended_by is not None:
                    return
                is_reused = False
                call = await self._ask_once(dialogue.key, question)
                # Reading the answer and preparing the next question block the event loop, too.
                if not question.is_last:
                    await self.queue.take_turn()
            else:
                self.client.learn_from_kept(call, question)
            if question.is_last:
                break
            dialogue.receive(call)
        # A call that failed because the run ends is asked again by the next run.
        if call is None or call.is_answer or self._ended_by is None:
            self.meter.finish(call, reused=is_reused)
        if is_reused:
            self.rejections.count_kept()

    def _end(self, error: Exception) -> None:
        """Send nothing more; wait a while for requests in flight, because they are billed."""
        if self._ended_by is not None:
            return
        self._ended_by = error
        self.client.in_flight.stop()
        asyncio.get_running_loop().call_later(DRAIN_TIMEOUT_S, _cancel, self._workers)
        _cancel(one for one in self._workers if not self.client.in_flight.is_sending(one))

    async def _known(self, key: str) -> Call | None:
        """Return the call of a question that need not be asked; wait for it if it is in flight.

        In one run a question has one call, even if that failed: a record is made from the newest
        call of each question, so a second call would change what a dialogue has already received.
        """
        under_way = self._under_way.get(key)
        if under_way is not None and self._ended_by is None:
            await under_way.wait()
        if key in self._final:
            return self.calls.get(key)
        call = self.calls.answer_of(key)
        return call if call is None or self.accepts(call) else None

    async def _ask_once(self, key: str, question: Question) -> Call:
        """Ask a question and store its call; other dialogues with the same question wait for it.

        If there is no call, the run ends, and the waiting dialogues are cancelled.
        """
        kept = self._under_way[key] = asyncio.Event()
        await self.rejections.admit()
        call = await self._ask(key, question)
        self.calls.append(call)
        self.meter.account(call)
        if not call.is_answer or not self.accepts(call):
            self._final.add(key)
        del self._under_way[key]
        kept.set()
        return call

    async def _ask(self, key: str, question: Question) -> Call:
        queued_ms = (time.perf_counter() - self.started) * 1000
        try:
            with self.rejections.request(was_rejected=partial(self.calls.was_rejected, key)):
                completion, chain = await self.client.answer(question)
        except CallFailedError as error:
            outcome = OUTCOME_OF_FAILURE.get(type(error))
            if outcome is None:
                raise
            return Call(
                key=key,
                outcome=outcome,
                error=str(error),
                attempts=error.attempts,
                queue_ms=queued_ms,
                ended_at=time.time(),
                chain=error.chain,
            )
        finally:
            self.client.in_flight.end()
        queued_ms += completion.attempts[0].wait_ms
        return Call(
            key=key,
            outcome="answered",
            completion=completion,
            queue_ms=queued_ms,
            ended_at=time.time(),
            chain=chain,
        )


def _cancel(workers: Iterable[asyncio.Task[None]]) -> None:
    for worker in workers:
        worker.cancel()
