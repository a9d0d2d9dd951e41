"""Definitions of the read tools that an incident's recorded session called.

The session does not record how its tools were defined, so parameters follow from the calls.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from replay_assets.contracts.evidence_sections import KUBECTL
from replay_assets.contracts.json_types import json_type
from replay_assets.contracts.tool_forms import shipped_forms
from replay_assets.contracts.tools import ToolSet

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""The names of functions that OpenAI's protocol accepts."""

Called = tuple[str | None, Mapping[str, Any] | None]
"""The name of a tool and the arguments of one call, as far as they were recorded."""


def recorded_tools(calls: Iterable[Called], tools: ToolSet) -> list[dict[str, Any]]:
    """Return the tools of recorded calls that read, in OpenAI's function format, by name.

    A tool that takes commands may be asked to change something too, so it has the argument that
    asks for approval. Where kubectl was used, there is a tool `kubectl` for bare commands.
    """
    by_tool: dict[str, list[Mapping[str, Any]]] = {}
    for name, arguments in calls:
        if name is None or arguments is None:
            continue
        by_tool.setdefault(name, []).append(arguments)
        command = shipped_forms().command_of(name, arguments)
        if name != KUBECTL and command is not None and command.split(" ", 1)[0] == KUBECTL:
            by_tool.setdefault(KUBECTL, []).append({"command": command})
    return [
        _definition(name, recorded, tools)
        for name, recorded in sorted(by_tool.items())
        if name not in tools.by_name
        and _NAME.fullmatch(name)
        and any(shipped_forms().effect_of(name, one) == "read" for one in recorded)
    ]


def _definition(name: str, recorded: list[Mapping[str, Any]], tools: ToolSet) -> dict[str, Any]:
    names = sorted({parameter for arguments in recorded for parameter in arguments})
    properties = {
        parameter: _schema([one[parameter] for one in recorded if parameter in one])
        for parameter in names
        if parameter != tools.approval.name
    }
    if any(shipped_forms().command_of(name, one) is not None for one in recorded):
        properties[tools.approval.name] = tools.approval.parameter
    always = [one for one in properties if all(one in arguments for arguments in recorded)]
    function = {
        "name": name,
        "description": "A tool of the recorded session.",
        "parameters": {"type": "object", "properties": properties, "required": always},
    }
    return {"type": "function", "function": function}


def _schema(values: list[Any]) -> dict[str, str]:
    """Return the schema of a parameter: its type if all recorded values have the same one."""
    types = {json_type(value) for value in values if value is not None}
    return {"type": types.pop()} if len(types) == 1 else {}
