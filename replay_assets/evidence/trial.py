"""Reads the newest day of a source as extraction would, for `doctor`; nothing is written.

What a day reads and what it quarantines can't be predicted from types alone: so it is tried.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from replay_assets.contracts.calendar import DayWindow, day_window
from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.errors import SourceError
from replay_assets.evidence.extraction import DUPLICATE
from replay_assets.evidence.labels import extract_labels
from replay_assets.evidence.usability import Usability
from replay_assets.evidence.validation import (
    EVIDENCE_RULES,
    MESSAGE_RULES,
    REPAIR_RULES,
    Rules,
    reasons_against,
)
from replay_assets.source import IncidentDatabase, RowBatch, day_snapshot, newest_instant, repeated

CHECK = "newest day"
MOST_BATCHES = 5
"""Batches of some thousand rows: enough to judge by, and read in seconds."""
CURE = "correct these rows in the source, or map the column to another one"


def try_newest_day(
    database: IncidentDatabase, timezone: str, max_text_bytes: int
) -> list[Diagnosis]:
    """Return what reading the newest day gives; nothing if no row has a time that can be read."""
    now = datetime.now(UTC)
    try:
        newest = repeated(lambda: newest_instant(database, now))
        if newest is None:
            return []
        day = newest.astimezone(ZoneInfo(timezone)).date().isoformat()
        window = day_window(day, timezone, now=now)
        usability = repeated(lambda: _usability(database, window, max_text_bytes))
        labels = extract_labels(database, window).facts
    except SourceError as error:
        cure = "see the findings above; `replay-assets extract` fails in the same way"
        return [Diagnosis(CHECK, "fail", str(error), cure)]
    return [_evidence_finding(day, usability), *_label_finding(day, labels)]


def _usability(database: IncidentDatabase, window: DayWindow, max_text_bytes: int) -> Usability:
    with day_snapshot(database, window, max_text_bytes=max_text_bytes, fast=False) as snapshot:
        evidence = snapshot.evidence()
        rows, reasons = _count(evidence, EVIDENCE_RULES, snapshot.survey.duplicate_ids)
        evidence.close()
        joined, bad_joined = 0, Counter[str]()
        for batches, rules in (
            (snapshot.messages(), MESSAGE_RULES),
            (snapshot.repairs(), REPAIR_RULES),
        ):
            some, found = _count(batches, rules)
            joined += some
            bad_joined += found
    bad, joined_bad = reasons.pop("", 0), bad_joined.pop("", 0)
    return Usability(
        read=rows,
        kept=rows - bad,
        quarantined=bad,
        joined=joined_bad,
        joined_read=joined,
        reasons=reasons + bad_joined,
    )


def _count(
    batches: Iterator[RowBatch], rules: Rules, duplicates: Set[str] = frozenset()
) -> tuple[int, Counter[str]]:
    """Return how many rows were read, and their reasons; an empty one counts rows with any."""
    rows, reasons = 0, Counter[str]()
    for batch in islice(batches, MOST_BATCHES):
        rows += batch.table.num_rows
        by_row = reasons_against(batch, rules)
        for row, row_id in enumerate(batch.table["id"].to_pylist() if duplicates else ()):
            if row_id in duplicates:
                by_row.setdefault(row, []).append(DUPLICATE)
        for found in by_row.values():
            reasons.update({"", *found})
    return rows, reasons


def _evidence_finding(day: str, usability: Usability) -> Diagnosis:
    if usability.problem is not None:
        return Diagnosis(CHECK, "fail", f"{day}: {usability.problem}", CURE)
    if usability.reasons:
        says = (
            f"{day}: {usability.quarantined} of {usability.read} rows would be quarantined; most "
            f"frequent reason: {usability.commonest}"
        )
        return Diagnosis(CHECK, "warn", says, CURE)
    return Diagnosis(CHECK, "ok", f"{day}: {usability.read} rows were read, and can be used")


def _label_finding(day: str, facts: Mapping[str, Any]) -> list[Diagnosis]:
    if not facts["quarantined"]:
        return []
    # A warning, as the day itself can be read: what has no label is not graded.
    says = f"{day}: {facts['quarantined']} of {facts['read']} labels can't be used"
    return [Diagnosis(CHECK, "warn", says, CURE)]
