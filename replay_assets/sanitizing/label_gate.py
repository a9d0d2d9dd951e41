"""The structural gate: a request must not carry a field that grades its answer.

A leak is a key, at any depth, in any case or separator style, also inside JSON that stands in a
string, also as a name/value pair. A mention in prose is no leak: evidence may well talk about an
`execution_error`.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
"""A run of letters and digits; Chinese has no blanks between words, so each character is one."""
OPENING = re.compile(r"[{\[]")
NAME_KEYS = ("name", "key", "field")
SHORTEST_VALUE = 10
"""Label values below this many characters are too common to be traced in free text."""


def find_label_leaks(
    request: Mapping[str, Any],
    labels: Mapping[str, Any],
    forbidden: Sequence[str],
    raw_evidence: str | None = None,
) -> list[str]:
    """Return what a request leaks of its labels; an empty list when it is clean.

    Args:
        request: the request, or the part of it to look at, as a JSON object.
        labels: the incident's label values; may be empty where they are not at hand.
        forbidden: field names that must not stand as a key anywhere.
        raw_evidence: the evidence as it was recorded; a label value that already stands in it gives
            nothing away.
    """
    banned = {_fold(name): name for name in forbidden}
    findings = [
        f"forbidden_key:{banned[_fold(key)]} at {path}"
        for path, key in _keys(request, "$")
        if _fold(key) in banned
    ]
    leaves = [(path, _words(text)) for path, text in _leaves(request, "$")]
    known = _words(raw_evidence or "")
    for name, text in _values(labels):
        words = _words(text)
        if len(text) < SHORTEST_VALUE or not words.strip() or words in known:
            continue
        findings += [f"label_value:{name} at {path}" for path, leaf in leaves if words in leaf]
    return findings


def _fold(name: str) -> str:
    """Reduce a key to its letters and digits: `executionSuccess` equals `execution-success`."""
    normal = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in normal if character.isalnum())


def _words(text: str) -> str:
    """Reduce a text to lower-case words between single blanks, so that whole words compare."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    return f" {' '.join(WORD.findall(normal))} "


def _keys(root: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    for at, value in _nodes(root, path, into_text=True):
        if isinstance(value, Mapping):
            has_value = any(str(key).lower() == "value" for key in value)
            for key, item in value.items():
                yield f"{at}.{key}", str(key)
                if has_value and str(key).lower() in NAME_KEYS and isinstance(item, str):
                    yield f"{at}.{key}", item


def _leaves(root: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    for at, value in _nodes(root, path, into_text=False):
        if isinstance(value, str):
            yield at, value


def _nodes(root: Any, path: str, *, into_text: bool) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield every value below a root with its path, however deep: no recursion, so no limit."""
    waiting: list[tuple[str, Any]] = [(path, root)]
    while waiting:
        at, value = waiting.pop()
        yield at, value
        below: list[tuple[str, Any]] = []
        if isinstance(value, Mapping):
            below = [(f"{at}.{key}", item) for key, item in value.items()]
        elif isinstance(value, list):
            below = [(f"{at}[{position}]", item) for position, item in enumerate(value)]
        elif into_text and isinstance(value, str):
            below = [(f"{at}(json)", parsed) for parsed in _embedded(value)]
        waiting.extend(reversed(below))


def _values(labels: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in labels.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield name, item


def _embedded(text: str) -> Iterator[Any]:
    """Yield every JSON object or list that stands in a text, outermost only."""
    decoder = json.JSONDecoder()
    position = 0
    while (found := OPENING.search(text, position)) is not None:
        start = found.start()
        try:
            parsed, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            position = start + 1
            continue
        yield parsed
        position = end
