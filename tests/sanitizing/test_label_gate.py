"""A leak is a key, in whatever dress; a mention is none."""

import json
from typing import Any

import pytest

from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.sanitizing import find_label_leaks


def nested(value: Any, levels: int) -> Any:
    """Return a value below many levels of objects and lists."""
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


@pytest.mark.parametrize("field", SELF_GRADING_FIELDS)
def test_every_self_grading_field_is_a_leak(field: str) -> None:
    """The original's list, whole."""
    assert find_label_leaks({field: 1}, {}, SELF_GRADING_FIELDS) == [
        f"forbidden_key:{field} at $.{field}"
    ]


@pytest.mark.parametrize(
    "key",
    [
        "execution_success",
        "executionSuccess",
        "ExecutionSuccess",
        "execution-success",
        "EXECUTION SUCCESS",
        "execution.success",
        "ｅｘｅｃｕｔｉｏｎ＿ｓｕｃｃｅｓｓ",
    ],
)
@pytest.mark.parametrize(
    "dress",
    [
        lambda key: {key: False},
        lambda key: {"labels": nested({key: False}, 9)},
        lambda key: {"labels": nested({key: False}, 400)},
        lambda key: {"note": json.dumps({key: False})},
        lambda key: {"note": f"tool said: {json.dumps([{'x': {key: 1}}])} and ended"},
        lambda key: {"note": json.dumps({"inner": json.dumps({key: 1})})},
        lambda key: {"pairs": [{"name": key, "value": "no"}]},
        lambda key: {"pairs": [{"Key": key, "Value": "no"}]},
        lambda key: {"note": f"cut off {{ [1, {json.dumps({key: 1})}"},
    ],
    ids=[
        "top", "deep", "very_deep", "json_in_text", "json_in_prose", "json_in_json",
        "pair", "capital_pair", "after_a_stray_brace",
    ],
)  # fmt: skip
def test_a_key_is_found_in_any_dress(key: str, dress: Any) -> None:
    """The original looked for a substring and missed `executionSuccess`."""
    found = find_label_leaks(dress(key), {}, ["execution_success"])
    assert found
    assert all(finding.startswith("forbidden_key:execution_success at $") for finding in found)


@pytest.mark.parametrize(
    "request_part",
    [
        {"note": "the log says execution_error: timed out, and executionSuccess was never set"},
        {"execution_errors_total": 3},
        {"note": '{"message": "execution_error"}'},
        {"pairs": [{"name": "execution_error"}]},
        {"value": "execution_error"},
        {},
    ],
    ids=["prose", "longer_key", "json_value", "pair_without_value", "value", "empty"],
)
def test_a_mention_is_no_leak(request_part: dict[str, Any]) -> None:
    """Evidence may well talk about an `execution_error`; the original refused it."""
    assert find_label_leaks(request_part, {}, SELF_GRADING_FIELDS) == []


@pytest.mark.parametrize(
    ("value", "leaf"),
    [
        ("connection pool leak in orders", "Cause: Connection-pool LEAK in orders!"),
        ("記憶體洩漏導致服務反覆重啟", "原因是記憶體洩漏導致服務反覆重啟，請處理。"),
        ("memory_exhaustion", "it is memory exhaustion again"),
    ],
    ids=["english", "chinese", "id"],
)
def test_a_label_value_that_the_evidence_does_not_hold_is_found(value: str, leaf: str) -> None:
    """Case, punctuation and what surrounds it do not hide a value, in either language."""
    found = find_label_leaks({"context": [leaf]}, {"cause": [value]}, [], raw_evidence="pods died")
    assert found == ["label_value:cause at $.context[0]"]


def test_a_label_value_that_stands_in_the_evidence_gives_nothing_away() -> None:
    """The evidence names the fault itself: the request may too."""
    value = "connection pool leak"
    request = {"user_prompt": f"log: {value}"}
    assert find_label_leaks(request, {"cause": value}, [], raw_evidence=f"log: {value}") == []


@pytest.mark.parametrize(
    ("value", "leaf"),
    [
        ("too short", "too short"),
        ("orders-api", "xorders-apix"),
        (True, "True"),
        (" - - - - - -", "a"),
    ],
    ids=["below_ten_characters", "within_a_word", "no_text", "no_word"],
)
def test_a_value_too_common_to_trace_is_not_a_finding(value: object, leaf: str) -> None:
    """Nine characters, or part of another word, prove nothing."""
    assert find_label_leaks({"a": leaf}, {"cause": value}, []) == []
