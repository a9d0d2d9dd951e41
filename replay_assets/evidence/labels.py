"""A day's labels: read by their own query, kept under their own root."""

import json
from typing import Any

from replay_assets.contracts.calendar import DayWindow
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.errors import ContractError
from replay_assets.evidence.validation import quarantined, reasons_against
from replay_assets.lake.labels import publication_of
from replay_assets.lake.store import Publication
from replay_assets.source.database import IncidentDatabase
from replay_assets.source.reading import read_labels
from replay_assets.source.tables import LABELS

JSON_COLUMNS = tuple(column.name for column in LABELS.columns if column.kind == "json")


def extract_labels(database: IncidentDatabase, window: DayWindow) -> Publication:
    """Return a day's labels as a partition; an empty one where the source has no labels."""
    rows = read_labels(database, window)
    labels, aside = [], []
    for row in rows or []:
        reasons = reasons_against(row, ("incident_id",))
        if not reasons:
            try:
                labels.append(_label(row))
            except ContractError as error:
                reasons = [f"not_a_label:{error}"]
        if reasons:
            aside.append(quarantined("labels", row, reasons))
    return publication_of(
        labels,
        aside,
        facts={
            "source_has_labels": rows is not None,
            "read": len(rows or []),
            "kept": len(labels),
            "quarantined": len(aside),
        },
    )


def _label(row: dict[str, Any]) -> IncidentLabel:
    parsed = {
        name: json.loads(value) if name in JSON_COLUMNS and value is not None else value
        for name, value in row.items()
    }
    return IncidentLabel.read({"schema_version": LABEL_VERSION, **parsed})
