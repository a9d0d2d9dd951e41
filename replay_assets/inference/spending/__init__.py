"""Money: the budget of a run, and the ledger of a day's spending that all runs share.

Prices are in the catalogue, `candidates`. `SqlLedger` is not exported here: its module `sql_ledger`
imports SQLAlchemy, so it is imported only if a candidate has a budget per day.
"""

from replay_assets.inference.spending.budget import CandidateBudget, Reservation, RunBudget
from replay_assets.inference.spending.ledger import Ledger, MemoryLedger

__all__ = [
    "CandidateBudget",
    "Ledger",
    "MemoryLedger",
    "Reservation",
    "RunBudget",
]
