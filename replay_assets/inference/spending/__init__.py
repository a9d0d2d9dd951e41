"""Money: the budget of a run, and the ledger of a day's spending that all runs share.

`SqlLedger` is not exported here: its module `sql_ledger` imports SQLAlchemy, so it is imported only
if a candidate has a budget per day.
"""

from replay_assets.inference.spending.budget import Purse, Reservation, RunBudget
from replay_assets.inference.spending.ledger import Entry, Ledger, MemoryLedger

__all__ = ["Entry", "Ledger", "MemoryLedger", "Purse", "Reservation", "RunBudget"]
