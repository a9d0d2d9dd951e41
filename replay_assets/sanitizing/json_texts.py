"""Keys and texts of a JSON value: all that a search for secrets or names has to look at."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec


def texts_of(raw: bytes) -> list[str]:
    """Return every key and every text of a JSON body, at any depth, no two equal.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return _read_slowly(raw)  # half surrogate pairs, which Python reads; no JSON raises again
    texts = texts_in(body)
    # In valid JSON quotes stand around strings and nowhere else. Fewer strings than that: an object
    # names a key twice, and its first value is not among those decoded.
    quotes = raw.count(b'"') - raw.replace(b"\\\\", b"").count(b'\\"')
    return list(dict.fromkeys(texts)) if 2 * len(texts) == quotes else _read_slowly(raw)


def texts_in(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return every key, as a text, and every text of a JSON value, in no particular order."""
    texts: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            texts.append(one)
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict | Mapping):  # a dict first: an abstract class is slow to ask
            texts += map(str, one)
            waiting += one.values()
    return texts


def _read_slowly(raw: bytes) -> list[str]:
    """Return every key and every text of a JSON body, at any depth."""
    texts: list[str] = []
    keep = texts.append

    def pairs(items: list[tuple[str, Any]]) -> None:
        for name, value in items:
            keep(name)
            leaf(value)

    def leaf(value: Any) -> None:  # noqa: ANN401 - any JSON value
        if isinstance(value, str):
            keep(value)
        elif isinstance(value, list):
            for item in value:
                leaf(item)

    leaf(json.loads(raw, object_pairs_hook=pairs))
    return texts
