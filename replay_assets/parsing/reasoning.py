"""Separates the reasoning in a model's text from its answer."""

import re
from collections.abc import Iterator

from replay_assets.parsing.json_text import Value, values_in

_KIND = (
    r"(?:think|thinking|thoughts?|reason(?:ing)?|reflection|scratch_?pad|analysis|monologue"
    r"|cot|chain[-_]of[-_]thought)(?:_content|_process)?"
)
_TAG = rf"(?:[\w-]+[:_])?{_KIND}"
_HEADER = r"[^<{\[]*(?:<\|constrain\|>[^<{\[]*)?(?:<\|message\|>)?"
_OPEN = (
    rf"<{_TAG}(?:\s[^<>]*)?>",  # <think>, <seed:think>, <longcat_think>
    r"\[THINK\]",  # Magistral
    r"◁think▷",  # Kimi
    # <|START_THINKING|>, and DeepSeek's wide bars
    rf"<[|｜](?:(?:start|begin)[_▁])?(?:of[_▁])?{_KIND}(?:[_▁](?:start|begin))?[|｜]>",
    # gpt-oss: what is in a channel other than the final one.
    rf"<\|channel\|>\s*(?!final\b)\w+{_HEADER}",
    # The same, after a server removed its marks.
    r"assistant(?:analysis|commentary)|\Aanalysis(?-i:(?=[A-Z]))",
    r"<\|channel>\s*thought",  # Gemma
    r"<unused94>(?:thought)?",
    r"<\|inner_prefix\|>",  # Apertus
    r"\AHere(?:'s| is) my thought process:",  # Granite
)
_CLOSE = (
    rf"</{_TAG}\s*>",
    r"\[/THINK\]",
    r"◁/think▷",
    rf"<[|｜]/{_KIND}[|｜]>|</[|｜]{_KIND}[|｜]>",
    rf"<[|｜]end[_▁](?:of[_▁])?{_KIND}[|｜]>|<[|｜]{_KIND}[_▁]end[|｜]>",
    r"<channel\|>",
    r"<unused95>",
    r"<\|inner_suffix\|>",
)
"""Marks of common models and of their chat templates: a new kind is one line in each list."""
_FINAL = (
    rf"<\|channel\|>\s*final\b{_HEADER}",
    r"assistantfinal",
    r"Here(?:'s| is) my response:",
    r"\[BEGIN FINAL RESPONSE\]",  # Apriel
    r"<\|(?:answer|response|content|assistant)\|>",  # Solar and others
)
"""Marks before the answer: whatever is before one of them is reasoning, however it began."""
_NOISE = r"<\|(?:end|return|start|begin|call)\|>(?:assistant\b)?"
"""Marks of gpt-oss between its channels, which belong to neither."""
MARK = re.compile(
    rf"(?P<open>{'|'.join(_OPEN)})|(?P<close>{'|'.join(_CLOSE)})|(?P<final>{'|'.join(_FINAL)})"
    rf"|(?P<noise>{_NOISE})",
    re.IGNORECASE,
)
"""One mark: the group that matched says whether it opens, closes or is neither."""


def split_reasoning(content: str | None) -> tuple[str | None, str | None]:
    """Return a content without its blocks of reasoning, and the text of the blocks.

    A mark counts anywhere except in a JSON value, which may quote one. Some templates open the
    block in the prompt: all text before an end mark without a start mark is reasoning. So is all
    text after a start mark without an end mark, if the answer was cut off.
    """
    if content is None or not _may_have_marks(content) or MARK.search(content) is None:
        return content, None
    answer: list[str] = []
    reasoning: list[str] = []
    before, position, inside = 0, 0, False
    for mark in _marks(content):
        is_final = mark["final"] is not None
        is_end = is_final or mark["close"] is not None
        if is_end and (not inside or (is_final and "".join(answer).strip())):
            before, inside = mark.start(), False
            answer, reasoning = [], []
        else:
            (reasoning if inside else answer).append(content[position : mark.start()])
            inside = not is_end and (inside or mark["open"] is not None)
        position = mark.end()
    # Every mark is part of a JSON value, so this is an answer that quotes one.
    if position == 0:
        return content, None
    (reasoning if inside else answer).append(content[position:])
    parts = [part.strip() for part in (content[:before], *reasoning)]
    return "".join(answer).strip(), "\n".join(filter(None, parts)) or None


def _may_have_marks(content: str) -> bool:
    """Return whether a text has what each mark has a part of: few answers do, and it is fast."""
    return (
        "<" in content
        or "[/" in content
        or "[T" in content
        or "[t" in content
        or "[BEGIN" in content
        or "assistant" in content
        or "◁" in content
        or content.startswith(("analysis", "Here"))
        or "my response:" in content
    )


def _marks(content: str) -> Iterator[re.Match[str]]:
    """Yield the marks outside of JSON objects; inside one they are part of a string."""
    position = 0
    for one in values_in(content):
        if isinstance(one, Value):
            yield from MARK.finditer(content, position, one.start)
            position = one.end
        elif one.too_deep:
            break  # no answer is nested a thousand levels deep
    yield from MARK.finditer(content, position)
