"""Reading one day in one snapshot: statements, streams, batches and labels.

Nothing here decides whether a row can be used: the evidence stage does.
"""

from replay_assets.source.day.batches import RowBatch
from replay_assets.source.day.instant_columns import InstantColumns
from replay_assets.source.day.label_reading import UNREADABLE_LINE, read_labels, rows_of_file
from replay_assets.source.day.newest import VERSIONS
from replay_assets.source.day.orphans import Orphans, count_orphans
from replay_assets.source.day.reading import (
    MAX_TEXT_BYTES,
    DaySnapshot,
    day_snapshot,
    newest_instant,
)
from replay_assets.source.day.same_ids import same_id
from replay_assets.source.day.unplaced import (
    CANONICAL,
    READABLE,
    cure_of,
    forms_of,
    reason_of,
    refuse_where,
    worst_of,
)

__all__ = [
    "CANONICAL",
    "MAX_TEXT_BYTES",
    "READABLE",
    "UNREADABLE_LINE",
    "VERSIONS",
    "DaySnapshot",
    "InstantColumns",
    "Orphans",
    "RowBatch",
    "count_orphans",
    "cure_of",
    "day_snapshot",
    "forms_of",
    "newest_instant",
    "read_labels",
    "reason_of",
    "refuse_where",
    "rows_of_file",
    "same_id",
    "worst_of",
]
