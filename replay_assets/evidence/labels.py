"""A day's labels: read with a separate query, stored under a separate root."""

import json
from collections import Counter
from typing import Any

from replay_assets.contracts.calendar import DayWindow
from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.errors import ContractError
from replay_assets.evidence.quarantine import quarantined
from replay_assets.evidence.validation import reasons_against_label
from replay_assets.lake import Publication
from replay_assets.lake.labels import labels_publication
from replay_assets.source import (
    LABELS,
    UNREADABLE_LINE,
    IncidentDatabase,
    read_labels,
    repeated,
)

Row = dict[str, Any]
KINDS = {column.name: column.kind for column in LABELS.columns}


def extract_labels(database: IncidentDatabase, window: DayWindow) -> Publication:
    """Return a day's labels as a partition; it is empty if the source has no labels."""
    rows = repeated(lambda: read_labels(database, window))
    times = Counter(row["incident_id"] for row in rows or [])
    labels, rejected = [], []
    for row in rows or []:
        reasons = _reasons(row, times)
        if not reasons:
            try:
                labels.append(_label(row))
            except ContractError as error:
                reasons = [f"not_a_label:{error}"]
        if reasons:
            rejected.append(quarantined(LABELS.name, row, reasons))
    return labels_publication(
        labels,
        rejected,
        facts={
            "window_start": window.start.isoformat(),
            "source_has_labels": rows is not None,
            "read": len(rows or []),
            "kept": len(labels),
            "quarantined": len(rejected),
        },
    )


def _reasons(row: Row, times: Counter[Any]) -> list[str]:
    """Return why a label is rejected; if an incident has two labels, both are rejected."""
    if UNREADABLE_LINE in row:
        return [f"unreadable_line:{row[UNREADABLE_LINE]}"]
    incident_id = row["incident_id"]
    return [
        *reasons_against_label(row),
        *(
            # It is unknown which of the labels is true.
            ["duplicate_id:incident_id"]
            if incident_id is not None and times[incident_id] > 1
            else []
        ),
    ]


def _label(row: Row) -> IncidentLabel:
    parsed = {
        name: json.loads(value) if KINDS[name] == "json" and value is not None else value
        for name, value in row.items()
    }
    return IncidentLabel.read({"schema_version": LABEL_VERSION, **parsed})
