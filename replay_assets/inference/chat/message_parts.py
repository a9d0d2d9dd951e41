"""The texts of a message: its content, reasoning and refusal, in the forms of many servers.

A content may be a text or a list of parts; reasoning may be in a field or in a part.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

REASONING_FIELDS = (
    *("reasoning_content", "reasoning", "thinking", "reasoning_text"),
    *("reasoning_details", "thinking_blocks"),
)
"""The first that is not empty counts: some servers send the same text in two of them."""
CONTENT_FIELDS = frozenset({"content", "refusal", *REASONING_FIELDS})
REASONING_PARTS = ("thinking", "reasoning", "thought", "redacted_thinking")
"""How the type of a part with reasoning begins."""
_REASONING = frozenset(REASONING_FIELDS)
_PART_KEYS = frozenset({"type", "text"})
_TEXT_KEYS = ("text", "thinking", "reasoning", "content", "summary", "refusal", "value")


class Texts(NamedTuple):
    """The texts of a message; None if it has none of that kind."""

    content: str | None
    reasoning: str | None
    refusal: str | None


def texts_of(message: Mapping[str, Any]) -> Texts:
    """Return the texts of a message.

    Raises:
        TypeError: its content is neither a text nor a list of parts.
    """
    content, refusal, reasoning = message.get("content"), message.get("refusal"), None
    if not _REASONING.isdisjoint(message):
        reasoning = next((message[name] for name in REASONING_FIELDS if message.get(name)), None)
        reasoning = _text(reasoning)
    if not isinstance(refusal, str):
        refusal = None  # only a text refuses: some servers send false or an empty object
    if content is None or isinstance(content, str):
        return Texts(content, reasoning, refusal)
    if isinstance(content, dict) and _PART_KEYS.isdisjoint(content):
        # A gateway that has parsed the answer.
        return Texts(json.dumps(content, ensure_ascii=False), reasoning, refusal)
    parts = content if isinstance(content, list) else [content]
    return _texts_of_parts(parts, Texts(None, reasoning, refusal))


def _texts_of_parts(parts: list[Any], texts: Texts) -> Texts:
    found: dict[str, list[str]] = {"content": [], "reasoning": [], "refusal": []}
    for part in parts:
        if not isinstance(part, str | dict):
            raise TypeError("a part that is neither a text nor an object")
        if text := _text(part):
            found[_kind_of(part)].append(text)
    joined = {kind: "".join(pieces) or None for kind, pieces in found.items()}
    return Texts(
        joined["content"],
        texts.reasoning or joined["reasoning"],
        texts.refusal or joined["refusal"],
    )


def _kind_of(part: str | dict[str, Any]) -> str:
    kind = "" if isinstance(part, str) else str(part.get("type") or "").lower()
    if kind.startswith(REASONING_PARTS):
        return "reasoning"
    return "refusal" if kind == "refusal" else "content"


def _text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the text of a part, which may contain parts; None if it has no text."""
    if isinstance(value, list):
        return "".join(filter(None, map(_text, value))) or None
    if isinstance(value, dict):
        return next(filter(None, (_text(value.get(key)) for key in _TEXT_KEYS)), None)
    return value if isinstance(value, str) and value else None
