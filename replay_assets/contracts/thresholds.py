"""Limits by which checks and verdicts judge, in one place.

They are policy, not measurements: changing one changes what is accepted.
"""

MAX_UNANSWERED_SHARE = 0.02
"""Share of requests that may fail on infrastructure or at the gate before a check warns and a
verdict says that it can't be sure."""

MINIMUM_GROUPS = 60
"""Scenario groups that a week must span before it can promote. Zero harms among 60 independent
incidents still allow a true rate of 4.9 % (one-sided 95 %); incidents of one scenario group share a
fault, so groups are what is counted."""

MAX_QUARANTINED_SHARE = 0.01
"""Share of a day's rows that can be unusable before the source counts as broken."""

ALWAYS_ACCEPTED_QUARANTINED_ROWS = 10
"""This many unusable rows never count as a broken source: a small day would fail on one of them."""
