"""Which days of the source have changed since they were read, and how."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from replay_assets.contracts.calendar import DayWindow
from replay_assets.evidence.fingerprint import KEYS, Fingerprint, keys_of
from replay_assets.lake import Published, Store, assets
from replay_assets.source import MAX_TEXT_BYTES, IncidentDatabase, day_snapshot, repeated

Keys = dict[str | None, tuple[str | None, str | None]]
"""The newest session and repair of each row of evidence, by its id."""


@dataclass(frozen=True)
class Observation:
    """A day as it is in the source now.

    Attributes:
        day: ISO day.
        fingerprint: compared with the fingerprint of the published day.
        rows: the number of rows of evidence.
        changes: counts of differences from the published day; empty if there are none, or if the
            day was never published.
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
    """Yield an observation of each day in the source, each read in a separate snapshot.

    Args:
        database: the source.
        windows: the days.
        published: the root of raw evidence, to compare with.
        max_text_bytes: the same value as for the extraction; otherwise rows with texts longer than
            this would look changed.
    """
    for window in windows:
        digest, rows, keys = repeated(partial(_read, database, window, max_text_bytes))
        before = published.find(assets.INCIDENT_EVIDENCE.at(window.day))
        same = before is None or before.facts.get("source_fingerprint") == digest
        changes = {} if same or before is None else changes_between(before, keys)
        yield Observation(window.day, digest, rows, changes)


def _read(
    database: IncidentDatabase, window: DayWindow, max_text_bytes: int
) -> tuple[str, int, Keys]:
    """Return a day's fingerprint, its number of rows, and their keys."""
    fingerprint = Fingerprint()
    found: Keys = {}
    rows = 0
    with day_snapshot(database, window, max_text_bytes=max_text_bytes) as snapshot:
        for batch in snapshot.row_keys():
            fingerprint.update(batch)
            rows += batch.table.num_rows
            ids, sessions, repairs = (keys_of(batch)[name].to_pylist() for name in KEYS)
            found |= dict(zip(ids, zip(sessions, repairs, strict=True), strict=True))
    return fingerprint.hexdigest(), rows, found


def changes_between(before: Published, keys: Keys) -> dict[str, int]:
    """Count the differences between a published day and the keys in the source."""
    kept: Keys = {
        row["id"]: (row["coordinator_id"], row["repair_id"])
        for row in before.table(assets.INCIDENT_EVIDENCE.table).select(KEYS).to_pylist()
    }
    # Quarantined rows were read too, so they are not new.
    known = {*kept, *(row["row_id"] for row in before.rows(assets.QUARANTINE))}
    common = kept.keys() & keys.keys()
    found = {
        "new_rows": len(keys.keys() - known),
        "deleted_rows": len(kept.keys() - keys.keys()),
        "other_decisions": sum(kept[row_id][0] != keys[row_id][0] for row_id in common),
        "other_repairs": sum(kept[row_id][1] != keys[row_id][1] for row_id in common),
    }
    # Equal keys but another fingerprint: rows were updated in place.
    return {name: count for name, count in found.items() if count} or {"updated_in_place": 1}
