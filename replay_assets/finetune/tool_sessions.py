"""Recorded sessions with calls of tools, as messages to learn."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from replay_assets.contracts.json_types import json_type
from replay_assets.contracts.tools import shipped_tools
from replay_assets.finetune.rows import Message, Tool, ToolCall
from replay_assets.finetune.texts import TextRules
from replay_assets.parsing.json_text import is_too_deep

FOLLOWING = {
    "system": {"system", "user"},
    "user": {"user", "assistant"},
    "assistant": {"user", "assistant", "tool"},
    "tool": {"tool", "assistant"},
}
"""The roles that may follow each one: trainers reject or drop rows with instructions in the middle,
an answer without a question, or a question right after the answer of a tool."""


def recorded_session(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages of a recorded session up to its last answer, arguments as objects.

    Empty if no tool is called, if a call has no answer, or if it is not a conversation that begins
    with a question and whose roles follow each other: a trainer would reject the row or drop it.
    """
    found = [_plain(one) for one in messages]
    while found and (found[-1]["role"] != "assistant" or found[-1]["tool_calls"]):
        found.pop()
    return found if _is_whole(found) else []


def session_messages(clean: Sequence[Mapping[str, Any]], texts: TextRules) -> tuple[Message, ...]:
    """Return sanitized messages of `recorded_session` as messages of a row."""
    return tuple(
        Message(
            one["role"],
            texts.answer(one["content"])
            if one["role"] == "assistant"
            else texts.text(one["content"]),
            tuple(
                ToolCall(call["id"], call["name"], _without_null(texts.value(call["arguments"])))
                for call in one["tool_calls"]
            ),
            one["tool_call_id"],
        )
        for one in clean
    )


def tools_of(messages: Sequence[Message]) -> tuple[Tool, ...]:
    """Return the definitions of the tools that a session called.

    Sessions do not record what they were offered: a definition is the one of an investigation's
    tool of that name, with the parameters that the session used and it does not have.
    """
    used: dict[str, dict[str, Any]] = {}
    for call in (call for one in messages for call in one.tool_calls):
        used.setdefault(call.name, {}).update(call.arguments)
    return tuple(_definition(name, arguments) for name, arguments in sorted(used.items()))


def _definition(name: str, arguments: Mapping[str, Any]) -> Tool:
    known = shipped_tools().by_name.get(name)
    seen = {key: {"type": json_type(value)} for key, value in sorted(arguments.items())}
    properties = {**seen, **known.parameters, **known.investigation} if known else seen
    return Tool(
        name,
        known.description if known else f"The tool {name} of the recorded sessions.",
        {"type": "object", "properties": properties},
    )


def _without_null(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return arguments without null: leaving one out means the same, and readers reject it."""
    if isinstance(value, dict):
        return {name: _without_null(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_null(one) for one in value if one is not None]
    return value


def _plain(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "role": message["role"],
        "content": content if (content := message["content"] or "").strip() else "",
        "tool_calls": list(_calls(message["tool_calls"])),
        "tool_call_id": message["tool_call_id"] or "",
    }


def _calls(recorded: str | None) -> Iterator[dict[str, Any]]:
    """Yield the calls of a message; one whose arguments are not an object has None for them."""
    for call in json.loads(recorded or "null") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            yield {"id": "", "name": "", "arguments": None}
            continue
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            try:
                arguments = None if is_too_deep(arguments) else json.loads(arguments)
            except ValueError:
                arguments = None
        yield {
            "id": str(call.get("id") or ""),
            "name": str(function.get("name") or ""),
            "arguments": arguments if isinstance(arguments, dict) else None,
        }


def _is_whole(messages: Sequence[Mapping[str, Any]]) -> bool:
    calls = [call for one in messages for call in one["tool_calls"]]
    roles = ["system", *(one["role"] for one in messages)]
    if not calls or any(after not in FOLLOWING.get(one, ()) for one, after in pairwise(roles)):
        return False
    if any(not (call["id"] and call["name"]) or call["arguments"] is None for call in calls):
        return False
    waiting: set[str] = set()
    for one in messages:
        if one["role"] == "tool":
            if one["tool_call_id"] not in waiting:
                return False
            waiting.remove(one["tool_call_id"])
        elif waiting or not (one["content"].strip() or one["tool_calls"]):
            return False
        waiting |= {call["id"] for call in one["tool_calls"]}
    return not waiting
