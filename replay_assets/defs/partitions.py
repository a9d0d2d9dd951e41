"""Days and weeks as Dagster partitions: one definition for all daily assets, one for weekly ones.

All daily assets share a definition, so that they can run in one job with blocking checks between
the stages: a job can't mix partition definitions.
"""

from dataclasses import dataclass
from typing import Self

import dagster as dg

from replay_assets.settings import Settings


@dataclass(frozen=True)
class Partitions:
    """The partition definitions, and how a week maps to its days."""

    daily: dg.DailyPartitionsDefinition
    weekly: dg.WeeklyPartitionsDefinition

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the partitions for the configured time zone and first day."""
        return cls(
            daily=dg.DailyPartitionsDefinition(
                start_date=settings.first_day, timezone=settings.timezone
            ),
            # Day 1 is Monday; Dagster's own weeks begin on Sunday.
            weekly=dg.WeeklyPartitionsDefinition(
                start_date=settings.first_day, timezone=settings.timezone, day_offset=1
            ),
        )

    @staticmethod
    def days(key: dg.AssetKey) -> dg.AssetDep:
        """Return a weekly asset's dependency on the seven days of a daily one."""
        return dg.AssetDep(key, partition_mapping=dg.TimeWindowPartitionMapping())
