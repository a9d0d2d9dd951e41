"""The money that a run may spend: set aside before an attempt is sent, settled when it has ended.

What cannot be known to be unpaid (a reset, a timeout) is charged at its highest price. An attempt
that does not fit waits for those under way, which may cost less than was set aside for them.
"""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from replay_assets.candidates import Candidate, Prices
from replay_assets.contracts.result import Usage
from replay_assets.errors import JournalError
from replay_assets.inference.call.failures import BudgetExhaustedError
from replay_assets.inference.spending.ledger import ROUNDING_USD, Entry, Ledger


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one attempt can cost at most, and the prices it will be charged at."""

    prices: Prices | None
    highest_usd: float | None
    entry: Entry | None

    def cost_usd(self, usage: Usage, *, answered: bool, possibly_paid: bool) -> float | None:
        """Return what the attempt cost; None where the candidate is unpriced or usage unknown."""
        if self.prices is None:
            return None
        if possibly_paid:
            return self.highest_usd
        return self.prices.cost_usd(usage) if answered else 0.0

    def charged_usd(self, cost_usd: float | None) -> float | None:
        """Return what an attempt takes of the budget; None where the candidate is unpriced."""
        return self.highest_usd if cost_usd is None else cost_usd


class RunBudget:
    """One run's money. `spent_usd` begins with what earlier parts of the same run have spent."""

    def __init__(
        self, candidate: Candidate, *, ledger: Ledger | None, spent_usd: float, timezone: str
    ) -> None:
        self._candidate = candidate
        self._run_usd = candidate.budget_usd.run if candidate.budget_usd else None
        self._day_usd = candidate.budget_usd.day if candidate.budget_usd else None
        self._ledger = ledger
        self._zone = ZoneInfo(timezone)
        self.spent_usd = spent_usd
        self._set_aside_usd = 0.0
        self._under_way = 0
        self._settled = asyncio.Event()
        self._broken: JournalError | None = None

    async def reserve(self, *, prompt_tokens: int, completion_tokens: int) -> Reservation:
        """Set aside what an attempt with so many tokens at most can cost.

        Raises:
            BudgetExhaustedError: it does not fit, and nothing is under way that could make room.
            JournalError: the ledger can't be written, now or when an attempt before was settled.
        """
        if self._broken is not None:
            raise self._broken
        day = self._today()
        prices = self._candidate.prices_on(day)
        if prices is None:
            if self._candidate.budget_usd is not None:
                raise BudgetExhaustedError(
                    f"candidate {self._candidate.id!r} has no price for {day}, so its budget "
                    "can't be kept. Add one with an earlier `from`."
                )
            return Reservation(None, None, None)
        highest = prices.highest_cost_usd(
            prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
        )
        while True:
            fits, entry = self._try(day, highest)
            if fits:
                self._set_aside_usd += highest
                self._under_way += 1
                return Reservation(prices, highest, entry)
            if not self._under_way:
                raise BudgetExhaustedError(self._exhausted(day, highest))
            self._settled.clear()
            await self._settled.wait()

    def settle(self, reservation: Reservation, cost_usd: float | None) -> None:
        """Charge what an attempt cost, or its highest price where the cost is unknown (None).

        A ledger that can't be written must not cost an answer that is here: the next attempt ends
        the run. Until then the ledger has this one at its highest price.
        """
        charged = reservation.charged_usd(cost_usd)
        if reservation.highest_usd is None or charged is None:
            return
        self.spent_usd += charged
        self._set_aside_usd -= reservation.highest_usd
        self._under_way -= 1
        if reservation.entry is not None and self._ledger is not None:
            try:
                self._ledger.settle(reservation.entry, charged)
            except JournalError as error:
                self._broken = error
        self._settled.set()

    def _try(self, day: date, amount_usd: float) -> tuple[bool, Entry | None]:
        if self._run_usd is not None:
            committed = self.spent_usd + self._set_aside_usd
            if committed + amount_usd > self._run_usd + ROUNDING_USD:
                return False, None
        if self._ledger is None:
            return True, None
        entry = self._ledger.reserve(day, self._candidate.id, amount_usd, limit_usd=self._day_usd)
        return entry is not None, entry

    def _exhausted(self, day: date, amount_usd: float) -> str:
        limits = {"this run": self._run_usd, f"{day}": self._day_usd}
        known = [f"{usd:g} USD for {name}" for name, usd in limits.items() if usd is not None]
        return (
            f"not sent: it may cost {amount_usd:.6f} USD, and the budget of candidate "
            f"{self._candidate.id!r} ({', '.join(known)}) has less left. Raise budget_usd, or run "
            "it again."
        )

    def _today(self) -> date:
        return datetime.now(self._zone).date()
