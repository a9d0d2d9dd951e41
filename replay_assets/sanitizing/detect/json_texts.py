"""Keys and texts of a JSON value: all that a search for secrets or names has to look at."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

_BACKSLASH, _QUOTE = b"\xff\xff", b"\xff\xfe"
"""Stand for `\\\\` and `\\"` while strings are told apart; UTF-8 has no such byte."""


def strings_in(raw: bytes) -> list[bytes]:
    """Return every key and every text of a JSON body, at any depth, to be read by `read_string`.

    Also the first value of a key that an object names twice, which no parser gives.

    Raises:
        ValueError: it is no JSON in UTF-8.
    """
    if b"\xff" in raw:
        raise UnicodeDecodeError("utf-8", raw, raw.index(b"\xff"), len(raw), "no byte of UTF-8")
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.DecodeError:
        json.loads(raw.decode())  # half surrogate pairs, which Python reads
    # In valid JSON, quotes that no backslash is before stand around strings and nowhere else.
    told_apart = raw.replace(b"\\\\", _BACKSLASH).replace(b'\\"', _QUOTE)
    return list(dict.fromkeys(told_apart.split(b'"')[1::2]))


def read_string(string: bytes) -> str:
    """Return what one of `strings_in` says.

    Raises:
        ValueError: it is not UTF-8.
    """
    if b"\\" not in string and b"\xff" not in string:
        return string.decode()
    spelled = b'"%b"' % string.replace(_BACKSLASH, b"\\\\").replace(_QUOTE, b'\\"')
    try:
        text: str = msgspec.json.decode(spelled)
    except ValueError:  # half of a surrogate pair; or no UTF-8: raised again
        text = json.loads(spelled.decode())
    return text


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
