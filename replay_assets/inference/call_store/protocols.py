"""What a stage uses of the kept calls, and what each kind of storage has to offer for it.

`CallStores` and `CallStore` are for stages. `Shelf`, `Journal`, `Calls` and `AnswerCache` are for a
kind of storage: what may be reused and what is moved aside is decided in `kept`, the same for all.
"""

from collections.abc import AsyncIterator, Iterable
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from replay_assets.inference.call.call import Call

Header = dict[str, Any]
"""What a run is about: two runs with the same header ask for the same."""
RunName = Literal["journal", "calls"] | int
"""Of the runs of one work: the one under way, the last that was finished, or one moved aside."""


class CallStore(Protocol):
    """The finished calls of one work, as one run sees them."""

    @property
    def spent_usd(self) -> float:
        """What this run paid before it was interrupted."""
        ...

    def answer_of(self, key: str) -> Call | None:
        """Return the answer to a question that was asked before, in any run.

        Raises:
            JournalError: what is reused could not be written to this run's journal.
        """
        ...

    def get(self, key: str) -> Call | None:
        """Return what became of a call in this run, answer or not."""
        ...

    def append(self, call: Call) -> None:
        """Keep a finished call.

        Raises:
            JournalError: it could not be written; nothing may be sent any more.
        """
        ...

    def groups(self) -> AsyncIterator[list[Call]]:
        """Make what is appended durable, group by group; yield the calls that count from now on.

        Raises:
            JournalError: a group could not be made durable; nothing may be sent any more.
        """
        ...

    def settle(self) -> list[Call]:
        """Make the rest durable, and return the calls that count from now on.

        Raises:
            JournalError: it could not be made durable.
        """
        ...

    def finish(self) -> None:
        """Keep this run's calls as those behind the results, which are complete: the run is over.

        The calls behind the results until now are moved aside where they are of another subject or
        have an answer that this run did not ask for: fewer repeats are no reason to pay again.
        """
        ...


class CallStores(Protocol):
    """The kept calls of every work."""

    def open(
        self,
        work: str,
        subject: Header,
        *,
        refresh: bool = False,
        cache_version: str | None = None,
    ) -> AbstractContextManager[CallStore]:
        """Open the calls of one work for one run, and keep other runs from this work until then.

        A run that is not finished when the block ends goes on from what is kept.

        Args:
            work: a name as a path, such as `replay/my-model/2026-09-21`.
            subject: what the run is about; the journal of another subject is moved aside.
            refresh: ask for everything again. What an interrupted refresh was answered still
                counts: the same refresh goes on.
            cache_version: the version of the prompts, to share answers with every other work
                that asks in the same version; None: don't read or write shared answers.

        Raises:
            LockedError: another run has this work open.
            JournalError: kept calls are damaged, or can't be written.
        """
        ...


class Calls(Protocol):
    """The calls of one run, by key."""

    @property
    def keys(self) -> AbstractSet[Any]:
        """The keys that it has a call of, in a form of its own."""
        ...

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        ...

    def answers_beyond(self, keys: AbstractSet[Any]) -> bool:
        """Tell whether it has an answer to a key that is not among those of another run."""
        ...

    def close(self) -> None:
        """Free what it was read from."""
        ...


class Journal(Protocol):
    """The calls of the run under way: `CallStore` describes each method."""

    @property
    def spent_usd(self) -> float:
        """What was paid for the calls that were here when it was opened."""
        ...

    @property
    def keys(self) -> AbstractSet[Any]:
        """The keys that it has a call of, in the form of `Calls.keys`."""
        ...

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        ...

    def append(self, call: Call) -> None:
        """Keep a call."""
        ...

    def groups(self) -> AsyncIterator[list[Call]]:
        """Make what is appended durable, group by group."""
        ...

    def settle(self) -> list[Call]:
        """Make the rest durable."""
        ...

    def close(self) -> None:
        """Free what it is written to."""
        ...


class Shelf(Protocol):
    """Where the runs of one work are kept, one run at a time working on it."""

    def header_of(self, run: RunName) -> Header | None:
        """Return the header of a run; None where there is no such run, or it has no header yet.

        Raises:
            JournalError: the header is damaged; calls that were paid for may follow it.
        """
        ...

    def calls_of(self, run: RunName) -> Calls:
        """Open the calls of a run to read them.

        Raises:
            JournalError: a call is damaged.
        """
        ...

    def journal(self, header: Header) -> Journal:
        """Open the journal to go on with it, or a new one with this header.

        Raises:
            JournalError: it is damaged, or can't be written.
        """
        ...

    def move(self, run: RunName, to: RunName) -> None:
        """Give a run another name, in place of the run that had it."""
        ...

    def remove(self, run: RunName) -> None:
        """Remove a run."""
        ...

    def asides(self) -> list[int]:
        """Return the numbers of the runs that were moved aside, the oldest first."""
        ...


class AnswerCache(Protocol):
    """Answers across runs and works, all of one version of the prompts.

    It has answers only, never failures, and never an API key or the name of a run.
    """

    def get(self, key: str) -> Call | None:
        """Return an answer, marked as one that this run does not pay for."""
        ...

    def put(self, calls: Iterable[Call]) -> None:
        """Keep those calls that are a model's answers and were not read from here."""
        ...


def to_share(calls: Iterable[Call]) -> list[Call]:
    """Return those calls that a cache keeps."""
    return [call for call in calls if call.outcome == "answered" and not call.cached]
