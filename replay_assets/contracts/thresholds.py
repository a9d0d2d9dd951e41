"""How many unusable rows mean a broken source: one limit for extraction and for `doctor`.

What a candidate must show, and how many of its requests must be answered, is in the gate's policy.
"""

MAX_QUARANTINED_SHARE = 0.01
"""Share of a day's rows that can be unusable before the source counts as broken."""

ALWAYS_ACCEPTED_QUARANTINED_ROWS = 10
"""Up to this many unusable rows never count as a broken source: in a small day, a single row would
exceed the share."""


def is_too_many(unusable: int, rows: int) -> bool:
    """Return whether that many unusable rows mean a broken source."""
    return unusable > max(ALWAYS_ACCEPTED_QUARANTINED_ROWS, MAX_QUARANTINED_SHARE * rows)
