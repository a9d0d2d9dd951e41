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
from replay_assets.inference.call import BudgetExhaustedError
from replay_assets.inference.spending.ledger import ROUNDING_USD, Ledger, LedgerEntry


class CandidateBudget:
    """What one candidate may spend in a run and in a day, and what is spent or reserved of it.

    `spent_usd` begins with what earlier parts of the same run spent. A route has a budget in
    addition to those of its members; an attempt of a member takes from both.
    """

    def __init__(self, candidate: Candidate, *, ledger: Ledger | None, spent_usd: float) -> None:
        self._id = candidate.id
        self._run_usd = candidate.budget_usd.run if candidate.budget_usd else None
        self._day_usd = candidate.budget_usd.day if candidate.budget_usd else None
        self._ledger = ledger
        self.spent_usd = spent_usd
        self.in_flight = 0
        self.settled = asyncio.Event()
        self._reserved_usd = 0.0
        self._broken: JournalError | None = None

    def take(self, day: date, amount_usd: float) -> "Hold | None":
        """Reserve an amount; None if there is less left.

        Raises:
            JournalError: the ledger can't be written, now or when an earlier attempt was settled.
        """
        if self._broken is not None:
            raise self._broken
        # Before the ledger, which reserves the amount when it is asked.
        if self._run_usd is not None:
            committed = self.spent_usd + self._reserved_usd
            if committed + amount_usd > self._run_usd + ROUNDING_USD:
                return None
        entry = None
        if self._ledger is not None:
            entry = self._ledger.reserve(day, self._id, amount_usd, limit_usd=self._day_usd)
            if entry is None:
                return None
        self._reserved_usd += amount_usd
        self.in_flight += 1
        return Hold(self, amount_usd, entry)

    def settle(self, hold: "Hold", charged_usd: float) -> None:
        """Replace a reserved amount by what was spent.

        If the ledger can't be written, the answer that was just received must not be lost: the next
        attempt raises the error instead. Until then the ledger has the reserved amount.
        """
        self.spent_usd += charged_usd
        self._reserved_usd -= hold.amount_usd
        self.in_flight -= 1
        if hold.entry is not None and self._ledger is not None:
            try:
                self._ledger.settle(hold.entry, charged_usd)
            except JournalError as error:
                self._broken = error
        self.settled.set()

    def exhausted(self, day: date, amount_usd: float) -> str:
        """Return why an attempt is not sent."""
        limits = {"this run": self._run_usd, f"{day}": self._day_usd}
        known = [f"{usd:g} USD for {name}" for name, usd in limits.items() if usd is not None]
        return (
            f"not sent: it may cost {amount_usd:.6f} USD, and the budget of candidate "
            f"{self._id!r} ({', '.join(known)}) has less left. Raise budget_usd, or run "
            "the same again: a new run has a new budget, and so has the next day."
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount that is reserved in a budget."""

    budget: CandidateBudget
    amount_usd: float
    entry: LedgerEntry | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """The most that one attempt can cost, and the prices by which it is charged."""

    prices: Prices | None
    highest_usd: float | None
    holds: tuple[Hold, ...] = ()

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
    """The money of one candidate in one run; `route` is the budget of the route that asks it."""

    def __init__(
        self,
        candidate: Candidate,
        *,
        ledger: Ledger | None,
        spent_usd: float,
        timezone: str,
        route: CandidateBudget | None = None,
    ) -> None:
        self._candidate = candidate
        self._own = CandidateBudget(candidate, ledger=ledger, spent_usd=spent_usd)
        self._budgets = (self._own,) if route is None else (self._own, route)
        self._zone = ZoneInfo(timezone)

    @property
    def spent_usd(self) -> float:
        """What the run has spent on this candidate."""
        return self._own.spent_usd

    async def reserve(self, *, prompt_tokens: int, completion_tokens: int) -> Reservation:
        """Reserve the most that an attempt with at most these numbers of tokens can cost.

        Raises:
            BudgetExhaustedError: it does not fit, and no attempt in flight could still free money.
            JournalError: the ledger can't be written, now or when an earlier attempt was settled.
        """
        day = self._today()
        prices = self._candidate.prices_on(day)
        if prices is None:
            if self._candidate.budget_usd is not None:
                raise BudgetExhaustedError(
                    f"candidate {self._candidate.id!r} has no price for {day}, so its budget "
                    "can't be kept. Add one with an earlier `from`."
                )
            return Reservation(None, None)
        highest = prices.highest_cost_usd(
            prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
        )
        while True:
            holds, lacking = self._take(day, highest)
            if lacking is None:
                return Reservation(prices, highest, holds)
            if not lacking.in_flight:
                raise BudgetExhaustedError(lacking.exhausted(day, highest))
            lacking.settled.clear()
            await lacking.settled.wait()

    def settle(self, reservation: Reservation, cost_usd: float | None) -> None:
        """Charge what an attempt cost, or its highest price if the cost is unknown (None)."""
        charged = reservation.charged_usd(cost_usd)
        if charged is not None:
            for hold in reservation.holds:
                hold.budget.settle(hold, charged)

    def _take(
        self, day: date, amount_usd: float
    ) -> tuple[tuple[Hold, ...], CandidateBudget | None]:
        """Reserve an amount in every budget, or in none; return the budget that has less left."""
        holds: list[Hold] = []
        for budget in self._budgets:
            hold = budget.take(day, amount_usd)
            if hold is None:
                for taken in holds:
                    taken.budget.settle(taken, 0.0)
                return (), budget
            holds.append(hold)
        return tuple(holds), None

    def _today(self) -> date:
        return datetime.now(self._zone).date()
