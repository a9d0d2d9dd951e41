"""Batches of a day: bounded by the size of their rows, whichever reader makes them."""

from pathlib import Path

import pytest

from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.reading import day_snapshot
from replay_assets.source.day.streams import BATCH_BYTES, BATCH_ROWS
from tests.source.rows import DAY, incident, load

pytestmark = pytest.mark.integration

SMALL, LARGE, LARGE_BYTES = 150, 120, 500_000


@pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])
def test_large_rows_after_small_ones_make_smaller_batches(
    fast: bool, database: IncidentDatabase, tmp_path: Path
):
    """A storm of long logs in the afternoon: the morning's rows say nothing about its size."""
    load(
        database,
        tmp_path,
        incident_evidence=[incident(n) for n in range(SMALL)]
        + [
            incident(SMALL + n, collected_at="2026-09-21T07:00:00Z", evidence_summary="磁x" * size)
            for n, size in enumerate([LARGE_BYTES // 4] * LARGE)
        ],
    )
    with day_snapshot(database, DAY, fast=fast) as snapshot:
        sizes = [(len(batch.table), batch.table.nbytes) for batch in snapshot.evidence()]
    assert sum(rows for rows, _ in sizes) == SMALL + LARGE
    assert max(nbytes for _, nbytes in sizes) < 3 * BATCH_BYTES
    assert max(rows for rows, _ in sizes) <= BATCH_ROWS
