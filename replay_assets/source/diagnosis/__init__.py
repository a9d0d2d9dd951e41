"""What `doctor` examines: connection, rights, tables, indexes and time zones.

It changes nothing. What was found is shown by the command line.
"""

from replay_assets.source.diagnosis.examine import examine_source

__all__ = [
    "examine_source",
]
