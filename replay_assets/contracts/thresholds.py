"""The limits that checks and verdicts use, in one place.

They are policy, not measurements: changing one changes what is accepted.
"""

MAX_UNANSWERED_SHARE = 0.02
"""Share of requests that may fail on infrastructure or at the gate before a check warns. With more,
a verdict can't be PROMOTE."""

MAX_QUARANTINED_SHARE = 0.01
"""Share of a day's rows that can be unusable before the source counts as broken."""

ALWAYS_ACCEPTED_QUARANTINED_ROWS = 10
"""Up to this many unusable rows never count as a broken source: in a small day, a single row would
exceed the share."""


def is_too_many(unusable: int, rows: int) -> bool:
    """Return whether that many unusable rows mean a broken source."""
    return unusable > max(ALWAYS_ACCEPTED_QUARANTINED_ROWS, MAX_QUARANTINED_SHARE * rows)
