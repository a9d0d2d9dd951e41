"""A run: ask a batch of dialogues, then publish their records from the stored calls.

The last step reads only dialogues and stored calls, so the records are the same however often the
run was interrupted. The caller decides what dialogues ask and how records are published.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from replay_assets.candidates import Candidate
from replay_assets.errors import (
    CONTINUES,
    INTERRUPTED,
    BatchInterruptedError,
    BatchStoppedError,
    JournalError,
    ReplayAssetsError,
)
from replay_assets.inference.batch.collecting import rare_collections
from replay_assets.inference.batch.dialogue import (
    Dialogue,
    KeyOf,
    OpenDialogue,
    Record,
    open_dialogues,
)
from replay_assets.inference.batch.dispatch import Dispatch
from replay_assets.inference.batch.interrupts import Interrupts
from replay_assets.inference.batch.progress import ProgressMeter, Report
from replay_assets.inference.batch.stores import RunStores
from replay_assets.inference.call import Call, PatienceExceededError, RunRejectedError
from replay_assets.inference.call_store import CallStore, Header
from replay_assets.inference.chat import RequestKeys, SendingGate
from replay_assets.inference.routing import Clients, ReadKey, RouteKeys

Published = TypeVar("Published")


class DialogueChangedError(ReplayAssetsError):
    """A dialogue asked different questions when it received the same calls again."""


@dataclass(frozen=True)
class Batch(Generic[Record]):
    """The dialogues of a run, and the name of its calls.

    Args:
        work: the name under which its calls are stored, as a path: `judge/2026-09-21`.
        subject: identifies the input of the run. Calls of another subject are moved aside; their
            answers to unchanged questions are still used.
        prompt_version: the version of the prompts. If the candidate uses the cache, answers are
            shared between all works with the same version.
        dialogues: starts all dialogues from the beginning, always in the same order; called twice.
        size: the number of dialogues.
        accepts: whether an answer of an earlier run is reused; one that is not is asked again.
    """

    work: str
    subject: Header
    prompt_version: str
    dialogues: Callable[[], Iterable[Dialogue[Record]]]
    size: int
    accepts: Callable[[Call], bool] = lambda _: True


def run_batch(
    batch: Batch[Record],
    publish: Callable[[Iterator[Record]], Published],
    *,
    candidate: Candidate,
    api_key: str | None,
    stores: RunStores,
    keys: ReadKey = lambda _: None,
    others: Sequence[Candidate] = (),
    gate: SendingGate | None = None,
    timezone: str = "UTC",
    refresh: bool = False,
    progress: Report | None = None,
) -> Published:
    """Ask every question that no stored call answers, then publish the records in order.

    Args:
        batch: the dialogues to run.
        publish: reads the records one by one and makes them durable. The run is finished when it
            returns; if it raises, the next run continues from the stored calls.
        candidate: the candidate to ask, or a route over several.
        api_key: the candidate's key, if it needs one.
        stores: the stores of calls, spending, limits and circuit breakers.
        keys: reads the key in a variable, for the members of a route and for `others`.
        others: further candidates, for questions that are addressed to them.
        gate: checks what is sent; by default, it blocks `api_key` and what the strict rules find.
        timezone: the time zone of the days that prices and budgets refer to.
        refresh: ask all questions again.
        progress: is called with the state of the run each time calls have become durable.

    Raises:
        BatchStoppedError: the run ended early; answers are kept, and the same run continues.
        BatchInterruptedError: it ended early because of SIGINT or SIGTERM.
        JournalError: a call could not be stored.
        LockedError: another run does the same work.
        DialogueChangedError: a dialogue does not depend only on its input and its calls.
    """
    opened = stores.calls.open(
        batch.work,
        batch.subject,
        refresh=refresh,
        cache_version=batch.prompt_version if candidate.cache else None,
    )
    with (
        rare_collections(),
        opened as calls,
        stores.ledger_for((candidate, *candidate.members, *others)) as ledger,
    ):
        clients = Clients(
            candidate, others, api_key, keys, gate, ledger, calls, timezone,
            stores.limits, stores.breakers,
        )  # fmt: skip
        key_of = _key_of(candidate, others)
        _ask_all(batch, key_of, clients, calls, progress)
        published = publish(_records(batch, key_of, calls))
        calls.finish()
    return published


def _key_of(candidate: Candidate, others: Sequence[Candidate]) -> KeyOf:
    if candidate.route is None and not others:
        return RequestKeys(candidate).of
    return RouteKeys(candidate, others).of


def _records(batch: Batch[Record], key_of: KeyOf, calls: CallStore) -> Iterator[Record]:
    """Yield the record of every dialogue."""
    made = 0
    for dialogue in open_dialogues(batch.dialogues(), key_of):
        yield _record_of(calls, dialogue)
        made += 1
    if made != batch.size:
        raise DialogueChangedError(
            f"`dialogues` returned {made} of {batch.size} dialogues when records were made; it "
            "must start all of them again each time it is called. Nothing was published."
        )


def _record_of(calls: CallStore, dialogue: OpenDialogue[Record]) -> Record:
    """Run a dialogue with stored calls and return its record."""
    while dialogue.question is not None:
        call = calls.get(dialogue.key)
        if call is None:
            raise DialogueChangedError(
                f"no call is stored for question {dialogue.key[:12]}…: a dialogue asked another "
                "question when it ran again. It must depend only on its input and its calls, and "
                "ask nothing after a question with is_last. Nothing was published."
            )
        dialogue.receive(call)
    return dialogue.record


def _ask_all(
    batch: Batch[Record],
    key_of: KeyOf,
    clients: Clients,
    calls: CallStore,
    progress: Report | None,
) -> None:
    """Ask in a separate event loop for this run."""
    size, meter = batch.size, ProgressMeter(batch.size, progress)

    async def ask() -> None:
        dialogues = open_dialogues(batch.dialogues(), key_of)
        with interrupts.cancelling():  # the client needs the running event loop
            dispatch = Dispatch(clients.open(), dialogues, calls, meter, batch.accepts)
            await dispatch.run(size=size)

    def why_stopped(why: str) -> str:
        return (
            f"{why} {size - meter.answered} of {size} requests have no result; nothing was "
            f"published. {CONTINUES}"
        )

    # Until the calls are settled: their answers are paid for.
    with Interrupts() as interrupts:
        try:
            asyncio.run(ask())
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            meter.count(calls.settle())
            raise BatchInterruptedError(why_stopped(INTERRUPTED)) from error
        except (RunRejectedError, PatienceExceededError) as error:
            raise BatchStoppedError(why_stopped(str(error))) from error
        except BaseExceptionGroup as group:
            first = _first(group)
            if not isinstance(first, Exception):  # an interrupt that was raised inside a task
                meter.count(calls.settle())
                raise BatchInterruptedError(why_stopped(INTERRUPTED)) from first
            # The error itself, not that a group of tasks has failed.
            raise first from first.__cause__
    if interrupts.received is not None:  # after the last answer
        raise BatchInterruptedError(why_stopped(INTERRUPTED))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the most important error of a group: several tasks may fail at the same time."""
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
