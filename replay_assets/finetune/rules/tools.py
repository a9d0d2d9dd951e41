"""Rules for conversations with tools, which differ between consumers in ids and arguments."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from replay_assets.finetune.rules.messages import order, role_of, without_reasoning
from replay_assets.finetune.rules.problem import Found, exactly, filled_text


@dataclass
class ToolRules:
    """Judges rows with tools.

    Attributes:
        text_arguments: whether arguments are JSON text; else they are objects.
        ids: whether calls have an id, and answers name it.
        names: whether answers of tools have a name.
    """

    text_arguments: bool
    ids: bool
    names: bool = False
    _open: list[str] = field(default_factory=list, init=False)

    def __call__(self, record: dict[str, Any]) -> Iterator[Found]:
        """Yield what is wrong with a row."""
        yield from exactly(record, {"messages", "tools"}, "only_messages_and_tools")
        tools, messages = record.get("tools"), record.get("messages")
        yield from described_tools(tools)
        if not isinstance(messages, list) or not messages:
            yield "messages_are_a_list", "messages is not a list with a message"
            return
        offered = names_of(tools)
        self._open, last = [], ""
        for number, message in enumerate(messages):
            place = f"messages[{number}]"
            if not isinstance(message, dict):
                yield "messages_are_objects", f"{place} is not an object"
                continue
            role = role_of([message], 0)
            yield from self._message(message, role, place, offered)
            yield from order(role, last, place, is_first=number == 0)
            last = str(role)
        if self._open:
            yield "calls_are_answered", f"no message answers the calls {', '.join(self._open)}"
        if role_of(messages, -1) != "assistant":
            yield "assistant_is_last", "the last message is not of the assistant"

    def _message(
        self, message: dict[str, Any], role: str | None, place: str, offered: set[str]
    ) -> Iterator[Found]:
        keys = {"role", "content"}
        if role == "tool":
            keys |= ({"tool_call_id"} if self.ids else set()) | ({"name"} if self.names else set())
        elif role not in ("system", "user", "assistant"):
            yield "known_role", f"{place}: {role!r} is not a role"
        calls = message.get("tool_calls")
        if role == "assistant" and "tool_calls" in message:
            keys |= {"tool_calls"}
            yield from self._calls(calls, place, offered)
        yield from exactly(message, keys, "message_keys", f"{place}: ")
        if calls:
            if not isinstance(message.get("content"), str):
                yield "content_is_text", f"{place}.content is not a text; use an empty one"
        elif role != "tool" or message.get("content") != "":
            yield from filled_text(message.get("content"), "content_is_text", f"{place}.content")
        if role == "assistant":
            yield from without_reasoning(message.get("content"), f"{place}.content")
        if role == "tool":
            yield from self._answer(message, place)

    def _calls(self, calls: object, place: str, offered: set[str]) -> Iterator[Found]:
        if not isinstance(calls, list) or not calls:
            yield "calls_are_a_list", f"{place}.tool_calls is not a list with a call; leave it out"
            return
        for number, call in enumerate(calls):
            where = f"{place}.tool_calls[{number}]"
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict):
                yield "call_has_function", f"{where} has no function"
                continue
            keys = {"type", "function"} | ({"id"} if self.ids else set())
            yield from exactly(call, keys, "call_keys", f"{where}: ")
            yield from exactly(function, {"name", "arguments"}, "call_keys", f"{where}.function: ")
            if function.get("name") not in offered:
                yield "call_of_offered_tool", f"{where}: {function.get('name')!r} is not offered"
            yield from self._arguments(function.get("arguments"), where)
            self._open.append(str(call.get("id", number)))

    def _arguments(self, arguments: object, where: str) -> Iterator[Found]:
        if not self.text_arguments:
            if not isinstance(arguments, dict):
                yield "arguments_are_an_object", f"{where}: arguments are not an object"
        elif not isinstance(arguments, str) or not _is_json_object(arguments):
            yield "arguments_are_json_text", f"{where}: arguments are not an object as JSON text"

    def _answer(self, message: dict[str, Any], place: str) -> Iterator[Found]:
        wanted = str(message.get("tool_call_id")) if self.ids else (self._open or [""])[0]
        if wanted in self._open:
            self._open.remove(wanted)
        else:
            yield "answers_a_call", f"{place} answers a call that is not open"


def described_tools(tools: object) -> Iterator[Found]:
    """Yield what is wrong with the tools of a row."""
    if not isinstance(tools, list) or not tools:
        yield "tools_are_a_list", "tools is not a list with a tool"
        return
    for number, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            yield "tool_is_a_function", f"tools[{number}] is not a function"
            continue
        yield from described(function, f"tools[{number}].function")


def described(function: dict[str, Any], place: str) -> Iterator[Found]:
    """Yield what is wrong with one tool: each has a description and parameters."""
    yield from exactly(function, {"name", "description", "parameters"}, "tool_keys", f"{place}: ")
    yield from filled_text(function.get("name"), "tool_has_name", f"{place}.name")
    yield from filled_text(
        function.get("description"), "tool_has_description", f"{place}.description"
    )
    parameters = function.get("parameters")
    if not isinstance(parameters, dict) or parameters.get("type") != "object":
        yield "parameters_are_an_object", f"{place}.parameters is not a schema of type 'object'"


def sharegpt(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a row for LLaMA-Factory, which drops it with a warning only."""
    yield from exactly(record, {"conversations", "system", "tools"}, "sharegpt_keys")
    tools = record.get("tools")
    try:
        offered = json.loads(tools) if isinstance(tools, str) else None
    except ValueError:
        offered = None
    if not isinstance(offered, list) or not offered:
        yield "tools_are_json_text", "tools is not a list with a tool as JSON text"
        offered = []
    for number, tool in enumerate(offered):
        yield from described(tool if isinstance(tool, dict) else {}, f"tools[{number}]")
    turns = record.get("conversations")
    if not isinstance(turns, list) or not turns or len(turns) % 2:
        yield "even_turns", "conversations is not a list of an even number of turns"
        return
    names = {tool.get("name") for tool in offered if isinstance(tool, dict)}
    for number, turn in enumerate(turns):
        yield from _turn(turn, number, names)


SPEAKERS = (("human", "observation"), ("gpt", "function_call"))


def _turn(turn: object, number: int, offered: set[Any]) -> Iterator[Found]:
    place = f"conversations[{number}]"
    if not isinstance(turn, dict):
        yield "turns_are_objects", f"{place} is not an object"
        return
    yield from exactly(turn, {"from", "value"}, "turn_keys", f"{place}: ")
    if turn.get("from") not in SPEAKERS[number % 2]:
        wanted = " or ".join(SPEAKERS[number % 2])
        yield "turns_alternate", f"{place} is of {turn.get('from')!r}, not of {wanted}"
    if turn.get("from") != "observation" or turn.get("value") != "":
        yield from filled_text(turn.get("value"), "value_is_text", f"{place}.value")
    if turn.get("from") == "gpt":
        yield from without_reasoning(turn.get("value"), f"{place}.value")
    if turn.get("from") == "function_call":
        for call in _calls_in(turn.get("value")):
            if not isinstance(call.get("arguments"), dict) or call.get("name") not in offered:
                yield "call_of_offered_tool", f"{place}.value is not a call of an offered tool"


def _calls_in(text: object) -> list[dict[str, Any]]:
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        value = None
    calls = value if isinstance(value, list) else [value]
    return [one if isinstance(one, dict) else {} for one in calls]


def names_of(tools: object) -> set[str]:
    """Return the names of the tools that a row offers."""
    functions = (
        (one.get("function") for one in tools if isinstance(one, dict))
        if isinstance(tools, list)
        else ()
    )
    return {str(one.get("name")) for one in functions if isinstance(one, dict)}


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
