"""An answer is right by the names and the parameters of its calls, and else has one code."""

from typing import Any

import pytest

from replay_assets.contracts.tool_case import Code, ToolCall
from replay_assets.tool_calling.cases import read_cases, shipped_cases
from replay_assets.tool_calling.scoring import score_calls
from tests.tool_calling.oracle import (
    EVERY_MISTAKE,
    FILE,
    answer_with,
    case_of,
    needs_cases,
    planted,
    right_calls,
)

LOSSES = {
    "unreadable arguments": (170, 65),
    "a tool that does not exist": (170, 65),
    "the name in other case": (170, 65),
    "another tool": (136, 65),
    "silence": (170, 65),
    "one call of several": (0, 9),
    "the same call twice": (170, 65),
    "another call as well": (136, 65),
    "a parameter left out": (170, 64),
    "a parameter too many": (170, 65),
    "an object for a value": (170, 64),
    "another value": (143, 37),
    "a call where none is right": (27, 29),
}
"""How many of the 197 collected and of the 94 shipped cases each planted mistake costs."""


def act(**arguments: Any) -> ToolCall:
    return ToolCall(name="act", arguments=arguments)


def look(**arguments: Any) -> ToolCall:
    return ToolCall(name="look", arguments=arguments)


def call(name: str, /, **arguments: list[Any]) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


@needs_cases
def test_the_expected_calls_of_every_collected_case_are_right():
    """The cases can be answered, with both values in objects and objects in lists."""
    cases = read_cases([FILE])
    assert len(cases) == 197
    assert [case.id for case in cases if score_calls(case, right_calls(case)).code] == []


@needs_cases
def test_silence_is_right_for_exactly_the_cases_without_a_right_tool():
    """A model that never calls gets those, and no other."""
    for case in read_cases([FILE]):
        score = score_calls(case, [])
        assert score.right is score.name_right is (case.expected.match == "none")


@needs_cases
@pytest.mark.parametrize("name", EVERY_MISTAKE)
def test_a_planted_mistake_costs_what_it_should_in_whole_case_files(name: str):
    """Exactly the cases in which it can be made, each with its code."""
    code, _ = EVERY_MISTAKE[name]
    losses = []
    for file in (FILE, shipped_cases()):
        cases = read_cases([file])
        made = [case.id for case in cases if planted(case, name) is not None]
        codes = {case.id: score_calls(case, answer_with(case, name)).code for case in cases}
        assert {one: found for one, found in codes.items() if found} == dict.fromkeys(made, code)
        losses.append(len(made))
    assert tuple(losses) == LOSSES[name]


@pytest.mark.parametrize(
    ("expected", "calls", "code"),
    [
        ([call("act", n=[1])], [act(n=1)], None),
        ([call("act", n=[1])], [act(n=1), look()], "superfluous_call"),
        ([call("act", n=[1])], [look(n=1)], "wrong_tool"),
        ([call("act", n=[1]), call("look", n=[1])], [look(n=1), act(n=1)], None),
        ([call("act", n=[1]), call("look", n=[1])], [act(n=1)], "missing_call"),
        ([call("act", n=[1]), call("look", n=[1])], [act(n=1), act(n=1)], "missing_call"),
        ([call("act", n=[1]), call("act", n=[2])], [act(n=2), act(n=1)], None),
        ([call("act", n=[1]), call("act", n=[2])], [act(n=2), act(n=2)], "wrong_value"),
        ([call("act", n=[1]), call("act", n=[1, 2])], [act(n=1), act(n=2)], None),
        ([call("act", n=[1, 2]), call("act", n=[1])], [act(n=1), act(n=2)], None),
        ([call("act", n=[1]), call("act", n=[2])], [act(n="1"), act(n=2)], "wrong_type"),
        ([call("act", n=[1]), call("look", n=[1])], [act(n=3), look()], "missing_parameter"),
    ],
)
def test_all_calls_are_compared_in_any_order(
    expected: list[dict[str, Any]], calls: list[ToolCall], code: Code | None
):
    """Each call is compared with the expected one that it fits."""
    case = case_of({"match": "all", "calls": expected}, n={"type": "integer"})
    assert score_calls(case, calls).code == code


@pytest.mark.parametrize(
    ("calls", "code"),
    [
        ([act(n=1)], None),
        ([look(n=2)], None),
        ([act(n=2)], "wrong_value"),
        ([act(n=1), look(n=2)], "superfluous_call"),
        ([], "no_call"),
    ],
)
def test_one_of_several_calls_is_enough(calls: list[ToolCall], code: Code | None):
    """Which one does not matter, but one."""
    expected = {"match": "any", "calls": [call("act", n=[1]), call("look", n=[2])]}
    assert score_calls(case_of(expected, n={"type": "integer"}), calls).code == code


@pytest.mark.parametrize(
    ("calls", "code"),
    [
        ([], None),
        ([act()], "call_not_needed"),
        ([ToolCall(name="act", arguments=None)], "malformed_arguments"),
        ([ToolCall(name="Act", arguments={})], "unknown_tool"),
    ],
)
def test_a_call_is_wrong_if_no_tool_is_right(calls: list[ToolCall], code: Code | None):
    """Any call is, and the first code that applies says how."""
    score = score_calls(case_of({"match": "none"}), calls)
    assert (score.code, score.name_right) == (code, not calls)


@pytest.mark.parametrize(
    ("schema", "accepted", "value", "code", "lenient"),
    [
        ("integer", [3], 3, None, True),
        ("integer", [3], 3.0, None, True),
        ("integer", [3], "3", "wrong_type", True),
        ("integer", [3], "4", "wrong_type", False),
        ("integer", [1], True, "wrong_type", False),
        ("boolean", [True], 1, "wrong_type", False),
        ("boolean", [True], "true", "wrong_type", True),
        ("string", ["3"], 3, "wrong_type", True),
        ("string", ["New York"], "new-york", None, True),
        ("string", ["it's"], 'it"s', None, True),
        ("string", ["", "UTC"], "", None, True),
        ("string", ["", "UTC"], "-", "wrong_value", False),
        ("string", ["", "UTC"], None, None, True),
        ("string", ["UTC"], None, "wrong_type", False),
        ("string", [None, "UTC"], None, None, True),
        ("array", [["a", "b"]], ["A", "b"], None, True),
        ("array", [["a", "b"]], ["b", "a"], "wrong_value", False),
        ("array", [["a", "b"], ["b", "a"]], ["b", "a"], None, True),
        ("object", [{"a": [1, 2], "b": [""]}], {"a": 2}, None, True),
        ("object", [{"a": [1, 2], "b": [""]}], {"a": 3}, "wrong_value", False),
        ("object", [{"a": [[1, 2]]}], {"a": [1, 2]}, None, True),
        ("object", [{"a": [{"b": ["x", "y"]}]}], {"a": {"b": "Y"}}, None, True),
        ("object", [{"a": [1]}], {"a": 1, "c": 1}, "wrong_value", False),
        ("array", [[{"a": [1, 2]}]], [{"a": 2}], None, True),
    ],
)
def test_a_value_is_right_by_type_and_content(
    schema: str, accepted: list[Any], value: Any, code: Code | None, lenient: bool
):
    """Texts as BFCL compares them; in an object each key has a list of accepted values."""
    expected = {"match": "all", "calls": [call("act", value=accepted)]}
    score = score_calls(case_of(expected, value={"type": schema}), [act(value=value)])
    assert (score.code, score.right_lenient) == (code, lenient)


def test_a_wrong_type_within_a_list_is_a_wrong_type():
    """Schemas of items and properties count, too."""
    numbers = {"type": "array", "items": {"type": "integer"}}
    case = case_of({"match": "all", "calls": [call("act", of=[[1, 2]])]}, of=numbers)
    assert score_calls(case, [act(of=[1, "2"])]).code == "wrong_type"


@pytest.mark.parametrize("name", ["namespace", "deployment", "pod_name", "name"])
def test_a_name_of_kubernetes_is_compared_exactly(name: str):
    """`web-0` and `web_0` are two objects."""
    arguments: dict[str, list[Any]] = {"namespace": ["shop"], name: ["web-0"]}
    expected = {"match": "all", "calls": [call("act", **arguments)]}
    properties = {name: {"type": "string"}, "namespace": {"type": "string"}}
    case, rest = (
        case_of(expected, **properties),
        {} if name == "namespace" else {"namespace": "shop"},
    )
    assert score_calls(case, [act(**{**rest, name: "web-0"})]).code is None
    assert score_calls(case, [act(**{**rest, name: "web_0"})]).code == "wrong_value"


def test_a_name_of_something_else_is_compared_as_text():
    """The tools of BFCL name people and places."""
    case = case_of({"match": "all", "calls": [call("act", name=["Ada Lovelace"])]}, name={})
    assert score_calls(case, [act(name="ada lovelace")]).code is None


def test_ignored_arguments_are_not_compared():
    """They may be given or not, with any value."""
    one = {**call("act", n=[1], why=["x"]), "ignored_arguments": ["why", "other"]}
    case = case_of({"match": "all", "calls": [one]}, n={"type": "integer"})
    assert score_calls(case, [act(n=1, other=5)]).code is None
    assert score_calls(case, [act(n=1, why="y")]).code is None


def test_the_name_alone_is_right_more_often_than_the_call():
    """That is what an accuracy by names hides."""
    case = case_of({"match": "all", "calls": [call("act", n=[1])]}, n={"type": "integer"})
    score = score_calls(case, [act(n=2)])
    assert (score.right, score.name_right) == (False, True)
