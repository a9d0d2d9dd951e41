"""Money: a run's budget, and the ledger of a day's spending that all runs share.

`SqlLedger` has a module of its own, `sql_ledger`, which is imported where a budget of a day needs
it: it brings SQLAlchemy along.
"""

from replay_assets.inference.spending.budget import Reservation, RunBudget
from replay_assets.inference.spending.ledger import Entry, Ledger, MemoryLedger

__all__ = ["Entry", "Ledger", "MemoryLedger", "Reservation", "RunBudget"]
