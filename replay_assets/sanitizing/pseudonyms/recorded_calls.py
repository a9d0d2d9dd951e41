"""What tools returned in a recorded session, each output with the call that it answered."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.tool_forms import shipped_forms
from replay_assets.parsing.json_text import is_too_deep

Row = Mapping[str, Any]
KEPT = ("session_id", "position", "tool_call_id", "content")
"""The columns of a message that are kept with its call."""


@dataclass(frozen=True)
class _Call:
    """A call of a session, and whether it or an earlier one changed the system."""

    id: str | None
    name: str | None
    arguments: dict[str, Any] | str | None
    after_change: bool


def recorded_outputs(messages: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the outputs of tools in a session, in order, each with its call.

    `after_change` marks the outputs from the first call on that changed the system: they show what
    production did. Name and arguments are None if the session does not have the call.
    """
    found: list[dict[str, Any]] = []
    waiting: list[_Call] = []
    changed = False
    for message in messages:
        for call in _calls_of(message, changed):
            waiting.append(call)
            changed = call.after_change
        if message["role"] == "tool":
            call = _answered(waiting, message["tool_call_id"]) or _Call(None, None, None, changed)
            found.append(
                {
                    **{name: message[name] for name in KEPT},
                    "name": call.name,
                    "arguments": call.arguments,
                    "after_change": call.after_change,
                }
            )
    return found


def _answered(waiting: list[_Call], call_id: str | None) -> _Call | None:
    """Remove and return the call that an output answers: by its id, else the oldest."""
    same = [call for call in waiting if call_id is None or call.id == call_id]
    if not same:
        return None
    # An id that is used again means the newest call; without an id, outputs follow their calls.
    call = same[0] if call_id is None else same[-1]
    waiting.remove(call)
    return call


def _calls_of(message: Row, changed: bool) -> Iterator[_Call]:
    for entry in _entries(message.get("tool_calls")):
        function = entry.get("function")
        function = function if isinstance(function, Mapping) else entry
        name = function.get("name")
        arguments = _arguments(function.get("arguments", function.get("input")))
        if not isinstance(name, str):
            continue
        known = arguments if isinstance(arguments, dict) else {}
        changed = changed or shipped_forms().effect_of(name, known) == "change"
        call_id = entry.get("id")
        yield _Call(call_id if isinstance(call_id, str) else None, name, arguments, changed)


def _entries(calls: object) -> list[dict[str, Any]]:
    """Return the calls of a message; none if the column is not a list of objects."""
    try:
        calls = json.loads(calls) if isinstance(calls, str) else calls
    except ValueError:
        return []
    return [one for one in calls if isinstance(one, dict)] if isinstance(calls, list) else []


def _arguments(found: object) -> dict[str, Any] | str | None:
    """Return arguments as an object; as text if they are not a JSON object."""
    if isinstance(found, dict):
        return found
    if not isinstance(found, str):
        return None if found is None else json.dumps(found, ensure_ascii=False)
    if is_too_deep(found):
        return found
    try:
        value = json.loads(found or "{}")
    except ValueError:
        return found
    return value if isinstance(value, dict) else found
