"""Asking: workers pull exchanges one by one, and each finished call goes to the journal.

A key or a model that the endpoint refuses and a pause longer than the run's patience end the run:
nothing more is sent, and what is out may come back within `HOME_S`. A journal that can't be written
and whoever ends the process end it at once. What was answered is kept.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from replay_assets.errors import JournalError, ReplayStoppedError
from replay_assets.inference.call.call import Call, CallOutcome
from replay_assets.inference.call.failures import (
    BudgetExhaustedError,
    CallFailedError,
    EndpointRefusedError,
    GateRefusedError,
    InfrastructureError,
    PatienceExceededError,
    RequestRejectedError,
)
from replay_assets.inference.call_store import CallStore
from replay_assets.inference.chat.client import ChatClient
from replay_assets.replay.exchange import Exchange, Exchanges, Question
from replay_assets.replay.progress import ProgressMeter
from replay_assets.replay.turns import Turns

HOME_S = 10.0
"""How long a run that ends early waits for what it has sent: that is paid for, answered or not."""
TOLD_TO_END = "The process was told to end."

ENDS_A_CALL: dict[type[CallFailedError], CallOutcome] = {
    RequestRejectedError: "request_rejected",
    InfrastructureError: "infrastructure_failure",
    GateRefusedError: "gate_refused",
    BudgetExhaustedError: "not_sent",
}


@dataclass
class Asking:
    """One run's asking. `exchanges` is shared by the workers; each exchange is taken once."""

    client: ChatClient
    how: Exchanges
    exchanges: Iterator[Exchange]
    kept: CallStore
    meter: ProgressMeter
    turns: Turns = field(default_factory=Turns)
    started: float = field(default_factory=time.perf_counter)
    _workers: set[asyncio.Task[None]] = field(default_factory=set)
    _ended_by: CallFailedError | None = None

    async def run(self, *, requests: int) -> None:
        """Ask until every exchange has its calls.

        Raises:
            EndpointRefusedError: no request can succeed.
            PatienceExceededError: the endpoint asks for a longer pause than the run bears.
            ExceptionGroup: what else ended it early.
        """
        async with asyncio.TaskGroup() as both:
            counting = both.create_task(self._count())
            async with self.client, asyncio.TaskGroup() as workers:
                for _ in range(min(self.client.workers, requests)):
                    self._workers.add(workers.create_task(self._work()))
            counting.cancel()
        self.settle()
        if self._ended_by is not None:
            raise self._ended_by

    def settle(self) -> int:
        """Make what was answered durable; return how many requests are done."""
        self.meter.count(self.kept.settle())
        return self.meter.done

    async def _count(self) -> None:
        async for group in self.kept.groups():
            self.meter.count(group)

    async def _work(self) -> None:
        await self.turns.take()
        try:
            for exchange in self.exchanges:
                call, reused = await self._answer(exchange.question)
                if (repair := self.how.repair(exchange, call)) is not None:
                    if self._ended_by is not None:
                        return
                    call, repair_reused = await self._answer(repair)
                    reused = reused and repair_reused
                if self._ended_by is None or call.is_answer:
                    self.meter.finish(call, reused=reused)
                # What came is kept. Before the next request is made ready, those that are get sent.
                await self.turns.take()
                if self._ended_by is not None:
                    return
        except (EndpointRefusedError, PatienceExceededError) as error:
            self._end(error)

    def _end(self, error: CallFailedError) -> None:
        """Send nothing more, and let what is out come back for a while."""
        if self._ended_by is not None:
            return
        self._ended_by = error
        self.client.in_flight.stop()
        asyncio.get_running_loop().call_later(HOME_S, _cancel, self._workers)
        _cancel(one for one in self._workers if not self.client.in_flight.is_out(one))

    async def _answer(self, question: Question) -> tuple[Call, bool]:
        """Return the call that answers a question, and whether it was kept from before."""
        if (kept := self.kept.answer_of(question.key)) is not None:
            return kept, True
        call = await self._ask(question)
        self.kept.append(call)
        self.meter.account(call)
        return call, False

    async def _ask(self, question: Question) -> Call:
        queued_ms = (time.perf_counter() - self.started) * 1000
        try:
            completion = await self.client.complete(
                question.messages, schema=question.schema, repeat=question.repeat
            )
        except CallFailedError as error:
            outcome = ENDS_A_CALL.get(type(error))
            if outcome is None:
                raise
            return Call(
                key=question.key,
                outcome=outcome,
                error=str(error),
                attempts=error.attempts,
                queue_ms=queued_ms,
            )
        finally:
            self.client.in_flight.is_back()
        queued_ms += completion.attempts[0].wait_ms
        return Call(key=question.key, outcome="answered", completion=completion, queue_ms=queued_ms)


def ask_all(asking: Callable[[], Asking], *, requests: int) -> Exchanges:
    """Run an asking to its end, whatever started this process; return how it asked.

    Raises:
        ReplayStoppedError: it ended early; the message says why, and that it can go on.
        JournalError: the journal could not be written.
    """
    made: list[Asking] = []

    async def run() -> None:
        made.append(asking())
        with _ended_by_sigterm():
            await made[0].run(requests=requests)

    try:
        asyncio.run(run())
    except (asyncio.CancelledError, KeyboardInterrupt) as error:
        done = made[0].settle() if made else 0
        raise _stopped(TOLD_TO_END, done, requests) from error
    except (EndpointRefusedError, PatienceExceededError) as error:
        raise _stopped(str(error), made[0].meter.done, requests) from error
    except BaseExceptionGroup as group:
        first = _first(group)
        if not isinstance(first, Exception):  # an interrupt, raised where a task was at work
            raise _stopped(TOLD_TO_END, made[0].settle(), requests) from first
        raise first from first.__cause__
    return made[0].how


def _cancel(workers: Iterable[asyncio.Task[None]]) -> None:
    for worker in workers:
        worker.cancel()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM cancel the running task as SIGINT does, where nobody else handles it."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    ours = (
        task is not None
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if task is not None and ours:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        if ours:
            loop.remove_signal_handler(signal.SIGTERM)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the one error that says what happened: workers fail together."""
    errors = list(_leaves(group))
    told = [error for error in errors if not isinstance(error, Exception)]
    lost = [error for error in errors if isinstance(error, JournalError)]
    return (lost + told + errors)[0]


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _stopped(why: str, done: int, requests: int) -> ReplayStoppedError:
    return ReplayStoppedError(
        f"{why} {requests - done} of {requests} requests have no result; nothing was published. "
        "What was answered is kept: run the same again, and it goes on."
    )
