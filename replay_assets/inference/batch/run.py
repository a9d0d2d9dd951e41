"""A run: ask a batch of dialogues, then publish their records from the calls that were kept.

The last step reads only dialogues and kept calls, so records are the same however often the run was
interrupted. What a dialogue asks, and what becomes of its record, belongs to the caller.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from replay_assets.candidates import Candidate
from replay_assets.errors import BatchStoppedError, JournalError, ReplayAssetsError
from replay_assets.inference.batch.dialogue import (
    Dialogue,
    KeyOf,
    OpenDialogue,
    Record,
    open_dialogues,
)
from replay_assets.inference.batch.dispatch import Dispatch
from replay_assets.inference.batch.progress import ProgressMeter, Report
from replay_assets.inference.batch.stores import RunStores
from replay_assets.inference.call.failures import EndpointRefusedError, PatienceExceededError
from replay_assets.inference.call_store import CallStore, Header
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.chat.gate import SendingGate
from replay_assets.inference.chat.request_key import RequestKeys

INTERRUPTED = "The process was told to end."

Published = TypeVar("Published")


class DialogueChangedError(ReplayAssetsError):
    """A dialogue did not ask the same when it was given the same calls again."""


@dataclass(frozen=True)
class Batch(Generic[Record]):
    """What a run asks.

    Args:
        work: the name under which its calls are kept, as a path: `judge/2026-09-21`.
        subject: what the run is about. Calls of another subject are moved aside; their answers to
            questions that did not change are still used.
        prompt_version: the version of the prompts. If the candidate wants a cache, answers are
            shared with all works that ask in the same version.
        dialogues: starts all dialogues anew, in an order that is always the same; called twice.
        size: how many dialogues there are.
    """

    work: str
    subject: Header
    prompt_version: str
    dialogues: Callable[[], Iterable[Dialogue[Record]]]
    size: int


def run_batch(
    batch: Batch[Record],
    publish: Callable[[Iterator[Record]], Published],
    *,
    candidate: Candidate,
    api_key: str | None,
    stores: RunStores,
    gate: SendingGate | None = None,
    timezone: str = "UTC",
    refresh: bool = False,
    progress: Report | None = None,
) -> Published:
    """Ask every question that no kept call answers, then publish the records in their order.

    Args:
        batch: what is asked.
        publish: takes the records one by one and makes them durable. Only when it returns, the run
            is over; if it raises, the next run continues from the kept calls.
        candidate: who is asked.
        api_key: the candidate's key, if it needs one.
        stores: where calls, spending and limits are.
        gate: what may leave; without one, only `api_key` is guarded beside the strict rules.
        timezone: the zone of the days that prices and budgets hold for.
        refresh: ask everything again.
        progress: is called with the state of the run each time calls have become durable.

    Raises:
        BatchStoppedError: the run ended early; what was answered is kept, the same run continues.
        JournalError: a call could not be kept.
        LockedError: another run works on the same.
        DialogueChangedError: a dialogue depends on more than its input and its calls.
    """
    opened = stores.calls.open(
        batch.work,
        batch.subject,
        refresh=refresh,
        cache_version=batch.prompt_version if candidate.cache else None,
    )
    with opened as calls, stores.ledger_for(candidate) as ledger:
        client = partial(
            ChatClient,
            candidate,
            api_key=api_key,
            gate=gate,
            ledger=ledger,
            spent_usd=calls.spent_usd,
            timezone=timezone,
            limits=stores.limits,
        )
        key_of = RequestKeys(candidate).of
        _ask_all(batch, key_of, client, calls, progress)
        published = publish(_records(batch, key_of, calls))
        calls.finish()
    return published


def _records(batch: Batch[Record], key_of: KeyOf, calls: CallStore) -> Iterator[Record]:
    """Yield the record of every dialogue."""
    made = 0
    for dialogue in open_dialogues(batch.dialogues(), key_of):
        yield _record_of(calls, dialogue)
        made += 1
    if made != batch.size:
        raise DialogueChangedError(
            f"{made} of {batch.size} dialogues were there when their records were made: "
            "`dialogues` must start all of them anew each time it is called. Nothing was published."
        )


def _record_of(calls: CallStore, dialogue: OpenDialogue[Record]) -> Record:
    """Walk a dialogue with kept calls and return its record."""
    while dialogue.question is not None:
        call = calls.get(dialogue.key)
        if call is None:
            raise DialogueChangedError(
                f"no call is kept of question {dialogue.key[:12]}…: a dialogue asked something "
                "else when it was walked again. It may depend on its input and its calls only, "
                "and asks nothing after a question with is_last. Nothing was published."
            )
        dialogue.receive(call)
    return dialogue.record


def _ask_all(
    batch: Batch[Record],
    key_of: KeyOf,
    client: Callable[[], ChatClient],
    calls: CallStore,
    progress: Report | None,
) -> None:
    """Ask in an event loop of this run's own."""
    size, meter = batch.size, ProgressMeter(batch.size, progress)

    async def ask() -> None:
        dialogues = open_dialogues(batch.dialogues(), key_of)
        with _cancelled_by_sigterm():  # the client belongs to the event loop, so it is made here
            await Dispatch(client(), dialogues, calls, meter).run(size=size)

    def stopped(why: str) -> BatchStoppedError:
        return BatchStoppedError(
            f"{why} {size - meter.done} of {size} requests have no result; nothing was published. "
            "What was answered is kept: run the same again, and it goes on."
        )

    try:
        asyncio.run(ask())
    except (asyncio.CancelledError, KeyboardInterrupt) as error:
        meter.count(calls.settle())
        raise stopped(INTERRUPTED) from error
    except (EndpointRefusedError, PatienceExceededError) as error:
        raise stopped(str(error)) from error
    except BaseExceptionGroup as group:
        first = _first(group)
        if not isinstance(first, Exception):  # an interrupt, raised where a task was at work
            meter.count(calls.settle())
            raise stopped(INTERRUPTED) from first
        raise first from first.__cause__


@contextmanager
def _cancelled_by_sigterm() -> Iterator[None]:
    """Let SIGTERM cancel the running task as SIGINT does, unless the process handles it itself."""
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
    """Return the one error that says what happened: tasks fail together."""
    errors = list(_leaves(group))
    interrupts = [error for error in errors if not isinstance(error, Exception)]
    lost = [error for error in errors if isinstance(error, JournalError)]
    return (lost + interrupts + errors)[0]


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
