"""A run: ask a batch of dialogues, then publish their records from the calls that were kept.

The last step reads only dialogues and kept calls, so records are the same however often the run was
interrupted. What a dialogue asks, and what becomes of its record, belongs to the caller.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

from replay_assets.errors import BatchStoppedError, JournalError, ReplayAssetsError
from replay_assets.inference.batch.dialogue import Dialogue, DialogueOpener, OpenDialogue, Record
from replay_assets.inference.batch.dispatch import Dispatch
from replay_assets.inference.batch.progress import ProgressMeter, Report
from replay_assets.inference.call.failures import EndpointRefusedError, PatienceExceededError
from replay_assets.inference.call.question import Question
from replay_assets.inference.call_store import CallStore
from replay_assets.inference.chat.client import ChatClient

INTERRUPTED = "The process was told to end."

Published = TypeVar("Published")


class DialogueChangedError(ReplayAssetsError):
    """A dialogue did not ask the same when it was given the same calls again."""


class ClientFactory(Protocol):
    """Makes the client of a run: `partial(ChatClient, candidate, api_key=…)`."""

    def __call__(self, *, spent_usd: float) -> ChatClient:
        """Return a client; `spent_usd` is what earlier parts of the same run have spent."""
        ...


def run_batch(
    dialogues: Callable[[], Iterable[Dialogue[Record]]],
    publish: Callable[[Iterator[Record]], Published],
    *,
    size: int,
    client: ClientFactory,
    calls: CallStore,
    progress: Report | None = None,
) -> Published:
    """Ask every question that no kept call answers, then publish the records in their order.

    Args:
        dialogues: starts all dialogues anew, in an order that is always the same; called twice.
        publish: takes the records one by one and makes them durable. Only when it returns, the run
            is over; if it raises, the next run continues from the kept calls.
        size: how many dialogues there are.
        client: makes the client, inside the event loop of this run.
        calls: the calls of this run and of earlier ones, open until this returns.
        progress: is called with the state of the run each time calls have become durable.

    Raises:
        BatchStoppedError: the run ended early; what was answered is kept, the same run continues.
        JournalError: a call could not be kept.
        DialogueChangedError: a dialogue depends on more than its input and its calls.
    """
    opener = _ask_all(dialogues, size=size, client=client, calls=calls, progress=progress)
    published = publish(map(partial(_record_of, calls=calls), opener.open(dialogues())))
    calls.finish()
    return published


def _record_of(dialogue: OpenDialogue[Record], *, calls: CallStore) -> Record:
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
    dialogues: Callable[[], Iterable[Dialogue[Record]]],
    *,
    size: int,
    client: ClientFactory,
    calls: CallStore,
    progress: Report | None,
) -> DialogueOpener:
    """Ask in an event loop of this run's own; return the opener, which knows the keys."""
    openers: list[DialogueOpener] = []
    meter = ProgressMeter(size, progress)

    async def ask() -> None:
        asked = client(spent_usd=calls.spent_usd)
        openers.append(DialogueOpener(partial(_key_of, asked)))
        with _cancelled_by_sigterm():
            await Dispatch(asked, openers[0].open(dialogues()), calls, meter).run(size=size)

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
    return openers[0]


def _key_of(client: ChatClient, question: Question) -> str:
    return client.request_key(question.messages, schema=question.schema, repeat=question.repeat)


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
    """Return the one error that says what happened: workers fail together."""
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
