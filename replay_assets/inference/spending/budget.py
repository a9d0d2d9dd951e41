"""The money that a run may spend: reserved before an attempt is sent, settled when it has ended.

If it can't be known whether an attempt was billed (a reset, a timeout), it is charged at its
highest price. An attempt that does not fit into the budget waits for attempts in flight, because
they may cost less than was reserved for them.
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
    """The most that one attempt can cost, and the prices by which it is charged."""

    prices: Prices | None
    highest_usd: float | None
    entry: Entry | None

    def cost_usd(self, usage: Usage, *, answered: bool, possibly_paid: bool) -> float | None:
        """Return what the attempt cost; None if the candidate has no price or usage is unknown."""
        if self.prices is None:
            return None
        if possibly_paid:
            return self.highest_usd
        return self.prices.cost_usd(usage) if answered else 0.0

    def charged_usd(self, cost_usd: float | None) -> float | None:
        """Return what an attempt uses of the budget; None if the candidate has no price."""
        return self.highest_usd if cost_usd is None else cost_usd


class RunBudget:
    """The budget of one run. `spent_usd` begins with what earlier parts of the same run spent."""

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
        """Reserve the most that an attempt with at most these numbers of tokens can cost.

        Raises:
            BudgetExhaustedError: it does not fit, and no attempt in flight could still free money.
            JournalError: the ledger can't be written, now or when an earlier attempt was settled.
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
        """Charge what an attempt cost, or its highest price if the cost is unknown (None).

        If the ledger can't be written, the answer that was just received must not be lost: the next
        attempt raises the error instead. Until then the ledger has this attempt at its highest
        price.
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
        # Before the ledger, which reserves the amount when it is asked.
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
            "the same again: a new run has a new budget, and so has the next day."
        )

    def _today(self) -> date:
        return datetime.now(self._zone).date()
