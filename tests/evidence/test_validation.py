"""Reasons: all of a row's, by code and column, and none for a valid row."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from replay_assets.contracts.evidence import QUARANTINE
from replay_assets.evidence.quarantine import quarantined
from replay_assets.evidence.validation import (
    EVIDENCE_RULES,
    Rules,
    reasons_against,
    reasons_against_label,
    unknown_values,
)
from replay_assets.lake.formats import arrow_table, decode_table
from replay_assets.source.day.batches import Field, RowBatch, batch_of
from replay_assets.source.schema.tables import Kind
from tests.lake.written import encode_table

AT = datetime(2026, 9, 21, 6, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "ev-1",
    "incident_id": "inc-1",
    "evidence_summary": "磁碟已滿 🔥",
    "alertname": None,
    "severity": "critical",
    "verification_result": "success",
    "evidence_kind": "alert_snapshot",
    "collected_at": "2026-09-21T06:00:00.000000+00:00",
    "labels": '{"team": "shop"}',
    "coordinator_id": "se-1",
    "coordinator_output": None,
    "coordinator_at": None,
    "repair_id": "re-1",
    "repair_steps": "[]",
    "repair_success": False,
    "repair_at": "2026-09-21T06:00:00.000000+00:00",
    "position": 3,
}
KINDS: dict[str, Kind] = {
    "collected_at": "instant",
    "coordinator_at": "instant",
    "repair_at": "instant",
    "labels": "json",
    "coordinator_output": "json",
    "repair_steps": "json",
    "repair_success": "boolean",
    "position": "integer",
}


def batch(**changes: object) -> RowBatch:
    """Return three rows; the second one has the changes."""
    fields = [Field(name, KINDS.get(name, "text")) for name in GOOD]
    columns = [[good, changes.get(name, good), good] for name, good in GOOD.items()]
    return batch_of(columns, list(GOOD), fields)


def reasons(**changes: object) -> list[str]:
    found = reasons_against(batch(**changes), EVIDENCE_RULES)
    assert set(found) <= {1}
    return found.get(1, [])


def test_a_good_row_has_no_reasons():
    """Nulls in optional columns, Chinese and emoji are valid."""
    assert reasons() == []


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        *(
            pytest.param(name, None, "null_in_required", id=f"no {name}")
            for name in EVIDENCE_RULES.required
        ),
        pytest.param("collected_at", "yesterday", "impossible_instant", id="no instant"),
        pytest.param("coordinator_at", "2026-13-01", "impossible_instant", id="no such month"),
        pytest.param("coordinator_at", "0001-01-01T00:00:00Z", "impossible_instant", id="year 1"),
        pytest.param("coordinator_at", "9999-12-31T00:00:00Z", "impossible_instant", id="the end"),
        pytest.param("coordinator_at", "12026-01-01T00:00:00Z", "impossible_instant", id="long"),
        pytest.param("repair_at", "2026-09-21 06:00:00", "no_time_zone", id="naive"),
        pytest.param("repair_at", 1790000000, "impossible_instant", id="a number"),
        pytest.param("repair_at", b"\xff", "impossible_instant", id="bytes for an instant"),
        pytest.param("evidence_summary", "a\x00b", "nul_character", id="NUL"),
        pytest.param("alertname", "\udcff", "invalid_utf8", id="no UTF-8"),
        pytest.param("alertname", "\x00", "nul_character", id="NUL in any column"),
        pytest.param("labels", "{", "invalid_json", id="cut off"),
        pytest.param("labels", "", "invalid_json", id="empty"),
        pytest.param("labels", '{"a": NaN}', "invalid_json", id="NaN is no JSON"),
        pytest.param("labels", '{"a": 01}', "invalid_json", id="leading zero"),
        pytest.param("labels", '{"a": "\t"}', "invalid_json", id="control character"),
        pytest.param("labels", '{"a": 1,}', "invalid_json", id="trailing comma"),
        pytest.param("labels", "{'a': 1}", "invalid_json", id="single quotes"),
        pytest.param("labels", '{"a": 1} {}', "invalid_json", id="two documents"),
        pytest.param("labels", "[" * 100_000, "json_too_deep", id="too deep to be read"),
        pytest.param(
            "labels", '{"a": ' * 201 + "1" + "}" * 201, "json_too_deep", id="too deep to be kept"
        ),
        pytest.param("labels", "[]", "wrong_json_type", id="list for object"),
        pytest.param("labels", "17", "wrong_json_type", id="number for object"),
        pytest.param("labels", "\udcff{}", "invalid_utf8", id="JSON that is no UTF-8"),
        pytest.param("coordinator_output", '"text"', "wrong_json_type", id="text for object"),
        pytest.param("coordinator_output", r'{"a": "\ud83d"}', "lone_surrogate", id="half"),
        pytest.param("coordinator_output", r'{"a": "\u0000"}', "nul_character", id="NUL, escaped"),
        pytest.param(
            "coordinator_output", '{"a": ' + "9" * 4301 + "}", "number_too_long", id="4301 digits"
        ),
        pytest.param("repair_steps", "{}", "wrong_json_type", id="object for list"),
        pytest.param("repair_success", "no", "wrong_type", id="text for boolean"),
        pytest.param("repair_success", 2, "wrong_type", id="number for boolean"),
        pytest.param("position", "3", "wrong_type", id="text for number"),
        pytest.param("position", True, "wrong_type", id="boolean for number"),
        pytest.param("position", 2**63, "wrong_type", id="more than 64 bits in a column"),
    ],
)  # fmt: skip
def test_an_invalid_row_has_its_reason(column: str, value: object, reason: str):
    """The code is for counting, the column for fixing."""
    assert reasons(**{column: value}) == [f"{reason}:{column}"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("labels", "null", id="JSON null is PostgreSQL's other way to say NULL"),
        pytest.param("labels", '{"a": 123456789012345678901234567890}', id="beyond 64 bits"),
        pytest.param("labels", '{"a": 1e400}', id="beyond a float"),
        pytest.param("labels", '{"a": 1, "a": 2}', id="a key twice"),
        pytest.param("labels", r'{"a": "\ud83d\ude00"}', id="a whole pair, escaped"),
        pytest.param("labels", r'{"a": "\\u0000"}', id="a backslash before a u, no NUL"),
        pytest.param("labels", '{"a": "' + "[" * 5000 + '"}', id="brackets in a text"),
        pytest.param("labels", '{"a": "' + "9" * 5000 + '"}', id="digits in a text"),
        pytest.param("labels", '{"a": ' * 200 + "1" + "}" * 200, id="two hundred deep"),
        pytest.param("severity", "sev-0", id="an unknown severity"),
        pytest.param("evidence_summary", "", id="empty text"),
    ],
)
def test_a_valid_row_is_kept_unchanged(column: str, value: str):
    """Rare is not wrong: the text stays unchanged."""
    rows = batch(**{column: value})
    assert reasons_against(rows, EVIDENCE_RULES) == {}
    assert rows.table[column][1].as_py() == value


def test_every_reason_of_a_row_is_given_not_only_the_first():
    """Otherwise fixing a source would take one run per fault."""
    assert reasons(incident_id=None, repair_at="x", labels="{", alertname="\x00") == [
        "impossible_instant:repair_at",
        "invalid_json:labels",
        "nul_character:alertname",
        "null_in_required:incident_id",
    ]


def test_a_value_that_was_left_out_on_reading_is_not_also_missing():
    """One fault has one reason."""
    assert reasons(id="\udcff") == ["invalid_utf8:id"]


def test_unexpected_values_are_counted_and_nulls_are_not():
    """A new severity is worth a warning, but not a lost row."""
    assert unknown_values(batch(severity="sev-0", evidence_kind=None).table, EVIDENCE_RULES) == {
        "severity": 1
    }


def test_a_table_without_rules_has_only_the_faults_of_its_values():
    """Rules of other tables do not apply."""
    assert reasons_against(batch(id=None, labels="{"), Rules(required=())) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"incident_id": None}, ["null_in_required:incident_id"]),
        ({"acceptable_actions": '"wait"'}, ["wrong_json_type:acceptable_actions"]),
        ({"acceptable_actions": 3}, ["wrong_json_type:acceptable_actions"]),
        ({"required_keywords": "["}, ["invalid_json:required_keywords"]),
        ({"risk_level": "\x00"}, ["nul_character:risk_level"]),
        ({"risk_level": "\udcff"}, ["invalid_utf8:risk_level"]),
    ],
)
def test_a_row_of_labels_has_its_reasons(change: dict[str, object], expected: list[str]):
    """Labels are few and are checked one by one."""
    assert reasons_against_label({"incident_id": "inc-1", **change}) == expected


def test_a_quarantined_row_keeps_all_values_in_a_form_that_any_file_can_store():
    """Half a surrogate pair, NUL and instants survive as ASCII JSON in Parquet."""
    row = {**GOOD, "id": 7, "incident_id": "inc-\ud83d", "collected_at": AT, "labels": "{"}
    kept = quarantined("incident_evidence", row, ["a:b", "c:d"])
    (read,) = decode_table(encode_table(arrow_table([kept], QUARANTINE))).to_pylist()
    assert read == kept
    assert kept["row_id"] == "7"
    assert kept["incident_id"] == r"inc-\ud83d"
    assert kept["reasons"] == ["a:b", "c:d"]
    assert json.loads(kept["raw_row"]) == {**row, "collected_at": str(AT)}


def test_a_quarantined_row_without_ids_has_nulls_for_them():
    """The text "None" would look like an id."""
    kept = quarantined("labels", {"incident_id": None}, [])
    assert (kept["row_id"], kept["incident_id"]) == (None, None)
