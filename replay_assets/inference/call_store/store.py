"""What a partition has of finished calls: this run's journal, earlier ones, and the cache.

In the partition's folder, on a local disk:

    replay_journal.jsonl         the run that goes on, or that was interrupted
    replay_calls.jsonl           the calls behind the results that were made last
    replay_calls.aside-1.jsonl   calls of a pack, candidate or contract that was changed since, or
                                 of a run that asked more

An answer with an equal key is reused from any of them, whatever changed around it. It is copied
into the journal, marked as paid for by another run, so a journal is whole by itself. The calls stay
beside the results, not in them and not in the lake: they are not parsed yet, and only what was
cleaned then leaves.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from replay_assets.inference.call.call import Call
from replay_assets.inference.call_store.cache import AnswerCache
from replay_assets.inference.call_store.journal import (
    CallFile,
    FileJournal,
    Header,
    Journal,
    header_of,
)
from replay_assets.lake.files import rename

JOURNAL_FILE = "replay_journal.jsonl"
CALLS_FILE = "replay_calls.jsonl"
ASIDE_FILE = "replay_calls.aside-{number}.jsonl"
FORMAT = 1


class CallStore:
    """The finished calls of one partition, as one run sees them.

    `spent_usd` is what this run paid before it was interrupted.

    Args:
        folder: the partition's own, on a local disk, held by this process.
        subject: what the run is about; the journal of another subject is moved aside.
        refresh: ask for everything again. What an interrupted refresh was answered still counts:
            the same refresh goes on.
        cache: answers of other runs and partitions, where the candidate wants them.

    Raises:
        JournalError: a file of calls is damaged, or the journal can't be written.
    """

    def __init__(
        self,
        folder: Path,
        subject: Header,
        *,
        refresh: bool = False,
        cache: AnswerCache | None = None,
    ) -> None:
        self._folder = folder
        self._cache = cache
        self._subject = {"format": FORMAT, **subject}
        header = {**self._subject, "refresh": refresh}
        found = header_of(folder / JOURNAL_FILE)
        if found is not None and self._is_same(found) and (found["refresh"] or not refresh):
            header = found
        elif found is not None:
            rename(folder / JOURNAL_FILE, self._next_aside())
        self._refreshes = bool(header["refresh"])
        with ExitStack() as opened:
            journal = FileJournal(folder / JOURNAL_FILE, header)
            self.spent_usd = journal.spent_usd
            self._journal: Journal = opened.enter_context(closing(journal))
            # A refresh reads none of them, yet says at once, not at its end, that one is damaged.
            earlier = [opened.enter_context(closing(CallFile(path))) for path in self._readable()]
            self._earlier = [] if self._refreshes else earlier
            self._behind = next((one for one in earlier if one.path.name == CALLS_FILE), None)
            self._opened = opened.pop_all()

    def answer_of(self, key: str) -> Call | None:
        """Return the answer to a question that was asked before, by whatever run.

        Raises:
            JournalError: what is reused could not be written to the journal.
        """
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
        if call is not None:
            self._journal.append(call)
        return call

    def get(self, key: str) -> Call | None:
        """Return what became of a call in this run, answer or not."""
        return self._journal.get(key)

    def append(self, call: Call) -> None:
        """Keep a finished call.

        Raises:
            JournalError: it could not be written.
        """
        self._journal.append(call)

    async def groups(self) -> AsyncIterator[list[Call]]:
        """Yield the calls that count from now on, as they become durable.

        Raises:
            JournalError: a group could not be made durable.
        """
        async for group in self._journal.groups():
            if self._cache is not None:
                await asyncio.to_thread(self._cache.put, group)
            yield group

    def settle(self) -> list[Call]:
        """Make the rest durable, and return the calls that count by it."""
        group = self._journal.settle()
        if self._cache is not None:
            self._cache.put(group)
        return group

    def close(self) -> None:
        """Let go of every file; a run that is not finished goes on from them."""
        self._opened.close()

    def finish(self) -> None:
        """Make the journal the calls behind the results: these are whole, the run is over.

        The calls behind the results until now are moved aside where they are another subject's or
        hold an answer that this run did not ask for: fewer repeats are no reason to pay again.
        """
        less = self._behind is not None and not self._journal.covers(self._behind)
        self.close()
        calls = self._folder / CALLS_FILE
        found = header_of(calls)
        if found is not None and (less or not self._is_same(found)):
            rename(calls, self._next_aside())
        rename(self._folder / JOURNAL_FILE, calls)

    def _is_same(self, header: Header) -> bool:
        return {name: value for name, value in header.items() if name != "refresh"} == self._subject

    def _readable(self) -> list[Path]:
        """Return the files of earlier runs in a form that this release reads, the newest first."""
        numbered = [
            self._folder / ASIDE_FILE.format(number=one) for one in range(1, self._asides())
        ]
        files = [self._folder / CALLS_FILE, *reversed(numbered)]
        return [one for one in files if (header_of(one) or {}).get("format") == FORMAT]

    def _next_aside(self) -> Path:
        return self._folder / ASIDE_FILE.format(number=self._asides())

    def _asides(self) -> int:
        """Return the first number that no file was moved aside under."""
        number = 1
        while (self._folder / ASIDE_FILE.format(number=number)).exists():
            number += 1
        return number
