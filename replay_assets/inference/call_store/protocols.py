"""The interface of kept calls for stages, and the interface that each kind of storage implements.

Stages use `CallStores` and `CallStore`. A kind of storage implements `Shelf`, `Journal`, `Calls`
and `AnswerCache`; what may be reused and what is moved aside is decided in `kept`, the same for
all.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from replay_assets.inference.call import Call

Header = dict[str, Any]
"""What a run is about: two runs with the same header ask the same questions."""
RunName = Literal["journal", "calls"] | int
"""Names a run of a work: the one in progress, the last finished one, or a number for one that was
moved aside."""


class CallStore(Protocol):
    """The finished calls of one work, as one run sees them."""

    @property
    def spent_usd(self) -> float:
        """What this run paid before it was interrupted."""
        ...

    @property
    def spent_by_member(self) -> Mapping[str, float]:
        """The part of it that each member of a route took, by candidate id."""
        ...

    def answer_of(self, key: str) -> Call | None:
        """Return the answer to a question that any run has asked before.

        Raises:
            JournalError: the reused answer could not be written to this run's journal.
        """
        ...

    def get(self, key: str) -> Call | None:
        """Return a finished call of this run, with an answer or without."""
        ...

    def was_rejected(self, key: str) -> bool:
        """Return whether the endpoint rejected this question in the run of the present results."""
        ...

    def append(self, call: Call) -> None:
        """Keep a finished call.

        Raises:
            JournalError: it could not be written; nothing may be sent any more.
        """
        ...

    def groups(self) -> AsyncIterator[list[Call]]:
        """Make appended calls durable, group by group; yield each group when it begins to count.

        Raises:
            JournalError: a group could not be made durable; nothing may be sent any more.
        """
        ...

    def settle(self) -> list[Call]:
        """Make the remaining calls durable and return all that `groups` has not yielded.

        Raises:
            JournalError: they could not be made durable.
        """
        ...

    def finish(self) -> None:
        """Keep this run's calls as the calls of the results: results are complete, the run is over.

        The calls of the earlier results are moved aside if they belong to another subject, or if
        they have an answer that this run did not ask for: a run with fewer repeats must not make a
        later run with more repeats pay again.
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
        """Open the calls of one work for one run; no other run can open this work meanwhile.

        A run that is not finished when the block ends can be resumed from what is kept.

        Args:
            work: a name as a path, such as `replay/my-model/2026-09-21`.
            subject: what the run is about; the journal of another subject is moved aside.
            refresh: ask all questions again. If a refresh was interrupted, the answers that it
                already has are used: the same refresh goes on.
            cache_version: the version of the prompts; answers are shared with every other work of
                the same version. None: shared answers are not read or written.

        Raises:
            LockedError: another run has this work open.
            JournalError: kept calls are damaged, or can't be written.
        """
        ...

    def has_calls(self, work: str) -> bool:
        """Return whether there are calls of any run of a work."""
        ...


class Calls(Protocol):
    """The calls of one run, by key."""

    @property
    def keys(self) -> AbstractSet[Any]:
        """The keys of its calls, in a form that each kind of storage chooses."""
        ...

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        ...

    def answers_beyond(self, keys: AbstractSet[Any]) -> bool:
        """Return whether it has an answer whose key is not among the keys of another run."""
        ...

    def close(self) -> None:
        """Release the file or connection that it was read from."""
        ...


class Journal(Protocol):
    """The calls of the run in progress: `CallStore` describes each method."""

    @property
    def spent_usd(self) -> float:
        """What was paid for the calls that were in it when it was opened."""
        ...

    @property
    def spent_by_member(self) -> Mapping[str, float]:
        """The part of it that each member of a route took, by candidate id."""
        ...

    @property
    def keys(self) -> AbstractSet[Any]:
        """The keys of its calls, in the form of `Calls.keys`."""
        ...

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        ...

    def append(self, call: Call) -> None:
        """Keep a call."""
        ...

    def groups(self) -> AsyncIterator[list[Call]]:
        """Make appended calls durable, group by group."""
        ...

    def settle(self) -> list[Call]:
        """Make the remaining calls durable."""
        ...

    def close(self) -> None:
        """Release the file or connection that it is written to."""
        ...


class Shelf(Protocol):
    """Where the runs of one work are kept; one run uses it at a time."""

    def header_of(self, run: RunName) -> Header | None:
        """Return the header of a run; None if there is no such run, or it has no header yet.

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
        """Open the existing journal to append to it, or a new one with this header.

        Raises:
            JournalError: it is damaged, or can't be written.
        """
        ...

    def move(self, run: RunName, to: RunName) -> None:
        """Give a run another name; it replaces the run that had this name."""
        ...

    def remove(self, run: RunName) -> None:
        """Remove a run."""
        ...

    def asides(self) -> list[int]:
        """Return the numbers of the runs that were moved aside, the oldest first."""
        ...


class AnswerCache(Protocol):
    """Answers that runs and works share, for one version of the prompts.

    It contains answers only, never failures, and never an API key or the name of a run.
    """

    def get(self, key: str) -> Call | None:
        """Return an answer, marked as one that another run paid for."""
        ...

    def put(self, calls: Iterable[Call]) -> None:
        """Keep the calls that are answers of a model and were not read from a cache."""
        ...


def to_share(calls: Iterable[Call]) -> list[Call]:
    """Return the calls that a cache keeps."""
    return [call for call in calls if call.outcome == "answered" and not call.cached]
