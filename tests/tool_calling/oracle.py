"""Calls that a case expects, and mistakes planted in them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.tool_case import Code, ToolCall, ToolCase

FILE = Path(os.environ.get("REPLAY_REAL_DATA") or "/nonexistent") / "tool_calling" / "cases.jsonl"
needs_cases = pytest.mark.skipif(
    not FILE.is_file(), reason="REPLAY_REAL_DATA does not name a folder with tool-calling cases"
)

Calls = list[ToolCall]


def case_of(expected: dict[str, Any], **properties: Any) -> ToolCase:
    """A case with the tools `act` and `look`, which take the parameters of `properties`."""
    parameters = {"type": "object", "properties": properties}
    tools = [
        {"type": "function", "function": {"name": name, "parameters": parameters}}
        for name in ("act", "look")
    ]
    return ToolCase.model_validate(
        {
            "id": "one",
            "category": "own",
            "messages": [{"role": "user", "content": "Do it."}],
            "tools": tools,
            "expected": expected,
        }
    )


def right_calls(case: ToolCase) -> Calls:
    """The calls that the case expects, each with the first accepted values."""
    expected = case.expected.calls[:1] if case.expected.match == "any" else case.expected.calls
    return [
        ToolCall(
            name=one.name,
            arguments={
                name: _plain(values[0]) for name, values in one.arguments.items() if values[0] != ""
            },
        )
        for one in expected
    ]


def _plain(value: Any) -> Any:
    """A value as a model would send it: keys of an object hold one value, not a list of them."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {
            name: _plain(one[0]) if isinstance(one, list) else one
            for name, one in value.items()
            if one != [""]
        }
    return value


def _argument(case: ToolCase) -> str:
    """A parameter of the first expected call that must be given."""
    expected = case.expected.calls[0]
    return next(
        name
        for name, values in expected.arguments.items()
        if "" not in values and name not in expected.ignored_arguments
    )


def _with(calls: Sequence[ToolCall], **changes: Any) -> Calls:
    arguments = {**(calls[0].arguments or {}), **changes}
    return [ToolCall(name=calls[0].name, arguments=arguments), *calls[1:]]


def _without(case: ToolCase, calls: Sequence[ToolCall]) -> Calls:
    arguments = dict(calls[0].arguments or {})
    del arguments[_argument(case)]
    return [ToolCall(name=calls[0].name, arguments=arguments), *calls[1:]]


def _renamed(calls: Sequence[ToolCall], name: str) -> Calls:
    return [ToolCall(name=name, arguments=calls[0].arguments), *calls[1:]]


def _other(case: ToolCase) -> str:
    accepted = {one.name for one in case.expected.calls}
    return next(name for name in case.functions if name not in accepted)


def _other_value(case: ToolCase, calls: Sequence[ToolCall]) -> Calls:
    """The first call with a value of the right type that is not accepted."""
    name = _argument(case)
    schema = case.functions[calls[0].name]["parameters"]["properties"][name]
    values = {"string": "none-of-these", "integer": -12345, "number": -12345.5}
    if schema.get("type") not in values or schema.get("enum"):
        raise StopIteration
    return _with(calls, **{name: values[schema["type"]]})


def _one_too_few(_: ToolCase, calls: Calls) -> Calls:
    if len(calls) < 2:
        raise StopIteration
    return calls[1:]


Mistake = Callable[[ToolCase, Calls], Calls]
MISTAKES: dict[str, tuple[Code, Mistake]] = {
    "unreadable arguments": (
        "malformed_arguments",
        lambda _, calls: [ToolCall(name=calls[0].name, arguments=None), *calls[1:]],
    ),
    "a tool that does not exist": ("unknown_tool", lambda _, calls: _renamed(calls, "no_such")),
    "the name in other case": (
        "unknown_tool",
        lambda _, calls: _renamed(calls, calls[0].name.swapcase()),
    ),
    "another tool": ("wrong_tool", lambda case, calls: _renamed(calls, _other(case))),
    "silence": ("no_call", lambda *_: []),
    "one call of several": ("missing_call", _one_too_few),
    "the same call twice": ("superfluous_call", lambda _, calls: [*calls, calls[0]]),
    "another call as well": (
        "superfluous_call",
        lambda case, calls: [*calls, ToolCall(name=_other(case), arguments={})],
    ),
    "a parameter left out": ("missing_parameter", _without),
    "a parameter too many": ("unexpected_parameter", lambda _, calls: _with(calls, extra_one=1)),
    "an object for a value": (
        "wrong_type",
        lambda case, calls: _with(calls, **{_argument(case): {"of": "another type"}}),
    ),
    "another value": ("wrong_value", _other_value),
}
NEEDLESS: tuple[Code, Mistake] = (
    "call_not_needed",
    lambda case, _: [ToolCall(name=next(iter(case.functions)), arguments={})],
)
"""The only mistake that can be made where no tool is right."""
EVERY_MISTAKE = {**MISTAKES, "a call where none is right": NEEDLESS}


def planted(case: ToolCase, name: str) -> Calls | None:
    """The calls of a case with a mistake; None if it can't be made there."""
    _, mistake = EVERY_MISTAKE[name]
    if (case.expected.match == "none") != (name not in MISTAKES):
        return None
    try:
        return mistake(case, right_calls(case))
    except StopIteration:  # it has one tool only, or no parameter that must be given
        return None


def answer_with(case: ToolCase, name: str) -> Calls:
    """The calls of a case with a mistake; the right ones where it can't be made."""
    calls = planted(case, name)
    return right_calls(case) if calls is None else calls
