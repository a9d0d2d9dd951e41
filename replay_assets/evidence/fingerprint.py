"""The fingerprint of a day in the source: equal as long as no data that we read has changed.

It is computed from the keys of the day's evidence, of each row's newest session and repair, and
from the row versions of the database (`xmin`, which changes with an update). If the database has no
row versions, as SQLite, it is computed from the rows' content.
"""

from collections.abc import Iterable

import pyarrow as pa

from replay_assets.lake.tables import TableDigest
from replay_assets.source import VERSIONS, RowBatch

KEYS = ("id", "coordinator_id", "repair_id")
SCHEMA = pa.schema(
    [*((name, pa.string()) for name in KEYS), *((name, pa.int64()) for name in VERSIONS)]
)


class Fingerprint:
    """A digest of a day's rows while they are read; it does not depend on the batch size."""

    def __init__(self) -> None:
        self._digest: TableDigest | None = None

    def update(self, batch: RowBatch) -> None:
        """Add rows."""
        rows = keys_of(batch)
        if self._digest is None:
            self._digest = TableDigest(rows.schema)
        self._digest.update(rows)

    def hexdigest(self) -> str:
        """Return the fingerprint of the rows so far."""
        # A day without rows has no batch, and so no schema of its rows.
        return (self._digest or TableDigest(SCHEMA)).hexdigest()

    @classmethod
    def of(cls, batches: Iterable[RowBatch]) -> str:
        """Return the fingerprint of all batches of a result."""
        fingerprint = cls()
        for batch in batches:
            fingerprint.update(batch)
        return fingerprint.hexdigest()


def keys_of(batch: RowBatch) -> pa.Table:
    """Return keys and versions of rows; the full rows if they have no versions."""
    if not batch.versions.num_columns:
        return batch.table
    columns = [batch.table[name] for name in KEYS]
    columns += [batch.versions[name].cast(pa.int64()) for name in VERSIONS]
    return pa.table(columns, schema=SCHEMA)
