"""What the baselines do as agents: the rules read each recorded section once, then answer.

They know an investigation by the actions in its instructions; cases of the tool-calling benchmark
have none. The sections are those that the evidence itself shows: `--- tool {arguments}` and
`$ kubectl …`.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from replay_assets.inference.baselines.baselines import ACTION, Conversation
from replay_assets.inference.baselines.tool_use import NEVER_CALLS

MOST_CALLS = 20
"""Calls of one investigation: evidence comes from outside."""
_SECTION = re.compile(r"^--- ([\w.-]+) (\{.*\})\s*$", re.MULTILINE)
_COMMAND = re.compile(r"^\$ kubectl (.+)$", re.MULTILINE)
_NAMESPACE = re.compile(r"(?:-n|--namespace)[ =](\S+)")


def is_investigation(chat: Conversation) -> bool:
    """Return whether a conversation asks what a pack asks."""
    return ACTION.search(chat.instructions) is not None


def calls_of_sections(
    model: str, asked: Mapping[str, Any], chat: Conversation
) -> list[dict[str, Any]]:
    """Return the calls that read each section of the evidence; none if they have been made."""
    was_asked = any(one["role"] == "tool" for one in asked["messages"])
    if was_asked or model == NEVER_CALLS:
        return []
    offered = {tool["function"]["name"] for tool in asked["tools"]}
    found = [*_sections(chat.question), *_commands(chat.question)]
    calls = [(name, json.dumps(arguments)) for name, arguments in found if name in offered]
    return [
        {
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }
        for index, (name, arguments) in enumerate(list(dict.fromkeys(calls))[:MOST_CALLS])
    ]


def with_results(asked: Mapping[str, Any], chat: Conversation) -> Conversation:
    """Return the conversation with what tools answered, if the evidence does not have it."""
    results = [str(one["content"]) for one in asked["messages"] if one["role"] == "tool"]
    new = [one for one in results if one.strip() not in chat.question]
    return Conversation(chat.instructions, "\n".join([chat.question, *new]))


def _sections(evidence: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, text in _SECTION.findall(evidence):
        try:
            arguments = json.loads(text)
        except ValueError:  # a line that only looks like a section
            continue
        yield name, arguments


def _commands(evidence: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the calls that ask for the same as the commands."""
    for text in _COMMAND.findall(evidence):
        command = text.partition("|")[0]
        namespace = _NAMESPACE.search(command)
        try:
            words = shlex.split(_NAMESPACE.sub("", command))
        except ValueError:  # an unclosed quotation mark: the command can't be read
            continue
        where = {"namespace": namespace[1]} if namespace else {}
        plain = [one for one in words if not one.startswith("-")]
        if (call := _call_of(plain, where)) is not None:
            yield call


def _call_of(words: list[str], where: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the call of a command's words: its verb, then what it is about."""
    verb, *about = words or [""]
    if not about:
        return ("get_events", where) if verb == "events" else None
    kind, _, name = about[0].partition("/")
    name = name or (about[1] if len(about) > 1 else "")
    if verb in ("get", "describe"):
        named = {"name": name} if name else {}
        return f"kubectl_{verb}", {"resource": kind, **named, **where}
    if verb == "logs":
        return "get_logs", {"pod": about[0], **where}
    return ("get_metrics", {"query": about[0], **where}) if verb == "top" else None
