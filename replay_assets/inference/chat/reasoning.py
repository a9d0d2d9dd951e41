"""What a model thought aloud within its content, told apart from what it answers."""

import re
from collections.abc import Iterator

from replay_assets.parsing.json_text import Value, values_in

THINK, END_THINK = "<think>", "</think>"
_TAG = re.compile(f"{THINK}|{END_THINK}")


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
    """Yield the tags that are not inside a JSON object, where they are part of a string."""
    position = 0
    for one in values_in(content):
        if isinstance(one, Value):
            yield from _TAG.finditer(content, position, one.start)
            position = one.end
        elif one.too_deep:
            break  # no answer is nested a thousand levels deep
    yield from _TAG.finditer(content, position)
