"""What every candidate is asked: the same instructions, then the messages of the case."""

import json
from collections.abc import Sequence
from typing import Any

from replay_assets.contracts.tool_case import ToolCase
from replay_assets.inference import Message

PROMPT_VERSION = "tool_calling_1"
SYSTEM = (
    "You operate a Kubernetes platform with the tools that are given. Call the tools that the "
    "request needs, with the values that it names. Leave out optional parameters that it does not "
    "mention. If no tool fits the request, call none and say so in one sentence."
)
PROMPTED = (
    "Tools, as JSON:\n{tools}\n\nAnswer with one JSON object and nothing else: "
    '{{"calls": [{{"name": "<tool>", "arguments": {{"<parameter>": <value>}}}}]}}. '
    'Write {{"calls": []}} if no tool fits the request.'
)


def messages_of(case: ToolCase, *, prompted: bool) -> Sequence[Message]:
    """Return the conversation of a case; `prompted` writes the tools into it."""
    system = SYSTEM
    if prompted:
        functions: list[Any] = [tool["function"] for tool in case.tools]
        tools = json.dumps(functions, ensure_ascii=False)
        system = f"{SYSTEM}\n\n{PROMPTED.format(tools=tools)}"
    # Instructions of the case come after ours: some endpoints take one system message only.
    own = [one["content"] for one in case.messages if one.get("role") == "system"]
    others = [one for one in case.messages if one.get("role") != "system"]
    return [{"role": "system", "content": "\n\n".join([system, *map(str, own)])}, *others]
