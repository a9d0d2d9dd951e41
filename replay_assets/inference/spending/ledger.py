"""The ledger: what each candidate has spent on a day, shared by all runs.

Before an attempt is sent, the most that it can cost is added; when it has ended, this amount is
replaced by the real cost. If a run is killed in between, the highest price stays in the ledger,
because it can't be known whether the attempt was billed.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Protocol

ROUNDING_USD = 1e-9
"""Amounts whose exact sum equals a limit must fit, although the sum of floats may be larger."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An amount that was reserved on a day, to be replaced by what was really spent."""

    day: date
    candidate_id: str
    amount_usd: float


class Ledger(Protocol):
    """Spending by day and candidate; the caller decides which day it is."""

    def spent_usd(self, day: date, candidate_id: str) -> float:
        """Return what a candidate spent on a day; attempts in flight count at their highest price.

        Raises:
            JournalError: the ledger can't be read.
        """
        ...

    def reserve(
        self, day: date, candidate_id: str, amount_usd: float, *, limit_usd: float | None
    ) -> LedgerEntry | None:
        """Reserve an amount; None, without a change, if it would exceed the limit.

        Of two runs that ask at the same moment, the second sees the amount of the first.

        Raises:
            JournalError: it could not be written.
        """
        ...

    def settle(self, entry: LedgerEntry, spent_usd: float) -> None:
        """Replace a reserved amount by what was spent; once for each entry.

        Raises:
            JournalError: it could not be written.
        """
        ...


class MemoryLedger:
    """A ledger in the memory of this process, while the object exists."""

    def __init__(self) -> None:
        self._spent_usd: defaultdict[tuple[date, str], float] = defaultdict(float)

    def spent_usd(self, day: date, candidate_id: str) -> float:
        """Return what a candidate spent on a day, with the amounts that are still reserved."""
        return self._spent_usd[day, candidate_id]

    def reserve(
        self, day: date, candidate_id: str, amount_usd: float, *, limit_usd: float | None
    ) -> LedgerEntry | None:
        """Reserve an amount; None, without a change, if it would exceed the limit."""
        spent_usd = self._spent_usd[day, candidate_id] + amount_usd
        if limit_usd is not None and spent_usd > limit_usd + ROUNDING_USD:
            return None
        self._spent_usd[day, candidate_id] = spent_usd
        return LedgerEntry(day, candidate_id, amount_usd)

    def settle(self, entry: LedgerEntry, spent_usd: float) -> None:
        """Replace a reserved amount by what was spent."""
        self._spent_usd[entry.day, entry.candidate_id] += spent_usd - entry.amount_usd
