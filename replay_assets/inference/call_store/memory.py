"""Kept calls in memory, while the object exists: for tests, and for runs that need no resume."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, KeysView, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from replay_assets.inference.call import Call
from replay_assets.inference.call_store.journal import GROUP_S
from replay_assets.inference.call_store.kept import ShelvedCallStores
from replay_assets.inference.call_store.protocols import Header, RunName, to_share
from replay_assets.lake.locks import MemoryLocks


class MemoryCallStores(ShelvedCallStores):
    """Keeps the calls of each work, and the answers that works share."""

    def __init__(self) -> None:
        shelves: defaultdict[str, MemoryShelf] = defaultdict(MemoryShelf)
        caches: defaultdict[str, MemoryAnswerCache] = defaultdict(MemoryAnswerCache)
        super().__init__(MemoryLocks(), shelves.__getitem__, caches.__getitem__)


@dataclass
class MemoryCalls:
    """The calls of one run. `spent_usd` is what was paid for all of them."""

    header: Header
    spent_usd: float = 0.0
    spent_by_member: Counter[str] = field(default_factory=Counter)
    _newest: dict[str, Call] = field(default_factory=dict)

    @property
    def keys(self) -> KeysView[str]:
        """The keys of its calls."""
        return self._newest.keys()

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        return self._newest.get(key)

    def add(self, call: Call) -> None:
        """Keep a call."""
        self._newest[call.key] = call
        self.spent_usd += call.spent_usd
        self.spent_by_member.update(call.spent_by_member)

    def answers_beyond(self, keys: AbstractSet[str]) -> bool:
        """Return whether it has an answer whose key is not among the keys of another run."""
        return any(self._newest[key].is_answer for key in self._newest.keys() - keys)

    def close(self) -> None:
        """Do nothing: there is nothing to free."""


class MemoryJournal:
    """The calls of the run in progress."""

    def __init__(self, calls: MemoryCalls) -> None:
        self._calls = calls
        self.spent_usd = calls.spent_usd
        self.spent_by_member: Mapping[str, float] = dict(calls.spent_by_member)
        self._waiting: list[Call] = []
        self._appended = asyncio.Event()

    @property
    def keys(self) -> KeysView[str]:
        """The keys of its calls."""
        return self._calls.keys

    def get(self, key: str) -> Call | None:
        """Return the newest call with a key."""
        return self._calls.get(key)

    def append(self, call: Call) -> None:
        """Keep a call."""
        self._calls.add(call)
        self._waiting.append(call)
        self._appended.set()

    async def groups(self) -> AsyncIterator[list[Call]]:
        """Yield what was appended since the last group."""
        while True:
            await self._appended.wait()
            await asyncio.sleep(GROUP_S)
            self._appended.clear()
            yield self.settle()

    def settle(self) -> list[Call]:
        """Return what was appended since the last group."""
        group, self._waiting = self._waiting, []
        return group

    def close(self) -> None:
        """Do nothing: there is nothing to free."""


class MemoryShelf:
    """The runs of one work, by name."""

    def __init__(self) -> None:
        self._runs: dict[RunName, MemoryCalls] = {}

    def header_of(self, run: RunName) -> Header | None:
        """Return the header of a run."""
        return self._runs[run].header if run in self._runs else None

    def calls_of(self, run: RunName) -> MemoryCalls:
        """Return the calls of a run."""
        return self._runs[run]

    def journal(self, header: Header) -> MemoryJournal:
        """Open the journal."""
        return MemoryJournal(self._runs.setdefault("journal", MemoryCalls(header)))

    def move(self, run: RunName, to: RunName) -> None:
        """Give a run another name."""
        self._runs[to] = self._runs.pop(run)

    def remove(self, run: RunName) -> None:
        """Remove a run."""
        del self._runs[run]

    def asides(self) -> list[int]:
        """Return the numbers of the runs that were moved aside."""
        return sorted(run for run in self._runs if isinstance(run, int))


class MemoryAnswerCache:
    """Shared answers of one version of the prompts."""

    def __init__(self) -> None:
        self._answers: dict[str, Call] = {}

    def get(self, key: str) -> Call | None:
        """Return an answer, marked as one that another run paid for."""
        call = self._answers.get(key)
        return None if call is None else replace(call, cached=True)

    def put(self, calls: Iterable[Call]) -> None:
        """Keep the calls that are answers of a model and were not read from a cache."""
        self._answers.update((call.key, call) for call in to_share(calls))
