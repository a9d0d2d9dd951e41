"""Quarantined rows: each with all reasons and its raw content, so that no data is lost."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.evidence.validation import Reasons
from replay_assets.source import SESSION_MESSAGES, RowBatch

Row = Mapping[str, Any]


def quarantined(source_table: str, row: Row, reasons: list[str]) -> dict[str, Any]:
    """Return a row of the quarantine: all reasons, and the raw row as ASCII JSON."""
    return {
        "source_table": source_table,
        "row_id": _row_id(source_table, row),
        "incident_id": _printable(row.get("incident_id")),
        "reasons": reasons,
        # ASCII, because a raw value may hold half a surrogate pair, which UTF-8 can't.
        "raw_row": json.dumps(dict(row), ensure_ascii=True, default=str),
    }


def quarantined_rows(source_table: str, batch: RowBatch, reasons: Reasons) -> pa.Table:
    """Return the rows of a batch that have a reason, as rows of the quarantine."""
    rows = []
    for position in sorted(reasons):
        (row,) = batch.table.slice(position, 1).to_pylist()
        raw = {**row, **batch.raw.get(position, {})}
        rows.append(quarantined(source_table, raw, reasons[position]))
    return pa.Table.from_pylist(rows, schema=QUARANTINE)


def _row_id(source_table: str, row: Row) -> str | None:
    if source_table == SESSION_MESSAGES.name:
        return _printable(f"{row['session_id']}/{row['position']}")
    return _printable(row.get("id"))


def _printable(value: object) -> str | None:
    # The text "None" would look like an id.
    if value is None:
        return None
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
