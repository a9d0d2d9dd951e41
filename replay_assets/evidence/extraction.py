"""Extracts a day as it was known: evidence, newest decision and repair, messages, all repairs.

Rows flow from one snapshot of the source to Parquet in batches; the full day is never in memory.
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from replay_assets.contracts.calendar import DayWindow
from replay_assets.contracts.evidence import (
    INCIDENT_EVIDENCE,
    LOW_CARDINALITY,
    QUARANTINE,
    RECORDED_MESSAGES,
    RECORDED_REPAIRS,
)
from replay_assets.errors import SourceError
from replay_assets.evidence.fingerprint import Fingerprint
from replay_assets.evidence.quarantine import quarantined_rows
from replay_assets.evidence.usability import SUPERSEDED
from replay_assets.evidence.validation import (
    EVIDENCE_RULES,
    MESSAGE_RULES,
    REPAIR_RULES,
    Reasons,
    Rules,
    reasons_against,
    unknown_values,
)
from replay_assets.lake import PartitionWriter, Published, Store, TableWriter, assets
from replay_assets.source import (
    AUTO_REPAIR_EXECUTIONS,
    MAX_TEXT_BYTES,
    SESSION_MESSAGES,
    DaySnapshot,
    IncidentDatabase,
    RowBatch,
    day_snapshot,
    repeated,
)
from replay_assets.source import INCIDENT_EVIDENCE as SOURCE_EVIDENCE

CODE_VERSION = "2"
DUPLICATE = "duplicate_id:id"
"""Two rows have the same id: it is unknown which is right, so neither is used."""

Progress = Callable[[int], None]


def extract_day(
    database: IncidentDatabase,
    window: DayWindow,
    root: Store,
    *,
    max_text_bytes: int = MAX_TEXT_BYTES,
    fast: bool | None = None,
    progress: Progress | None = None,
) -> Published:
    """Read a day in one snapshot, separate valid rows from invalid ones, and publish both.

    Args:
        database: the source.
        window: the day, and the time up to which its sessions and repairs count.
        root: the root of raw evidence.
        max_text_bytes: a row with a longer text is quarantined; the text stays in the source.
        fast: whether to read PostgreSQL through ADBC; None: only for a large day, if installed.
        progress: called with the number of rows read so far.

    Raises:
        SourceError: the source can't be read; what was published before stays unchanged.
    """
    return repeated(
        lambda: _extract(database, window, root, max_text_bytes, fast=fast, progress=progress)
    )


def _extract(
    database: IncidentDatabase,
    window: DayWindow,
    root: Store,
    max_text_bytes: int,
    *,
    fast: bool | None,
    progress: Progress | None,
) -> Published:
    address = assets.INCIDENT_EVIDENCE.at(window.day)
    with day_snapshot(database, window, max_text_bytes=max_text_bytes, fast=fast) as snapshot:
        snapshot.refuse_unplaced()
        unusable: frozenset[str] = frozenset()
        while True:
            with root.writing(address) as partition:
                day = _Day(snapshot, partition, unusable, progress)
                day.read()
                if day.unusable_snapshots <= unusable:
                    return day.publish()
            # The newest snapshot of an incident is unusable, and there are older ones: read again
            # without it. This is rare, and the common day needs only one pass.
            unusable |= day.unusable_snapshots


@dataclass
class _Counts:
    """Counts of the day's rows by outcome."""

    read: int = 0
    kept: int = 0
    quarantined: int = 0
    joined_quarantined: int = 0
    messages: int = 0
    repairs: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None


class _Day:
    """One pass over a day's rows into the files of a partition."""

    def __init__(
        self,
        snapshot: DaySnapshot,
        partition: PartitionWriter,
        unusable: frozenset[str],
        progress: Progress | None,
    ) -> None:
        self.unusable_snapshots: frozenset[str] = frozenset()
        self._snapshot = snapshot
        self._partition = partition
        self._several = pa.array(sorted(snapshot.survey.snapshots), pa.string())
        self._newest = _newest_usable(snapshot.survey.snapshots, unusable)
        self._duplicates = pa.array(sorted(snapshot.survey.duplicate_ids), pa.string())
        self._progress = progress
        self._counts = _Counts()
        self._fingerprint = Fingerprint()
        self._lost: set[str] = set()
        self._evidence = self._table(assets.INCIDENT_EVIDENCE.table, INCIDENT_EVIDENCE)
        self._messages = self._table(assets.RECORDED_MESSAGES, RECORDED_MESSAGES)
        self._repairs = self._table(assets.RECORDED_REPAIRS, RECORDED_REPAIRS)
        self._quarantine = self._table(assets.QUARANTINE, QUARANTINE)

    def _table(self, name: str, schema: pa.Schema) -> TableWriter:
        dictionary = [column for column in schema.names if column in LOW_CARDINALITY]
        return self._partition.table(name, schema, dictionary=dictionary)

    def read(self) -> None:
        """Read all rows; this also sets `unusable_snapshots`."""
        # Closed immediately if a row can't be written: the connection is about to be released,
        # and a thread may still be reading from it.
        with closing(self._snapshot.evidence()) as batches:
            for batch in batches:
                self._add_evidence(batch)
                if self._progress is not None:
                    self._progress(self._counts.read)
        counted = self._snapshot.survey.rows
        # A wrong join loses or repeats rows; a count in the same snapshot shows it.
        if counted != self._counts.read:
            raise SourceError(
                f"{self._snapshot.window.day}: read {self._counts.read} rows, but the same "
                f"snapshot counts {counted}; nothing was published"
            )
        counts = self._counts
        self._lost |= {incident for incident, row_id in self._newest.items() if row_id is None}
        lost = pa.array(sorted(self._lost), pa.string())
        messages, repairs = self._snapshot.messages(), self._snapshot.repairs()
        counts.messages = self._add_joined(SESSION_MESSAGES.name, messages, self._messages, lost)
        counts.repairs = self._add_joined(AUTO_REPAIR_EXECUTIONS.name, repairs, self._repairs, lost)

    def publish(self) -> Published:
        """Publish the day."""
        counts, window = self._counts, self._snapshot.window
        return self._partition.publish(
            facts={
                "read": counts.read,
                "kept": counts.kept,
                "quarantined": counts.quarantined,
                "quarantined_joined_rows": counts.joined_quarantined,
                "quarantine_reasons": dict(sorted(counts.reasons.items())),
                "unknown_values": dict(sorted(counts.unknown.items())),
                "messages": counts.messages,
                "repairs": counts.repairs,
                "window_start": window.start.isoformat(),
                "window_end": window.end.isoformat(),
                "first_collected_at": counts.first and counts.first.isoformat(),
                "last_collected_at": counts.last and counts.last.isoformat(),
                "as_of": window.as_of.isoformat(),
                "source_fingerprint": self._fingerprint.hexdigest(),
                "read_by": f"{self._snapshot.reader}, {self._snapshot.shape}",
            },
            # The source is not a partition: its version is `source_fingerprint`.
            inputs={},
            code_version=CODE_VERSION,
        )

    def _add_evidence(self, batch: RowBatch) -> None:
        self._fingerprint.update(batch)
        self._counts.read += batch.table.num_rows
        reasons = reasons_against(batch, EVIDENCE_RULES)
        for row in _members(batch.table["id"], self._duplicates):
            # Sorted like the others, so that equal rows give equal bytes.
            insort(reasons.setdefault(row, []), DUPLICATE)
        self._check_snapshots(batch, reasons)
        kept, rejected = _split(SOURCE_EVIDENCE.name, batch, reasons)
        self._counts.quarantined += rejected.num_rows
        self._counts.kept += kept.num_rows
        self._counts.unknown.update(unknown_values(kept, EVIDENCE_RULES))
        self._note_bounds(kept)
        self._quarantine_rows(rejected)
        self._evidence.write(kept.select(INCIDENT_EVIDENCE.names).cast(INCIDENT_EVIDENCE))

    def _check_snapshots(self, batch: RowBatch, reasons: Reasons) -> None:
        """Quarantine the older snapshots of an incident, and note incidents without usable row."""
        several = set(_members(batch.table["incident_id"], self._several))
        unusable = []
        for row in sorted({*several, *reasons}):
            row_id, incident = (
                batch.table["id"][row].as_py(),
                batch.table["incident_id"][row].as_py(),
            )
            if row in several:
                if row in reasons:
                    unusable.append(row_id)
                elif self._newest[incident] != row_id:
                    reasons[row] = [SUPERSEDED]
            elif incident is not None:
                self._lost.add(incident)
        self.unusable_snapshots |= {row_id for row_id in unusable if row_id is not None}

    def _add_joined(
        self, table: str, batches: Iterator[RowBatch], writer: TableWriter, lost: pa.Array
    ) -> int:
        """Add the rows of kept incidents; return how many are valid."""
        rules: Rules = MESSAGE_RULES if table == SESSION_MESSAGES.name else REPAIR_RULES
        for batch in batches:
            reasons = reasons_against(batch, rules)
            kept, rejected = _split(table, batch, reasons)
            # An incident without usable evidence is not replayed, so its other rows have no use.
            belongs = pc.invert(pc.is_in(kept["incident_id"], lost))
            writer.write(kept.filter(belongs).select(writer.schema.names).cast(writer.schema))
            rejected = rejected.filter(pc.invert(pc.is_in(rejected["incident_id"], lost)))
            self._counts.joined_quarantined += rejected.num_rows
            self._quarantine_rows(rejected)
        return writer.rows

    def _quarantine_rows(self, rows: pa.Table) -> None:
        for reasons in rows["reasons"].to_pylist():
            self._counts.reasons.update(reasons)
        self._quarantine.write(rows)

    def _note_bounds(self, kept: pa.Table) -> None:
        bounds: dict[str, Any] = pc.min_max(kept["collected_at"]).as_py()
        if bounds["min"] is not None:
            self._counts.first = min(self._counts.first or bounds["min"], bounds["min"])
            self._counts.last = max(self._counts.last or bounds["max"], bounds["max"])


def _newest_usable(
    snapshots: dict[str, list[str]], unusable: frozenset[str]
) -> dict[str, str | None]:
    """Return the newest snapshot of each incident, ignoring those known to be unusable."""
    return {
        incident: next((row_id for row_id in reversed(ids) if row_id not in unusable), None)
        for incident, ids in snapshots.items()
    }


def _members(column: pa.ChunkedArray, values: pa.Array) -> list[int]:
    """Return the positions at which a column has one of the given values."""
    if not len(values):
        return []
    positions: list[int] = pc.indices_nonzero(pc.is_in(column, values)).to_pylist()
    return positions


def _split(source_table: str, batch: RowBatch, reasons: Reasons) -> tuple[pa.Table, pa.Table]:
    """Return the valid rows, and the invalid ones as rows of the quarantine."""
    if not reasons:
        return batch.table, QUARANTINE.empty_table()
    usable = np.ones(batch.table.num_rows, dtype=bool)
    usable[list(reasons)] = False
    return batch.table.filter(pa.array(usable)), quarantined_rows(source_table, batch, reasons)
