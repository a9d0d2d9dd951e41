"""Reads calls of tools that a model wrote into its text, in the marks of its chat template.

A server that knows the template returns them as calls; one that does not returns them as text.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from replay_assets.parsing.json_text import Value, nests_too_deep, strict_json, values_in

_OPEN = re.compile(
    r"<\|?tool_?calls?(?:_begin)?\|?>"  # Hermes, Qwen, Nemotron, Granite, Phi
    r"|\[TOOL_CALLS\]|\[TOOL_CALL\]"  # Mistral
    r"|<\|python_tag\|>"  # Llama 3
    r"|<\|action_start\|>\s*<\|plugin\|>",  # InternLM
    re.IGNORECASE,
)
"""Marks before calls in JSON; a new kind is one line here."""
_NAMED = re.compile(
    r"(?:\[TOOL_CALLS\]|<｜tool▁sep｜>|<｜tool▁call▁begin｜>(?!function<)"
    r"|<\|tool_call_begin\|>\s*(?:functions\.)?)"
    r"(?P<name>[\w.-]+?)(?::\d+)?\s*"
    r"(?:\[CALL_ID\]\w*)?(?:\[ARGS\]|<\|tool_call_argument_begin\|>|<｜tool▁sep｜>|```json)?\s*(?=\{)"
)
"""Marks before a name, with the arguments after it: Mistral, DeepSeek, Kimi."""
_FUNCTION = re.compile(r"<function=(?P<name>[\w.-]+)>(?P<body>.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(
    r"<parameter=(?P<name>[\w.-]+)>\s*?\n?(?P<value>.*?)\n?\s*</parameter>", re.DOTALL
)
"""Llama 3.1 has JSON in a `<function=…>`, Qwen 3 Coder and Nemotron 3 have parameters in it."""
_GLM = re.compile(
    r"<tool_call>\s*(?P<name>[\w.-]+)\s*(?P<body><arg_key>.*?)</tool_call>", re.DOTALL
)
_GLM_PAIR = re.compile(
    r"<arg_key>(?P<name>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.DOTALL
)
_PYTHON = re.compile(
    r"(?:<\|python_tag\|>|<\|python_start\|>)?\s*(?P<code>\[?\s*[\w.]+\(.*\)\s*\]?)", re.DOTALL
)
_NAME = re.compile(r'"name"\s*:\s*"([^"]+)"')
_FENCE = re.compile(r"\A```(?:json|tool_code|python)?\s*(.*?)\s*```\Z", re.DOTALL)
_ARGUMENTS = ("arguments", "parameters", "args", "input")


class WrittenCall(NamedTuple):
    """A call in a text; `arguments` is None if they can't be read as a JSON object."""

    name: str
    arguments: dict[str, Any] | None


def calls_in_text(text: str | None) -> list[WrittenCall]:
    """Return the calls that a text has in marks, or that are all of the text."""
    if text is None or not text.strip():
        return []
    for form in (_tagged, _named, _marked, _bare):
        if found := list(form(text)):
            return found
    return []


def prompted_calls(text: str | None) -> list[WrittenCall]:
    """Return the calls of an answer that was asked for as JSON, which may be within other text."""
    for one in values_in(text or ""):
        if isinstance(one, Value):
            found = calls_in_json(one.value)
            if found or "calls" in one.value:
                return found
    return calls_in_text(text)


def calls_in_json(value: Any) -> list[WrittenCall]:  # noqa: ANN401 - any JSON value
    """Return the calls of a JSON value: of an object, of a list, or below `calls`."""
    if isinstance(value, list):
        return [call for one in value for call in calls_in_json(one)]
    if not isinstance(value, dict):
        return []
    for key in ("calls", "tool_calls"):
        if isinstance(value.get(key), list):
            return calls_in_json(value[key])
    if isinstance(value.get("function"), dict):
        return calls_in_json(value["function"])
    name = value.get("name") or value.get("function") or value.get("tool")
    given = [value[one] for one in _ARGUMENTS if one in value]
    if not isinstance(name, str) or not given:
        return []
    return [WrittenCall(name, arguments_of(given[0]))]


def arguments_of(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value
    """Return arguments as a JSON object; None if they are not one, or are nested too deep.

    An empty text is an object without arguments. Some servers encode the object twice.
    """
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = strict_json(value) if value.strip() else {}
        except (ValueError, RecursionError):
            return None
    if value is None:
        return {}
    return value if isinstance(value, dict) and not nests_too_deep(value) else None


def _tagged(text: str) -> Iterator[WrittenCall]:
    for call in _FUNCTION.finditer(text):
        body = call["body"].strip()
        pairs = [(one["name"], one["value"]) for one in _PARAMETER.finditer(body)]
        if pairs:
            yield WrittenCall(call["name"], {name: _value(value) for name, value in pairs})
        else:
            yield WrittenCall(call["name"], arguments_of(body))
    for call in _GLM.finditer(text):
        pairs = [(one["name"], one["value"]) for one in _GLM_PAIR.finditer(call["body"])]
        yield WrittenCall(call["name"], {name: _value(value) for name, value in pairs})


def _named(text: str) -> Iterator[WrittenCall]:
    for call in _NAMED.finditer(text):
        value = next(values_in(text[call.end() :]), None)
        is_object = isinstance(value, Value) and isinstance(value.value, dict)
        yield WrittenCall(call["name"], value.value if is_object else None)  # type: ignore[union-attr]


def _marked(text: str) -> Iterator[WrittenCall]:
    marks = [*_OPEN.finditer(text)]
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        part = text[mark.end() : end]
        found = calls_in_json([one.value for one in _values(part)])
        yield from found
        # A mark and a name, but no JSON: the call can't be read.
        if not found and (name := _NAME.search(part)) is not None:
            yield WrittenCall(name[1], None)


def _bare(text: str) -> Iterator[WrittenCall]:
    """Yield the calls of a text that is nothing but calls, as JSON or as Python (Llama)."""
    whole = text.strip()
    if (fence := _FENCE.match(whole)) is not None:
        whole = fence[1]
    if whole.startswith(("{", "[{")):
        try:
            yield from calls_in_json(strict_json(whole))
        except (ValueError, RecursionError):
            # Several objects, each in a line or after a semicolon.
            yield from calls_in_json([one.value for one in _values(whole)])
    elif (code := _PYTHON.fullmatch(whole)) is not None:
        yield from _in_python(code["code"])


def _in_python(code: str) -> Iterator[WrittenCall]:
    try:
        tree = ast.parse(code.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for call in tree.elts if isinstance(tree, ast.List) else [tree]:
        if isinstance(call, ast.Call):
            yield WrittenCall(ast.unparse(call.func), _keywords(call))


def _keywords(call: ast.Call) -> dict[str, Any] | None:
    try:
        found = {one.arg: ast.literal_eval(one.value) for one in call.keywords if one.arg}
        json.dumps(found, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return None if call.args or nests_too_deep(found) else found


def _values(text: str) -> Iterator[Value]:
    return (one for one in values_in(text) if isinstance(one, Value))


def _value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value of a parameter's text; the text if it is not JSON."""
    try:
        return strict_json(text)
    except (ValueError, RecursionError):
        return text
