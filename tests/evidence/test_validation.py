"""Reasons: every one of a row, by code and column, and none for a row that can be used."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.evidence.validation import REQUIRED, quarantined, reasons_against
from replay_assets.lake.formats import decode_table, table_of
from tests.lake.written import encode_table

AT = datetime(2026, 9, 21, 6, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "ev-1",
    "incident_id": "inc-1",
    "evidence_summary": "磁碟已滿 🔥",
    "collected_at": AT,
    "labels": '{"team": "shop"}',
    "coordinator_output": None,
    "repair_steps": "[]",
    "repair_success": False,
}


def test_a_good_row_has_no_reason_against_it():
    """Neither nulls in optional columns nor Chinese nor emoji are faults."""
    assert reasons_against(GOOD, REQUIRED) == []


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        *(pytest.param(name, None, "null_in_required", id=f"no {name}") for name in REQUIRED),
        pytest.param("collected_at", "yesterday", "impossible_instant", id="no instant"),
        pytest.param("coordinator_at", "2026-13-01", "impossible_instant", id="no such month"),
        pytest.param("repair_at", "2026-09-21 06:00:00", "no_time_zone", id="naive"),
        pytest.param("created_at", 1790000000, "impossible_instant", id="a number"),
        pytest.param("evidence_summary", "a\x00b", "nul_character", id="NUL"),
        pytest.param("alertname", "\ud83d", "lone_surrogate", id="half an emoji"),
        pytest.param("repair_error", "\x00", "nul_character", id="NUL in any column"),
        pytest.param("labels", "{", "invalid_json", id="cut off"),
        pytest.param("labels", "", "invalid_json", id="empty"),
        pytest.param("labels", '{"a": NaN}', "invalid_json", id="NaN is no JSON"),
        pytest.param("labels", "[" * 100_000, "json_too_deep", id="too deep"),
        pytest.param("labels", "[]", "wrong_json_type", id="list for object"),
        pytest.param("coordinator_output", '"text"', "wrong_json_type", id="text for object"),
        pytest.param("coordinator_output", r'{"a": "\ud83d"}', "lone_surrogate", id="escaped half"),
        pytest.param("repair_steps", "{}", "wrong_json_type", id="object for list"),
        pytest.param("executed_steps", "1", "wrong_json_type", id="number for list"),
        pytest.param("tool_calls", "{}", "wrong_json_type", id="tool calls"),
        pytest.param("acceptable_actions", '"wait"', "wrong_json_type", id="actions"),
        pytest.param("repair_success", "false", "wrong_type", id="text for boolean"),
        pytest.param("success", 2, "wrong_type", id="number for boolean"),
        pytest.param("position", "3", "wrong_type", id="text for number"),
        pytest.param("position", True, "wrong_type", id="boolean for number"),
    ],
)
def test_a_row_that_cannot_be_used_has_its_reason(column: str, value: object, reason: str):
    """The code is for counting, the column for mending."""
    assert reasons_against({**GOOD, column: value}, REQUIRED) == [f"{reason}:{column}"]


def test_json_null_is_a_value_that_was_not_recorded():
    """`null` in a JSON column is PostgreSQL's other way to say NULL."""
    assert reasons_against({**GOOD, "labels": "null"}, REQUIRED) == []


def test_every_reason_of_a_row_is_given_not_only_the_first():
    """Mending a source must not take one run a fault."""
    row = {**GOOD, "incident_id": None, "repair_at": "x", "labels": "{", "alertname": "\x00"}
    assert reasons_against(row, REQUIRED) == [
        "null_in_required:incident_id",
        "impossible_instant:repair_at",
        "nul_character:alertname",
        "invalid_json:labels",
    ]


def test_a_quarantined_row_keeps_all_it_was_in_a_form_that_any_file_can_hold():
    """Half a character, NUL and instants survive as ASCII JSON through Parquet."""
    row = {**GOOD, "id": 7, "incident_id": "inc-\ud83d", "alertname": "\x00", "labels": "{"}
    kept = quarantined("incident_evidence", row, ["a:b", "c:d"])
    (read,) = decode_table(encode_table(table_of([kept], QUARANTINE))).to_pylist()
    assert read == kept
    assert kept["row_id"] == "7"
    assert kept["incident_id"] == r"inc-\ud83d"
    assert kept["reasons"] == ["a:b", "c:d"]
    assert json.loads(kept["raw_row"]) == {**row, "collected_at": str(AT)}


def test_a_quarantined_row_without_ids_has_nulls_for_them():
    """The text "None" would look like an id."""
    kept = quarantined("labels", {"incident_id": None}, [])
    assert (kept["row_id"], kept["incident_id"]) == (None, None)
