"""Reads the calls of tools in a message or a stream, and whether an endpoint rejects tools.

The forms of many servers: `tool_calls` or the earlier `function_call`, arguments as text or as an
object, calls in pieces with or without an index, parts of the content.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from replay_assets.contracts.result import Usage
from replay_assets.inference.call import AssistantMessage, CalledTool
from replay_assets.inference.chat.error_text import ErrorText
from replay_assets.inference.chat.json_values import whole_text

CALL_FIELDS = frozenset({"tool_calls", "function_call"})
"""The fields of a message, and of a piece of one, that contain calls."""
TOOL_FIELDS = ("tools", "tool_choice", "functions")
"""The fields of a request that have tools."""
MALFORMED_CALL = CalledTool("", "{")
"""A call that can't be read: no name, and arguments that are not JSON."""
_MALFORMED = re.compile(r"malformed[ _]?(?:function|tool)[ _]?call", re.IGNORECASE)
_CALL_PARTS = ("tool_use", "tool_call", "function_call")
_ABOUT_OTHERS = frozenset({401, 402, 403, 407, 408, 409, 413, 424, 425, 429, 498, 499})
"""Statuses that are about account, size or load, whatever the text is."""
_TOOL = r"\b(?:tools?|functions?)(?:[ _-]?(?:use|usage|choices?|call(?:s|ing)?|param\w*))?\b"
_REJECTED = re.compile(
    rf"{_TOOL}.{{0,80}}(?:not (?:been |yet |currently )?(?:support|enabl|allow|availab|permit"
    rf"|implement|accept)|unsupported|isn't supported|requires? --|disabled|extra inputs)"
    rf"|(?:not|n't|without) (?:currently )?(?:support|allow|enable|implement|accept)\w*"
    rf".{{0,40}}{_TOOL}"
    rf"|(?:unsupported|unknown|unrecogni[sz]ed|unexpected|extra).{{0,40}}{_TOOL}"
    rf"|no endpoints found that support tool|requires --jinja|enable-auto-tool-choice",
    re.IGNORECASE,
)
_NOT_TAKEN = re.compile(
    r"support|permitted|allowed|unknown|unrecogni[sz]ed|unexpected|extra", re.IGNORECASE
)


def calls_of(message: Mapping[str, Any]) -> tuple[CalledTool, ...]:
    """Return the calls of a message, in their order."""
    content = message.get("content")
    if CALL_FIELDS.isdisjoint(message) and not isinstance(content, list):
        return ()
    entries = message.get("tool_calls")
    found = [one for one in map(_call_of, _listed(entries)) if one is not None]
    if not found and isinstance(message.get("function_call"), dict):
        found = [one for one in [_call_of(message["function_call"])] if one is not None]
    if not found:
        parts = (one for one in _listed(content) if one.get("type") in _CALL_PARTS)
        found = [one for one in map(_call_of, parts) if one is not None]
    return tuple(found)


def rejects_tools(status: int, error: ErrorText) -> bool:
    """Return whether a response says that the endpoint, or its model, does not take tools."""
    if status < 400 or status in _ABOUT_OTHERS:
        return False
    named = error.field in TOOL_FIELDS
    if named and _NOT_TAKEN.search(error.words) is not None:
        return True
    return _REJECTED.search(error.words) is not None


def with_malformed_call(message: AssistantMessage) -> AssistantMessage:
    """Return a message with its call if the provider says that it could not read it (Gemini).

    It is the model's mistake: without tools, the same words report a failure of the provider.
    """
    if message.calls or _MALFORMED.search(message.finish_reason or "") is None:
        return message
    return replace(message, calls=(MALFORMED_CALL,), finish_reason="tool_calls")


def malformed_call_in(status: int, error: ErrorText) -> AssistantMessage | None:
    """Return the answer of a model whose call the endpoint rejects as unreadable (Groq)."""
    if status != 400 or "tool_use_failed" not in error.codes:
        return None
    return AssistantMessage(None, None, None, "tool_calls", Usage(), calls=(MALFORMED_CALL,))


def is_about_tools(error: ErrorText) -> bool:
    """Return whether an error names the tools of a request, or one of them."""
    return error.field in TOOL_FIELDS or re.search(_TOOL, error.words, re.IGNORECASE) is not None


@dataclass
class _Pieces:
    """One call, as far as its pieces have arrived."""

    call_id: str | None
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def add(self, function: Mapping[str, Any]) -> None:
        name = function.get("name")
        # Some servers repeat the complete name in every piece.
        if isinstance(name, str) and name != self.name:
            self.name += name
        if (arguments := function.get("arguments")) is not None:
            self.arguments.append(_as_text(arguments))


class CallPieces:
    """The calls of a stream, whose arguments come in pieces."""

    def __init__(self) -> None:
        self._calls: list[_Pieces] = []
        self._at: dict[Any, _Pieces] = {}

    def add(self, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
        """Add the value of a field of `CALL_FIELDS`."""
        for piece in _listed(value):
            function = piece if name == "function_call" else piece.get("function") or piece
            if isinstance(function, Mapping):
                self._call_at(name, piece, function).add(function)

    def message(self) -> dict[str, Any]:
        """Return the calls so far as a field of a message; empty if there are none."""
        calls = [
            {
                "id": one.call_id,
                "function": {"name": one.name, "arguments": "".join(one.arguments)},
            }
            for one in self._calls
        ]
        return {"tool_calls": calls} if calls else {}

    def _call_at(self, name: str, piece: Mapping[str, Any], function: Mapping[str, Any]) -> _Pieces:
        index, call_id = piece.get("index"), piece.get("id") or None
        begins = bool(function.get("name"))
        if name == "function_call":
            index, begins = name, False
        call = self._at.get(index) if index is not None else next(reversed(self._calls), None)
        # Some servers send complete calls without an index, or all with the same one.
        is_another = call is not None and begins and call.call_id != call_id and bool(call_id)
        is_next = call is not None and begins and index is None and call_id is None
        if call is None or is_another or is_next:
            call = _Pieces(call_id)
            self._calls.append(call)
            self._at[index] = call
        return call


def _call_of(entry: Mapping[str, Any]) -> CalledTool | None:
    """Return the call of one entry; None if it has no name and no arguments."""
    function = entry.get("function")
    if not isinstance(function, Mapping):
        function = entry
    name = function.get("name")
    arguments = next(
        (function[key] for key in ("arguments", "input", "parameters") if key in function), None
    )
    if not isinstance(name, str) and arguments is None:
        return None
    call_id = entry.get("id")
    return CalledTool(
        whole_text(name) if isinstance(name, str) else "",
        "" if arguments is None else whole_text(_as_text(arguments)),
        whole_text(call_id) if isinstance(call_id, str) and call_id else None,
    )


def _as_text(arguments: Any) -> str:  # noqa: ANN401 - any JSON value
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _listed(value: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - any JSON value
    """Yield the objects of a list, or the one object that is in its place."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield one
