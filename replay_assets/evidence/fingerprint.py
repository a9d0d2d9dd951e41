"""The fingerprint of a day in the source: equal as long as nothing that we read has changed.

Made of the keys of the day's evidence, of each row's newest session and repair, and of the row
versions that the database keeps (`xmin`, which sees updates). Where it keeps none, as SQLite, it is
made of the rows' content.
"""

from collections.abc import Iterable

import pyarrow as pa

from replay_assets.lake.tables import TableDigest
from replay_assets.source.day.batches import Batch
from replay_assets.source.day.newest import VERSIONS

KEYS = ("id", "coordinator_id", "repair_id")
SCHEMA = pa.schema(
    [*((name, pa.string()) for name in KEYS), *((name, pa.int64()) for name in VERSIONS)]
)


class Fingerprint:
    """Takes a day's rows as they are read; the same rows in other batches give the same digest."""

    def __init__(self) -> None:
        self._digest: TableDigest | None = None

    def update(self, batch: Batch) -> None:
        """Add rows."""
        rows = keys_of(batch)
        if self._digest is None:
            self._digest = TableDigest(rows.schema)
        self._digest.update(rows)

    def hexdigest(self) -> str:
        """Return the fingerprint of the rows so far."""
        return (self._digest or TableDigest(SCHEMA)).hexdigest()

    @classmethod
    def of(cls, batches: Iterable[Batch]) -> str:
        """Return the fingerprint of whole results."""
        fingerprint = cls()
        for batch in batches:
            fingerprint.update(batch)
        return fingerprint.hexdigest()


def keys_of(batch: Batch) -> pa.Table:
    """Return keys and versions of rows; the rows themselves where they have no version."""
    if not batch.versions.num_columns:
        return batch.table
    columns = [batch.table[name] for name in KEYS]
    columns += [batch.versions[name].cast(pa.int64()) for name in VERSIONS]
    return pa.table(columns, schema=SCHEMA)
