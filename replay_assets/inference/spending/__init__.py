"""Money: a run's budget, and the ledger that all runs of a day share."""
