"""What the baselines call if they are offered tools: nothing, or what words of the request match.

The first shows how many cases need no call; the second, how many need no language model.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from replay_assets.inference.baselines.baselines import Conversation

NEVER_CALLS = "constant-baseline"
LEAST_WORDS = 2
"""Words that a request must share with a tool to call it."""
_WORD = re.compile(r"[a-z]+|[\u4e00-\u9fff]{2}")
_NUMBER = re.compile(r"(?<![\w-])\d+(?![\w-])")
_NAMESPACE = re.compile(r"(?:namespace|命名空間)[ :]*([a-z][a-z0-9-]+)")
_NAMESPACE_AFTER = re.compile(r"(?<![\w-])([a-z0-9-]+) ?(?:namespace|命名空間)")
_NAME = re.compile(r"\b[a-z][a-z0-9]*(?:-[a-z0-9]+)+\b")
_COMMON = frozenset(
    {
        *("a", "an", "and", "are", "at", "be", "by", "do", "for", "from", "has", "how", "i", "in"),
        *("is", "it", "its", "me", "my", "of", "on", "or", "our", "that", "the", "this", "to"),
        *("was", "we", "what", "which", "who", "with", "you", "all", "one", "e", "g", "s"),
    }
)


def called_tools(model: str, asked: Mapping[str, Any], chat: Conversation) -> list[dict[str, Any]]:
    """Return the calls of a baseline, in OpenAI's form, for the body of a request with tools."""
    if model == NEVER_CALLS:
        return []
    functions = [tool["function"] for tool in asked["tools"]]
    shared = [len(_words(_text_of(one)) & _words(chat.question)) for one in functions]
    if max(shared) < LEAST_WORDS:
        return []
    function = functions[shared.index(max(shared))]
    arguments = dict(_arguments(function.get("parameters") or {}, chat.question))
    call = {"name": function["name"], "arguments": json.dumps(arguments, ensure_ascii=False)}
    return [{"id": "call_0", "type": "function", "function": call}]


def _text_of(function: Mapping[str, Any]) -> str:
    """Return the words of a tool: its name, its description, its parameters and their choices."""
    properties = (function.get("parameters") or {}).get("properties") or {}
    choices = [str(one) for parameter in properties.values() for one in parameter.get("enum", ())]
    parts = (function["name"], function.get("description") or "", *properties, *choices)
    return " ".join(parts)


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in _WORD.findall(text.lower())} - _COMMON


def _arguments(schema: Mapping[str, Any], question: str) -> Iterator[tuple[str, Any]]:
    """Yield the parameters for which the request has a value."""
    names = iter([one for one in _NAME.findall(question) if one not in _namespaces(question)])
    numbers = iter(_NUMBER.findall(question))
    for name, parameter in (schema.get("properties") or {}).items():
        value: Any = None
        kind, choices = parameter.get("type"), parameter.get("enum") or ()
        if choices:
            near = (one for one in choices if str(one).lower().rstrip("s") in question.lower())
            value = next(near, None)
        elif kind in ("integer", "number"):
            value = int(number) if (number := next(numbers, None)) is not None else None
        elif "namespace" in name:
            value = next(iter(_namespaces(question)), None)
        elif kind == "string":
            # "deployment gateway", else a word that looks like a name.
            named = re.search(rf"\b{re.escape(name)} ([a-z0-9][\w.-]*\w)", question)
            value = named[1] if named else next(names, None)
        if value is not None:
            yield name, value


def _namespaces(question: str) -> list[str]:
    return _NAMESPACE.findall(question) or _NAMESPACE_AFTER.findall(question)
