"""The pause before a request is sent again if the endpoint asks for none: a seeded backoff."""

import random

TRIES = 4
"""Attempts of one request that may fail because of the endpoint or the network."""
MOST_RATE_LIMITS = 10
"""Attempts of one request that may be rate limited (429): ten in a row take about a minute."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LOADING_WAIT_S = 5.0
"""The longest pause while a model is loaded: often a minute, and nothing is paid meanwhile."""


class Backoff:
    """Exponential backoff with full jitter, seeded: two runs with the same faults wait equally."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - spreads retries, guards nothing

    def pause_s(self, failures: int, longest_s: float = LONGEST_WAIT_S) -> float:
        """Return the pause after a number of failures."""
        # Not more than 2**20: a model that loads for hours would overflow it.
        return self._random.uniform(0, min(FIRST_WAIT_S * 2 ** min(failures, 20), longest_s))


def bearable(pause_s: float | None, patience_s: float) -> float | None:
    """Return a pause that the endpoint's limit must keep; None if it is longer than the patience.

    A longer pause ends the run, so no other call has to wait for it.
    """
    return None if pause_s is None or pause_s > patience_s else pause_s
