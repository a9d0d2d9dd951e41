"""The ledger: what each candidate has spent on a day, shared by all runs.

The most that an attempt can cost is added before it is sent, and replaced by what it did cost once
it has ended. A run that is killed in between leaves the highest price in the ledger: it can't be
known whether that attempt was paid.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Protocol

ROUNDING_USD = 1e-9
"""Sums of amounts that are exactly a limit must not exceed it by the last bit of a float."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount that was set aside on a day, to be replaced by what was really spent."""

    day: date
    candidate_id: str
    amount_usd: float


class Ledger(Protocol):
    """Spending by day and candidate; the caller decides which day it is."""

    def spent_usd(self, day: date, candidate_id: str) -> float:
        """Return what a candidate has spent on a day, attempts under way at their highest price.

        Raises:
            JournalError: the ledger can't be read.
        """
        ...

    def reserve(
        self, day: date, candidate_id: str, amount_usd: float, *, limit_usd: float | None
    ) -> Entry | None:
        """Set an amount aside; None, and nothing is changed, where it would exceed the limit.

        Of two runs that ask at the same moment, each sees the amount of the other or comes first.

        Raises:
            JournalError: it could not be written.
        """
        ...

    def settle(self, entry: Entry, spent_usd: float) -> None:
        """Replace what was set aside by what was spent; once for each entry.

        Raises:
            JournalError: it could not be written.
        """
        ...


class MemoryLedger:
    """A ledger of this process, for as long as the object lives."""

    def __init__(self) -> None:
        self._spent_usd: defaultdict[tuple[date, str], float] = defaultdict(float)

    def spent_usd(self, day: date, candidate_id: str) -> float:
        """Return what a candidate has spent on a day, attempts under way at their highest price."""
        return self._spent_usd[day, candidate_id]

    def reserve(
        self, day: date, candidate_id: str, amount_usd: float, *, limit_usd: float | None
    ) -> Entry | None:
        """Set an amount aside; None, and nothing is changed, where it would exceed the limit."""
        spent_usd = self._spent_usd[day, candidate_id] + amount_usd
        if limit_usd is not None and spent_usd > limit_usd + ROUNDING_USD:
            return None
        self._spent_usd[day, candidate_id] = spent_usd
        return Entry(day, candidate_id, amount_usd)

    def settle(self, entry: Entry, spent_usd: float) -> None:
        """Replace what was set aside by what was spent."""
        self._spent_usd[entry.day, entry.candidate_id] += spent_usd - entry.amount_usd
