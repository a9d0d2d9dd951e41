"""A day that is extracted and read back, for tests that check its rows."""

import tempfile
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.calendar import DayWindow
from replay_assets.evidence.extraction import extract_day
from replay_assets.lake.published import Published
from replay_assets.lake.store import Store
from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import DAY, Row


@dataclass(frozen=True)
class ExtractedDay:
    """The published content of a day."""

    published: Published
    kept: list[Row]
    messages: list[Row]
    repairs: list[Row]
    quarantine: list[Row]

    @property
    def facts(self) -> dict[str, Any]:
        """Counts and bounds of the manifest."""
        return self.published.facts

    @property
    def reasons(self) -> dict[tuple[str, str | None], list[str]]:
        """The reasons of quarantined rows, by table and row id."""
        return {(row["source_table"], row["row_id"]): row["reasons"] for row in self.quarantine}


def extracted(database: IncidentDatabase, window: DayWindow = DAY, **options: Any) -> ExtractedDay:
    """Extract a day into a separate root and read it back."""
    with tempfile.TemporaryDirectory() as folder:
        published = extract_day(database, window, Store(folder), **options)
        return ExtractedDay(
            published=published,
            kept=published.rows("incident_evidence"),
            messages=published.rows("recorded_messages"),
            repairs=published.rows("recorded_repairs"),
            quarantine=published.rows("quarantine"),
        )
