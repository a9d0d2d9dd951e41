"""A leak is a key in any spelling; a mention in prose is not."""

import base64
import json
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.sanitizing import find_label_leaks


def coded(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()


@pytest.fixture(scope="session")
def label_cases(real_data: Path) -> list[dict[str, Any]]:
    """Return the labelled requests of the sanitizing corpus."""
    lines = (real_data.parent / "sanitize" / "label_leak.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in lines.splitlines()]


def nested(value: Any, levels: int) -> Any:
    """Return a value inside many levels of objects and lists."""
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


@pytest.mark.parametrize(
    ("name", "key"), [("正解", "正解"), ("łabel", "Ła-bel"), ("réponse", "Re-ponse"), ("a", "A")]
)
def test_a_name_in_any_script_is_found(name: str, key: str) -> None:
    """A deployment's own lists may be in its own language."""
    assert find_label_leaks({key: 1, "文字": "說明"}, {}, [name]) != []
    assert find_label_leaks({"文字": "說明", "x": "z"}, {}, [name]) == []


@pytest.mark.parametrize("field", SELF_GRADING_FIELDS)
def test_every_self_grading_field_is_a_leak(field: str) -> None:
    """The complete list of the original."""
    assert find_label_leaks({field: 1}, {}, SELF_GRADING_FIELDS) == [
        f"forbidden_key:{field} at $.{field}"
    ]


SPELLINGS = [
    "execution_success",
    "executionSuccess",
    "ExecutionSuccess",
    "execution-success",
    "EXECUTION SUCCESS",
    "execution.success",
    "ｅｘｅｃｕｔｉｏｎ＿ｓｕｃｃｅｓｓ",
    " execution_success ",
    "execution\u200b_suc\u00adcess",
    "\u0435xecuti\u043en_succ\u0435ss",
    "ехесution_ѕuссеѕѕ",
    "exécution_sùccess",
    "executi0n_success",
    "labels.execution_success",
]


@pytest.mark.parametrize(
    "form",
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
        lambda key: {"note": json.dumps(json.dumps({key: 1}))},
        lambda key: {"note": f"said {json.dumps(json.dumps({key: 1}))} twice"},
        lambda key: {"note": f"cut short: {json.dumps({'a': 1, key: 'x'})[:-3]}"},
        lambda key: {"note": f"python: {({'a': 1, key: False})!r}"},
        lambda key: {"note": f"notes {coded(json.dumps({key: 1}))} end"},
        lambda key: {"note": coded(json.dumps({"b": coded(json.dumps({key: 1}))}))},
        lambda key: {"note": json.dumps({"a": 1, key: 1}).encode().hex()},
        lambda key: {"note": quote(json.dumps({key: 1}))},
        lambda key: {"note": escape(json.dumps({key: 1}))},
        lambda key: {"tags": [[key, 1.0]]},
        lambda key: {"tags": [key, False]},
        lambda key: {"attributes": [{"key": key, "value": {"boolValue": True}}]},
        lambda key: {"tools": [{"function": {"parameters": {"properties": {key: {}}}}}]},
        lambda key: {"tools": [{"function": {"parameters": {"required": [key]}}}]},
        lambda key: {"calls": [{"function": {"arguments": json.dumps({key: 1})}}]},
        lambda key: {"table": {"columns": ["id", key], "rows": [[1, 2]]}},
        lambda key: {"table": [["id", key], [1, 2]]},
        lambda key: {"note": f"| id | {key} |\n|---|---|\n| 1 | yes |"},
        lambda key: {"note": f"<x>yes</{key.strip().replace(' ', '_')}>"},
    ],
    ids=[
        "top", "deep", "very_deep", "json_in_text", "json_in_prose", "json_in_json",
        "pair", "capital_pair", "after_a_stray_brace", "json_string", "json_string_in_prose",
        "truncated", "python_literal", "base64", "base64_in_base64", "hex", "url", "html",
        "pair_in_a_list", "two_item_list", "otel_attribute", "tool_schema", "required_list",
        "tool_call", "columns", "header_row", "markdown_table", "element",
    ],
)  # fmt: skip
def test_a_key_is_found_in_any_spelling_and_any_form(form: Any) -> None:
    """The original looked for a substring and missed `executionSuccess`."""
    found = {key: find_label_leaks(form(key), {}, ["execution_success"]) for key in SPELLINGS}
    start = "forbidden_key:execution_success at $"
    assert {
        key: findings
        for key, findings in found.items()
        if not findings or not all(one.startswith(start) for one in findings)
    } == {}


def test_every_case_of_the_corpus_is_classified_correctly(
    label_cases: list[dict[str, Any]],
) -> None:
    """21 leaks and 14 clean requests; a substring search got 48-50 % and 71-79 % of them wrong."""
    wrong = [
        (case["id"], case["why"], found)
        for case in label_cases
        if bool(found := find_label_leaks(case["request"], case["labels"], case["forbidden"]))
        is not case["leak"]
    ]
    assert len(label_cases) == 35
    assert wrong == []


def test_a_finding_names_the_place_and_repeats_no_evidence() -> None:
    """Keys may be evidence too: a key that is not a plain name is shown as a star."""
    request = {"mei@example.com": {"x" * 50: {"execution_success": "FAKE value"}}}
    (found,) = find_label_leaks(request, {}, SELF_GRADING_FIELDS)
    assert found == "forbidden_key:execution_success at $.*.*.execution_success"


@pytest.mark.parametrize(
    "unit", ["[", "[1,", '{"a":', "{", "%41", "&amp;", '\\"', "QUJD", "6162", "| a |\n", "</a"]
)
def test_a_hostile_text_is_read_to_its_end(unit: str) -> None:
    """Half a megabyte of possible beginnings: parsing from each bracket would never end."""
    text = unit * (500_000 // len(unit)) + ' {"execution_success": 1, '
    assert find_label_leaks({"a": text}, {}, SELF_GRADING_FIELDS)


@pytest.mark.parametrize(
    "request_part",
    [
        {"note": "the log says execution_error: timed out, and executionSuccess was never set"},
        {"execution_errors_total": 3},
        {"note": '{"message": "execution_error"}'},
        {"pairs": [{"name": "execution_error"}]},
        {"value": "execution_error"},
        {"tags": ["execution_error", "network"]},
        {"note": "missing field 'execution_error': null is not allowed"},
        {"note": "execution_error, execution_success: see the manual"},
        {"note": "metric execution_error{job='etl', pod='a'} 31, flag execution_success=off"},
        {"note": f"digest {'ab12' * 16} {coded('the log said execution_error twice')}"},
        {"url": "https://example.com/docs/execution_error.html"},
        {},
    ],
    ids=[
        "prose",
        "longer_key",
        "json_value",
        "pair_without_value",
        "value",
        "tags",
        "quoted_prose",
        "list_in_prose",
        "metric",
        "mention_in_base64",
        "url",
        "empty",
    ],
)
def test_a_mention_is_not_a_leak(request_part: dict[str, Any]) -> None:
    """Evidence may well describe an `execution_error`; the original rejected it."""
    assert find_label_leaks(request_part, {}, SELF_GRADING_FIELDS) == []


@pytest.mark.parametrize(
    ("value", "leaf"),
    [
        ("connection pool leak in orders", "Cause: Connection-pool LEAK in orders!"),
        ("記憶體洩漏導致服務反覆重啟", "原因是記憶體洩漏導致服務反覆重啟，請處理。"),
        ("memory_exhaustion", "it is memory exhaustion again"),
        ("disk is full on db-7", "notes " + coded("because disk is full on db-7 today")),
        ("disk is full on db-7", json.dumps(json.dumps({"a": "disk is full on db-7"}))),
        ("disk is full on db-7", "d\u0456sk is fu\u200bll on db-7"),
    ],
    ids=["english", "chinese", "id", "base64", "json", "look_alikes"],
)
def test_a_label_value_that_is_not_in_the_evidence_is_found(value: str, leaf: str) -> None:
    """Case, punctuation and the text around it do not hide a value, in either language."""
    found = find_label_leaks({"context": [leaf]}, {"cause": [value]}, [], raw_evidence="pods died")
    assert found
    assert all(one.startswith("label_value:cause at $.context[0]") for one in found)


def test_a_label_value_that_is_in_the_evidence_is_not_a_leak() -> None:
    """The evidence names the fault itself, so the request may too."""
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


LABEL = {
    "risk_level": "low",
    "requires_human_approval": True,
    "acceptable_actions": ["restart", "scale"],
    "風險": "低",
}


@pytest.mark.parametrize(
    "text",
    [
        *("risk_level=low", "risk_level: low,", "riskLevel=LOW", "the risk level is low"),
        *('{"risk_level": "low"', "| risk_level | low |", "**risk_level**: low", "risk_level\tlow"),
        *(
            "risk_level：low",
            "risk_level＝low",
            "risk_level為low",
            "risk_level%3Dlow",
            "risk_level low",
        ),
        *("requires human approval: yes", "requires_human_approval=1", "ris\u200bk_level -> low"),
        *("acceptable_actions: [drain, scale]", "acceptable-actions=restart"),
        *("風險:低", "風險：低，請處理", "風險為低", "風險＝低。", "風險是「低」的"),
        *("「風險」為「低」", "風險的值是低", "「risk_level」為「low」", "risk_level（等級）：low"),
        *("<td>risk_level</td><td>low</td>", "risk_level,low", '("risk_level", "low")'),
        *("name: risk_level, value: low", "risk level should be low", "risk level - low"),
        *("risk_level (low)", "risk_level ➜ low", "risk_level: \x1b[32mlow\x1b[0m"),
    ],
)
def test_a_name_with_its_value_next_to_it_is_a_leak(text: str) -> None:
    """However short the value is: one that the label's own name explains says everything."""
    for request in ({"note": text}, {"log": [{"text": f"before {text}"}]}):
        assert find_label_leaks(request, LABEL, [], raw_evidence="pods died")
        assert find_label_leaks(request, {}, [], raw_evidence="pods died", paired=LABEL)


@pytest.mark.parametrize(
    "request_part",
    [
        {"risk_level": "low"},
        {"requires_human_approval": True},
        {"tags": [["risk_level", "low"]]},
        {"pairs": [{"name": "risk_level", "value": "low"}]},
        {"acceptable_actions": ["drain", "scale"]},
    ],
)
def test_a_label_in_the_structure_of_a_request_is_a_leak(request_part: dict[str, Any]) -> None:
    assert find_label_leaks(request_part, LABEL, [])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "risk_level=lowest",
            "risk_level=high",
            "the risk level of low memory",
            "highrisk_level=low",
        ),
        *("low risk_level", "requires_human_approval=false", "scale the actions", "風險:低於標準"),
        *("risk_level: unknown, low memory", "風險:高"),
    ],
)
def test_a_name_with_another_value_is_no_leak(text: str) -> None:
    """A short value is a leak only next to its name."""
    assert find_label_leaks({"note": text}, LABEL, [], raw_evidence="pods died") == []


def test_a_pair_that_the_evidence_has_too_is_no_leak() -> None:
    request = {"labels": {"risk_level": "low"}, "note": "risk_level=low"}
    assert find_label_leaks(request, LABEL, [], raw_evidence="app started, risk_level: low") == []
