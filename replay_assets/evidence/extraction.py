"""A day as it was known: evidence, newest decision, newest repair, messages, all repairs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.calendar import DayWindow
from replay_assets.contracts.evidence import (
    INCIDENT_EVIDENCE,
    QUARANTINE,
    RECORDED_MESSAGES,
    RECORDED_REPAIRS,
)
from replay_assets.evidence.validation import REQUIRED, quarantined, reasons_against
from replay_assets.lake.formats import table_of
from replay_assets.lake.store import Publication
from replay_assets.source.database import IncidentDatabase
from replay_assets.source.reading import read_day

CODE_VERSION = "1"
Row = dict[str, Any]
OUTSIDE = "instant_out_of_order:collected_at"
"""Text that sorts into a day in which its instant does not lie: the source mixes its formats."""
SUPERSEDED = "superseded_snapshot:incident_id"
"""An incident with several snapshots in a day is replayed once, from its newest."""


@dataclass(frozen=True)
class DayOfEvidence:
    """What was kept of a day, and what was set aside; `read` is how many rows the source held."""

    window: DayWindow
    read: int
    kept: list[Row]
    messages: list[Row]
    repairs: list[Row]
    quarantine: list[Row]

    def publication(self) -> Publication:
        """Return the day as tables, with the counts that must add up."""
        return Publication(
            tables={
                "incident_evidence": table_of(self.kept, INCIDENT_EVIDENCE),
                "recorded_messages": table_of(self.messages, RECORDED_MESSAGES),
                "recorded_repairs": table_of(self.repairs, RECORDED_REPAIRS),
                "quarantine": table_of(self.quarantine, QUARANTINE),
            },
            facts={
                "read": self.read,
                "kept": len(self.kept),
                "quarantined": sum(
                    row["source_table"] == "incident_evidence" for row in self.quarantine
                ),
                "quarantined_joined_rows": sum(
                    row["source_table"] != "incident_evidence" for row in self.quarantine
                ),
                "quarantine_reasons": dict(
                    sorted(Counter(r for row in self.quarantine for r in row["reasons"]).items())
                ),
                "messages": len(self.messages),
                "repairs": len(self.repairs),
                "window_start": self.window.start.isoformat(),
                "window_end": self.window.end.isoformat(),
                "as_of": self.window.as_of.isoformat(),
            },
            code_version=CODE_VERSION,
        )


def extract_day(database: IncidentDatabase, window: DayWindow) -> DayOfEvidence:
    """Read a day in one snapshot and part the rows that can be used from those that can't."""
    rows = read_day(database, window)
    usable, bad_evidence = _split("incident_evidence", rows.evidence, REQUIRED)
    inside, outside = _in_window(usable, window)
    kept, superseded = _newest_snapshots(inside)
    incidents = {row["incident_id"] for row in kept}
    messages, bad_messages = _split(
        "session_messages", _of(incidents, rows.messages), ("session_id", "position", "role")
    )
    repairs, bad_repairs = _split(
        "auto_repair_executions", _of(incidents, rows.repairs), ("id", "incident_id")
    )
    return DayOfEvidence(
        window=window,
        read=len(rows.evidence),
        kept=kept,
        messages=messages,
        repairs=repairs,
        quarantine=[*bad_evidence, *outside, *superseded, *bad_messages, *bad_repairs],
    )


def _of(incidents: set[str], rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["incident_id"] in incidents]


def _split(table: str, rows: list[Row], required: tuple[str, ...]) -> tuple[list[Row], list[Row]]:
    kept, aside = [], []
    for row in rows:
        if reasons := reasons_against(row, required):
            aside.append(quarantined(table, row, reasons))
        else:
            kept.append(row)
    return kept, aside


def _in_window(rows: list[Row], window: DayWindow) -> tuple[list[Row], list[Row]]:
    """Part the rows whose instant lies in the day from those that only sort into it as text."""
    inside, aside = [], []
    for row in rows:
        if window.start <= row["collected_at"] < window.end:
            inside.append(row)
        else:
            aside.append(quarantined("incident_evidence", row, [OUTSIDE]))
    return inside, aside


def _newest_snapshots(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Keep each incident's newest snapshot; rows arrive ordered by time, then id."""
    newest = {row["incident_id"]: row["id"] for row in rows}
    kept = [row for row in rows if newest[row["incident_id"]] == row["id"]]
    older = [row for row in rows if newest[row["incident_id"]] != row["id"]]
    return kept, [quarantined("incident_evidence", row, [SUPERSEDED]) for row in older]
