"""What a model thought aloud within its content, told apart from what it answers."""

import json
import re
from collections.abc import Iterator

THINK, END_THINK = "<think>", "</think>"
_TAG = re.compile(f"{THINK}|{END_THINK}")
_DECODER = json.JSONDecoder()


def split_reasoning(content: str | None) -> tuple[str | None, str | None]:
    """Return a content without its `<think>` blocks, and the text of those.

    A block stands anywhere but in a JSON string, which may quote one. Some templates open it in the
    prompt: all before an end without a beginning is reasoning. So is all after a beginning without
    an end, where the answer was cut.
    """
    if content is None or (THINK not in content and END_THINK not in content):
        return content, None
    said: list[str] = []
    thought: list[str] = []
    before, position, inside = 0, 0, False
    for tag in _tags(content):
        if tag[0] == END_THINK and not inside:
            before = tag.start()
            said, thought = [], []
        else:
            (thought if inside else said).append(content[position : tag.start()])
            inside = tag[0] == THINK
        position = tag.end()
    if position == 0:
        return content, None
    (thought if inside else said).append(content[position:])
    thoughts = [part.strip() for part in (content[:before], *thought)]
    return "".join(said).strip(), "\n".join(filter(None, thoughts)) or None


def _tags(content: str) -> Iterator[re.Match[str]]:
    """Give the tags that no JSON object quotes."""
    position = 0
    for start, end in _objects(content):
        yield from _TAG.finditer(content, position, start)
        position = end
    yield from _TAG.finditer(content, position)


def _objects(content: str) -> Iterator[tuple[int, int]]:
    """Give where each whole JSON object begins and ends. A tag within one is part of a string."""
    position = 0
    while (start := content.find("{", position)) >= 0:
        try:
            _, position = _DECODER.raw_decode(content, start)
        except RecursionError:
            return  # nested a thousand deep: no answer is, and each level would be read again
        except ValueError:
            position = start + 1  # a brace of prose, or an object that breaks off
        else:
            yield start, position
