"""Why a row can't be used: all reason codes of a row, not only the first.

A reason is `<code>:<column>`. An invalid row is quarantined and never fails its day. Checks run on
complete columns; single rows are only read if a check fails, because nearly all rows are valid.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from replay_assets.evidence.json_checks import json_problem
from replay_assets.source import RowBatch

Reasons = dict[int, list[str]]
"""The reasons why rows are invalid, by their position in a batch."""


@dataclass(frozen=True)
class Rules:
    """The rules for rows of one table.

    Attributes:
        required: columns that must not be null.
        required_with: columns that must not be null if any of the listed columns is not null.
        json: the type of a column's JSON, `dict` or `list`.
        known: the expected values of a column; rows with others are kept, and counted.
    """

    required: tuple[str, ...]
    required_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    json: Mapping[str, type] = field(default_factory=dict)
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)


EVIDENCE_RULES = Rules(
    required=("id", "incident_id", "evidence_summary"),
    # Without its id a session's messages can't be found: it would look as if none was recorded.
    required_with={
        "coordinator_id": ("coordinator_output", "coordinator_at"),
        "repair_id": ("repair_steps", "repair_success", "repair_at"),
    },
    # Decisions and repairs too: to grade the incumbent by a broken record would be a guess.
    json={"labels": dict, "coordinator_output": dict, "repair_steps": list},
    # Other values are only counted: a source may use a new one before it is listed here.
    known={
        "severity": frozenset({"critical", "warning", "info", "error", "high", "medium", "low"}),
        "verification_result": frozenset({"success", "failed", "not_verified"}),
        "evidence_kind": frozenset(
            {
                "alert_snapshot",
                "incident_report",
                "recorded_tool_output",
                "synthetic_telemetry",
                "telemetry_summary",
            }
        ),
    },
)
MESSAGE_RULES = Rules(required=("session_id", "position", "role"), json={"tool_calls": list})
REPAIR_RULES = Rules(required=("id", "incident_id"), json={"executed_steps": list})
LABEL_JSON = {"required_keywords": list, "acceptable_actions": list, "acceptable_tools": list}


def reasons_against(batch: RowBatch, rules: Rules) -> Reasons:
    """Return the reasons of each invalid row, in alphabetical order."""
    # All reasons: otherwise fixing a source would take one run per fault.
    found: Reasons = {row: list(reasons) for row, reasons in batch.reasons.items()}
    for name, missing in _missing(batch.table, rules):
        for row in _rows_where(missing):
            # A value that was left out on reading is not missing; its reason is already known.
            if name not in batch.raw.get(row, {}):
                found.setdefault(row, []).append(f"null_in_required:{name}")
    for column in batch.table.schema:
        if pa.types.is_string(column.type) and _has_nul(batch.table[column.name]):
            for row in _rows_where(pc.match_substring(batch.table[column.name], "\x00")):
                found.setdefault(row, []).append(f"nul_character:{column.name}")
    for name, expected in rules.json.items():
        for row, text in enumerate(batch.table[name].to_pylist()):
            if text is not None and (problem := json_problem(text, expected)) is not None:
                found.setdefault(row, []).append(f"{problem}:{name}")
    return {row: sorted(set(reasons)) for row, reasons in found.items()}


def _missing(table: pa.Table, rules: Rules) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Yield each column that must not be null, with a mask of the rows in which it is."""
    for name in rules.required:
        yield name, pc.is_null(table[name])
    for name, others in rules.required_with.items():
        there = reduce(pc.or_, (pc.is_valid(table[other]) for other in others))
        yield name, pc.and_(pc.is_null(table[name]), there)


def _has_nul(column: pa.ChunkedArray) -> bool:
    """Return whether any text of a column has a NUL; one search takes 5.6 µs per row, not 15.5."""
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        if data is None or not len(chunk):
            continue
        bounds = np.frombuffer(offsets, np.int32, len(chunk) + 1, chunk.offset * 4)
        texts = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
        if len(texts) and texts.min() == 0:
            return True
    return False


def unknown_values(table: pa.Table, rules: Rules) -> dict[str, int]:
    """Count the unexpected values of each column."""
    counts = {name: len(_unexpected(table, name, rules)) for name in rules.known}
    return {name: count for name, count in counts.items() if count}


def unknown_words(table: pa.Table, rules: Rules) -> dict[str, Counter[str]]:
    """Return the unexpected values of each column that has some, with their numbers of rows."""
    words = {name: Counter(_unexpected(table, name, rules).to_pylist()) for name in rules.known}
    return {name: counts for name, counts in words.items() if counts}


def _unexpected(table: pa.Table, name: str, rules: Rules) -> pa.ChunkedArray:
    present = table[name].cast(pa.string()).drop_null()
    known = pa.array(sorted(rules.known[name]), pa.string())
    return present.filter(pc.invert(pc.is_in(present, known)))


def _rows_where(mask: pa.ChunkedArray) -> list[int]:
    """Return the positions at which a mask is true; null counts as false."""
    if not pc.any(mask).as_py():
        return []
    positions: list[int] = pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()
    return positions


def reasons_against_label(row: Mapping[str, Any]) -> list[str]:
    """Return every reason why a row of labels is invalid."""
    reasons = [] if row.get("incident_id") is not None else ["null_in_required:incident_id"]
    for name, value in row.items():
        problem = None
        if isinstance(value, str):
            problem = _text_problem(value)
            if problem is None and name in LABEL_JSON:
                problem = json_problem(value, LABEL_JSON[name])
        elif name in LABEL_JSON and value is not None:
            problem = "wrong_json_type"
        if problem is not None:
            reasons.append(f"{problem}:{name}")
    return reasons


def _text_problem(text: str) -> str | None:
    if "\x00" in text:
        return "nul_character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "invalid_utf8"
    return None
