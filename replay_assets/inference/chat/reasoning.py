"""Separates the reasoning in a model's content from its answer."""

import re
from collections.abc import Iterator

from replay_assets.parsing.json_text import Value, values_in

THINK, END_THINK = "<think>", "</think>"
_TAG = re.compile(f"{THINK}|{END_THINK}")


def split_reasoning(content: str | None) -> tuple[str | None, str | None]:
    """Return a content without its `<think>` blocks, and the text of the blocks.

    A tag counts anywhere except in a JSON string, which may quote one. Some templates open the
    block in the prompt: all text before an end tag without a start tag is reasoning. So is all text
    after a start tag without an end tag, if the answer was cut off.
    """
    if content is None or (THINK not in content and END_THINK not in content):
        return content, None
    answer: list[str] = []
    reasoning: list[str] = []
    before, position, inside = 0, 0, False
    for tag in _tags(content):
        if tag[0] == END_THINK and not inside:
            before = tag.start()
            answer, reasoning = [], []
        else:
            (reasoning if inside else answer).append(content[position : tag.start()])
            inside = tag[0] == THINK
        position = tag.end()
    # Every tag is part of a JSON string, so this is an answer that quotes one.
    if position == 0:
        return content, None
    (reasoning if inside else answer).append(content[position:])
    parts = [part.strip() for part in (content[:before], *reasoning)]
    return "".join(answer).strip(), "\n".join(filter(None, parts)) or None


def _tags(content: str) -> Iterator[re.Match[str]]:
    """Yield the tags outside of JSON objects; inside one they are part of a string."""
    position = 0
    for one in values_in(content):
        if isinstance(one, Value):
            yield from _TAG.finditer(content, position, one.start)
            position = one.end
        elif one.too_deep:
            break  # no answer is nested a thousand levels deep
    yield from _TAG.finditer(content, position)
