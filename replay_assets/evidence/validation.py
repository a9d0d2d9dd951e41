"""Why a row can't be used: every reason code of a row, never only the first.

A reason is `<code>:<column>`. One bad row costs itself, never its day.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
Check = Callable[[Row], list[str]]

REQUIRED = ("id", "incident_id", "evidence_summary", "collected_at")
INSTANTS = ("collected_at", "coordinator_at", "repair_at", "created_at")
TYPES = {"success": bool, "repair_success": bool, "position": int}
JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "labels": dict,
    "coordinator_output": dict,
    "repair_steps": list,
    "executed_steps": list,
    "tool_calls": list,
    "required_keywords": list,
    "acceptable_actions": list,
    "acceptable_tools": list,
}


def reasons_against(row: Row, required: tuple[str, ...]) -> list[str]:
    """Return every reason why a row can't be used; none where it can."""
    return [
        *(f"null_in_required:{name}" for name in required if row.get(name) is None),
        *(reason for name in INSTANTS if (reason := _instant_reason(name, row.get(name)))),
        *(
            f"wrong_type:{name}"
            for name, expected in TYPES.items()
            if row.get(name) is not None and type(row[name]) is not expected
        ),
        *(reason for name, value in row.items() if (reason := _text_reason(name, value))),
        *(reason for name in JSON_TYPES if (reason := _json_reason(name, row.get(name)))),
    ]


def _instant_reason(name: str, value: object) -> str | None:
    if value is None or isinstance(value, datetime):
        return None
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return f"impossible_instant:{name}"
    return f"no_time_zone:{name}"


def _text_reason(name: str, value: object) -> str | None:
    if not isinstance(value, str):
        return None
    if "\x00" in value:
        return f"nul_character:{name}"
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"lone_surrogate:{name}"
    return None


def _json_reason(name: str, value: object) -> str | None:
    if value is None:
        return None
    try:
        parsed = json.loads(str(value), parse_constant=_refuse_constant)
    except ValueError:
        return f"invalid_json:{name}"
    except RecursionError:
        return f"json_too_deep:{name}"
    if parsed is not None and not isinstance(parsed, JSON_TYPES[name]):
        return f"wrong_json_type:{name}"
    # Behind an escape half of a character passes as text, but no file could hold what it says.
    return _text_reason(name, json.dumps(parsed, ensure_ascii=False))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def quarantined(source_table: str, row: Row, reasons: list[str]) -> dict[str, Any]:
    """Return a row of the quarantine: all reasons, and the raw row as ASCII JSON."""
    return {
        "source_table": source_table,
        "row_id": None if row.get("id") is None else str(row["id"]),
        "incident_id": None if row.get("incident_id") is None else _printable(row["incident_id"]),
        "reasons": reasons,
        "raw_row": json.dumps(dict(row), ensure_ascii=True, default=str),
    }


def _printable(value: object) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
