"""The keys and texts of a JSON value: everything that a search for secrets or names must read."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

_WITHOUT_TEXT = frozenset({bool, float, int, type(None)})
_BACKSLASH, _QUOTE = b"\xff\xff", b"\xff\xfe"
"""Placeholders for `\\\\` and `\\"` while strings are separated; UTF-8 never uses these bytes."""


def strings_in(raw: bytes) -> list[bytes]:
    """Return every key and every text of a JSON body at any depth; decode with `read_string`.

    If an object has the same key twice, both values are included; a parser returns only the last.

    Raises:
        ValueError: the body is not JSON in UTF-8.
    """
    if b"\xff" in raw:
        raise UnicodeDecodeError("utf-8", raw, raw.index(b"\xff"), len(raw), "no byte of UTF-8")
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.DecodeError:
        json.loads(raw.decode())  # half surrogate pairs, which Python accepts
    # In valid JSON, a quote without a backslash before it always begins or ends a string.
    told_apart = raw.replace(b"\\\\", _BACKSLASH).replace(b'\\"', _QUOTE)
    return list(dict.fromkeys(told_apart.split(b'"')[1::2]))


def read_string(string: bytes) -> str:
    """Return the decoded text of a string returned by `strings_in`.

    Raises:
        ValueError: it is not UTF-8.
    """
    if b"\\" not in string and b"\xff" not in string:
        return string.decode()
    if b"\xff" in string:
        string = string.replace(_BACKSLASH, b"\\\\").replace(_QUOTE, b'\\"')
    spelled = b'"%b"' % string
    try:
        text: str = msgspec.json.decode(spelled)
    except ValueError:  # half a surrogate pair; if it is invalid UTF-8, this raises again
        text = json.loads(spelled.decode())
    return text


def texts_in(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return every key (as text) and every text of a JSON value, in no particular order."""
    texts: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        # The exact types first: checking an abstract class is slow, and every request is read here.
        if one.__class__ is str:
            texts.append(one)
        elif one.__class__ is dict:
            texts += map(str, one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            texts.append(one)
        elif one.__class__ not in _WITHOUT_TEXT and isinstance(one, Mapping):
            texts += map(str, one)
            waiting += one.values()
    return texts
