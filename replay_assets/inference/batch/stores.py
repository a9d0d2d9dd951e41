"""The stores that runs use and share: calls, spending, rate limits of endpoints."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from replay_assets.candidates import Candidate
from replay_assets.inference.call_store import CallStores, LocalCallStores, MemoryCallStores
from replay_assets.inference.routing import SHARED_BREAKERS, CircuitBreakers
from replay_assets.inference.spending import Ledger, MemoryLedger
from replay_assets.inference.throttling import SHARED_LIMITS, InProcessLimits, LimitStore


@dataclass(frozen=True)
class RunStores:
    """The stores of a deployment.

    Args:
        calls: the finished calls of every work, and locks, so that two runs never do one work.
        open_ledger: opens the ledger of daily spending for the duration of a run.
        limits: the rate limits of every endpoint.
        breakers: the circuit breakers of every endpoint, for routes.
    """

    calls: CallStores
    open_ledger: Callable[[], AbstractContextManager[Ledger]]
    limits: LimitStore
    breakers: CircuitBreakers = SHARED_BREAKERS

    @classmethod
    def local(cls, root: Path, *, shared: Path) -> Self:
        """Return stores on the local disk: one folder in `root` per work, the rest in `shared`.

        Rate limits are shared within this process only.
        """
        calls = LocalCallStores(root, cache=shared / "cache")
        return cls(calls, partial(_local_ledger, shared / "ledger"), SHARED_LIMITS)

    @classmethod
    def in_memory(cls) -> Self:
        """Return stores in memory, which exist as long as the object."""
        ledger = MemoryLedger()
        return cls(
            MemoryCallStores(), lambda: nullcontext(ledger), InProcessLimits(), CircuitBreakers()
        )

    def ledger_for(self, asked: Iterable[Candidate]) -> AbstractContextManager[Ledger | None]:
        """Open the ledger if a candidate has a daily budget; without one, no ledger is needed."""
        budgets = [one.budget_usd for one in asked if one.budget_usd is not None]
        has_daily = any(budget.day is not None for budget in budgets)
        return self.open_ledger() if has_daily else nullcontext()


@contextmanager
def _local_ledger(folder: Path) -> Iterator[Ledger]:
    from replay_assets.inference.spending.sql_ledger import SqlLedger  # imports SQLAlchemy

    with closing(SqlLedger.in_folder(folder)) as ledger:
        yield ledger
