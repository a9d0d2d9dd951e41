"""Which kept calls a run may use, and which are moved aside: the same for every kind of storage.

An answer with an equal key is reused from any run of the work, even if other things changed. It is
copied into the journal and marked as paid for by another run, so each journal is complete.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from replay_assets.inference.call import Call
from replay_assets.inference.call_store.protocols import (
    AnswerCache,
    Calls,
    CallStore,
    Header,
    RunName,
    Shelf,
)
from replay_assets.lake.locks import Locks

FORMAT = 1
"""The version of kept calls: runs of another version are moved aside and not read."""
MOST_ASIDE = 3
"""How many runs that were moved aside are kept: each may be as large as the results' calls."""


class ShelvedCallStores:
    """`CallStores` for any kind of storage: one shelf per work, one cache per prompt version."""

    def __init__(
        self,
        locks: Locks,
        shelf_of: Callable[[str], Shelf],
        cache_of: Callable[[str], AnswerCache],
    ) -> None:
        self._locks = locks
        self.shelf_of = shelf_of
        self.cache_of = cache_of

    @contextmanager
    def open(
        self,
        work: str,
        subject: Header,
        *,
        refresh: bool = False,
        cache_version: str | None = None,
    ) -> Iterator[CallStore]:
        """Open the calls of one work for one run; `CallStores.open` describes it."""
        cache = None if cache_version is None else self.cache_of(cache_version)
        with (
            self._locks.hold(work),
            closing(KeptCalls(self.shelf_of(work), subject, refresh=refresh, cache=cache)) as kept,
        ):
            yield kept

    def has_calls(self, work: str) -> bool:
        """Return whether there are calls of any run of a work."""
        shelf = self.shelf_of(work)
        runs: list[RunName] = ["calls", "journal", *shelf.asides()]
        return any(shelf.header_of(run) is not None for run in runs)


class KeptCalls:
    """A `CallStore` over the runs of one work.

    Args:
        shelf: where the runs are kept; no other run may use it at the same time.
        subject: what the run is about.
        refresh: ask all questions again.
        cache: answers that all works share; None if the run does not use them.

    Raises:
        JournalError: kept calls are damaged, or the journal can't be written.
    """

    def __init__(
        self, shelf: Shelf, subject: Header, *, refresh: bool, cache: AnswerCache | None
    ) -> None:
        self._shelf = shelf
        self._subject = {"format": FORMAT, **subject}
        header = {**self._subject, "refresh": refresh}
        found = shelf.header_of("journal")
        # A refresh can't go on from a run that is not one: the answers of that run may be old.
        if found is not None and self._is_same(found) and (found["refresh"] or not refresh):
            header = found
        elif found is not None:
            self._move_aside("journal", found)
        self._refreshes = bool(header["refresh"])
        self._cache = cache
        self._unshared: list[Call] = []
        with ExitStack() as opened:
            self._journal = opened.enter_context(closing(shelf.journal(header)))
            self.spent_usd = self._journal.spent_usd
            self.spent_by_member = self._journal.spent_by_member
            # A refresh uses none of them, but it must report damage now, before it pays for calls.
            earlier: dict[RunName, Calls] = {
                run: opened.enter_context(closing(shelf.calls_of(run))) for run in self._readable()
            }
            self._earlier = [] if self._refreshes else list(earlier.values())
            self._behind = earlier.get("calls")
            self._opened = opened.pop_all()

    def answer_of(self, key: str) -> Call | None:
        """Return the answer to a question that any run has asked before."""
        call = self._journal.get(key)
        if call is not None and call.is_answer:
            return call
        for earlier in self._earlier:
            call = earlier.get(key)
            if call is not None and call.is_answer:
                call = replace(call, cached=True)
                self._journal.append(call)
                return call
        if self._cache is None or self._refreshes:
            return None
        call = self._cache.get(key)
        if call is None or not call.is_answer:
            return None
        self._journal.append(call)
        return call

    def get(self, key: str) -> Call | None:
        """Return a finished call of this run, with an answer or without."""
        return self._journal.get(key)

    def was_rejected(self, key: str) -> bool:
        """Return whether the endpoint rejected this question in the run of the present results."""
        call = None if self._behind is None else self._behind.get(key)
        return call is not None and call.outcome == "request_rejected"

    def append(self, call: Call) -> None:
        """Keep a finished call."""
        self._journal.append(call)

    async def groups(self) -> AsyncIterator[list[Call]]:
        """Yield calls in groups, as they become durable and begin to count."""
        async for group in self._journal.groups():
            self._unshared += group  # for `settle`, if this is cancelled while it writes the cache
            if self._cache is not None:
                # In a thread: writing a large group takes time, and requests must go on meanwhile.
                await asyncio.to_thread(self._cache.put, group)
            group, self._unshared = self._unshared, []
            yield group

    def settle(self) -> list[Call]:
        """Make the remaining calls durable and return all that `groups` has not yielded."""
        group, self._unshared = self._unshared + self._journal.settle(), []
        if self._cache is not None:
            self._cache.put(group)
        return group

    def finish(self) -> None:
        """Keep this run's calls as the calls of the results: the run is over."""
        asked_less = self._behind is not None and self._behind.answers_beyond(self._journal.keys)
        self.close()
        found = self._shelf.header_of("calls")
        if found is not None and (asked_less or not self._is_same(found)):
            self._move_aside("calls", found)
        self._shelf.move("journal", "calls")

    def close(self) -> None:
        """Close journal and earlier calls; a run that is not finished can be resumed from them."""
        self._opened.close()

    def _is_same(self, header: Header) -> bool:
        return {name: value for name, value in header.items() if name != "refresh"} == self._subject

    def _readable(self) -> list[RunName]:
        """Return the earlier runs that this release can read, the newest first."""
        runs: list[RunName] = ["calls", *reversed(self._shelf.asides())]
        return [run for run in runs if (self._shelf.header_of(run) or {}).get("format") == FORMAT]

    def _move_aside(self, run: RunName, header: Header) -> None:
        """Keep a run under a new number, and remove the oldest runs if there are too many.

        A run without an answer is removed: it must not take the place of one that was paid for.
        """
        if header.get("format") == FORMAT:
            with closing(self._shelf.calls_of(run)) as calls:
                if not calls.answers_beyond(frozenset()):
                    self._shelf.remove(run)
                    return
        asides = self._shelf.asides()
        number = max(asides, default=0) + 1
        self._shelf.move(run, number)
        for oldest in [*asides, number][:-MOST_ASIDE]:
            self._shelf.remove(oldest)
