"""Which days of the source have changed since they were read, and what about them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from replay_assets.contracts.calendar import DayWindow
from replay_assets.evidence.fingerprint import KEYS, Fingerprint, keys_of
from replay_assets.lake import assets
from replay_assets.lake.store import Published, Store
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.reading import MAX_TEXT_BYTES, day_snapshot

Keys = dict[str | None, tuple[str | None, str | None]]
"""The newest session and repair of each row of evidence, by its id."""


@dataclass(frozen=True)
class Observation:
    """A day as the source holds it now.

    Attributes:
        day: ISO day.
        fingerprint: what it is compared by.
        rows: how many rows of evidence it has.
        changes: counts of what differs from the published day; empty where nothing does, or where
            the day was never published.
    """

    day: str
    fingerprint: str
    rows: int
    changes: dict[str, int]


def observe(
    database: IncidentDatabase,
    windows: Iterable[DayWindow],
    published: Store,
    *,
    max_text_bytes: int = MAX_TEXT_BYTES,
) -> Iterator[Observation]:
    """Look at days of the source, each in a snapshot of its own.

    Args:
        database: the source.
        windows: the days.
        published: the root of raw evidence, to compare with.
        max_text_bytes: that of the extraction, or what it left in the source looks changed.
    """
    for window in windows:
        fingerprint = Fingerprint()
        keys: Keys = {}
        rows = 0
        with day_snapshot(database, window, max_text_bytes=max_text_bytes) as snapshot:
            for batch in snapshot.row_keys():
                fingerprint.update(batch)
                rows += batch.table.num_rows
                ids, sessions, repairs = (keys_of(batch)[name].to_pylist() for name in KEYS)
                keys |= dict(zip(ids, zip(sessions, repairs, strict=True), strict=True))
        digest = fingerprint.hexdigest()
        before = published.find(assets.INCIDENT_EVIDENCE.at(window.day))
        same = before is None or before.facts.get("source_fingerprint") == digest
        changes = {} if same or before is None else changes_between(before, keys)
        yield Observation(window.day, digest, rows, changes)


def changes_between(before: Published, keys: Keys) -> dict[str, int]:
    """Count what differs between a published day and the source's keys of it."""
    kept: Keys = {
        row["id"]: (row["coordinator_id"], row["repair_id"])
        for row in before.table(assets.INCIDENT_EVIDENCE.table).select(KEYS).to_pylist()
    }
    known = {*kept, *(row["row_id"] for row in before.rows(assets.QUARANTINE))}
    common = kept.keys() & keys.keys()
    found = {
        "new_rows": len(keys.keys() - known),
        "deleted_rows": len(kept.keys() - keys.keys()),
        "other_decisions": sum(kept[row_id][0] != keys[row_id][0] for row_id in common),
        "other_repairs": sum(kept[row_id][1] != keys[row_id][1] for row_id in common),
    }
    # Equal keys and another fingerprint: rows were updated where they stood.
    return {name: count for name, count in found.items() if count} or {"updated_in_place": 1}
