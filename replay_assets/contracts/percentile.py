"""The one definition of a percentile of latencies, so that runs, weeks and verdicts agree.

Lengths of training rows have another one (nearest rank): a limit on tokens cuts rows, so their
percentile is the length of a row.
"""

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return a percentile by linear interpolation, numpy's default; None if there are no values."""
    if not values:
        return None
    ordered = sorted(values)
    index, rest = divmod(percent * (len(ordered) - 1), 100)
    if not rest:
        return ordered[index]
    return (ordered[index] * (100 - rest) + ordered[index + 1] * rest) / 100
