"""The value that follows a secret's name: its range, whether it is secret, and what comes next."""

import re
from typing import NamedTuple

from replay_assets.sanitizing.detect import assignment_patterns as patterns
from replay_assets.sanitizing.detect.bare_values import (
    bare_end,
    chinese_end,
    closing_quote,
    end_of_quoted,
    whole_end,
)
from replay_assets.sanitizing.detect.key_names import Strength
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import is_reference, is_secret

MOST_VALUES = 8
"""How many values of a change or a list are read after one name."""
LONGEST_WORD = 20
_BETWEEN = frozenset(bytes([byte]) for byte in b" \t,-=|?\\\xe2\xe6\xe8")
"""First bytes of what may be between two values of a change or a list."""


class Name(NamedTuple):
    """A secret's name: where it is, and how reliable it is."""

    start: int
    end: int
    text: str
    strength: Strength


class FoundValue(NamedTuple):
    """The range of a value, and where the text goes on after its closing quote."""

    start: int
    end: int
    after: int
    quoted: bool


def value_after(
    data: bytes, match: re.Match[bytes], name: Name, *, in_url: bool = False, encodings: int = 0
) -> FoundValue:
    """Return the value that begins after a match, in quotes or up to where it ends without."""
    start = match.end()
    opening = match.group("open") or b""
    if opening[:1] == b"%" and not encodings and b"=" in data[match.start() : match.start("open")]:
        start, opening = match.start("open"), b""  # in a form, the value itself begins with a quote
    if opening:
        end = closing_quote(data, start, opening)
        if end is None and opening in (b"'\"", b"\"'"):
            start, opening = start - 1, opening[:1]
            end = closing_quote(data, start, opening)
        if end is not None and len(opening) == 1:
            stop = end_of_quoted(data, start, end, name.start)
            if stop > end:
                return FoundValue(start, stop, stop, True)
        if end is not None:
            return FoundValue(start, end, end + len(opening), True)
    if not name.text.isascii() and (stop := chinese_end(data, start)) > start:
        return FoundValue(start, stop, stop, True)
    return _bare_value(data, start, name, in_url=in_url, encodings=encodings)


def _bare_value(data: bytes, start: int, name: Name, *, in_url: bool, encodings: int) -> FoundValue:
    head = data[start : start + 1]
    if head == b"(" and (words := patterns.IN_WORDS.match(data, start)):
        return FoundValue(start, words.end(), words.end(), False)
    if head == b"[" and name.strength == "strong":
        end = bare_end(data, start + 1, in_url=in_url, after=name.start)
        if data[end : end + 2] == b", " and end > start + 1:
            return FoundValue(start + 1, end, end, False)
    end = bare_end(data, start, in_url=in_url, after=name.start, encodings=encodings)
    if name.strength == "weak" and (mark := data.find(b"?", start, end)) > start:
        end = mark  # `;jsessionid=…?page=1`: what looks random has no question mark in it
    return FoundValue(start, end, end, False)


def secret_in(data: bytes, value: FoundValue, name: Name, *, equals: bool, rule: str) -> list[Span]:
    """Return a value's span if it is a secret."""
    start, end = value.start, value.end
    text = data[start:end]
    prose = not value.quoted and patterns.NEXT_WORD.match(data, end) is not None
    inner = text.strip(b" ") if value.quoted else text
    if not is_secret(
        inner, name.strength, quoted=value.quoted, equals=equals, followed_by_word=prose
    ) or is_reference(name.text, text, equals=equals):
        return []
    return [Span(start, end if value.quoted else whole_end(data, start, end), SECRET, rule)]


def later_values(data: bytes, value: FoundValue, name: Name, rule: str) -> list[Span]:
    """Return further values of the same name: `"old" -> "new"`, `["a", "b"]`, from … to …."""
    if data[value.after : value.after + 1] not in _BETWEEN:
        return []
    found: list[Span] = []
    first, stated = value.start, rule == "key_value_stated"
    for _ in range(MOST_VALUES):
        between = patterns.CHANGED_IN_WORDS if stated else patterns.CHANGED
        match = between.match(data, value.after)
        if match is None and data[value.after : value.after + 1] in (b",", b" ", b"\t"):
            in_list = data[max(0, first - 4) : first].rstrip(b"\\\"'")[-1:] == b"["
            match = patterns.NEXT_ITEM.match(data, value.after) if in_list else None
        if match is None:
            break
        value = value_after(data, match, name)
        if not is_word(data, value):
            found += secret_in(data, value, name, equals=True, rule=rule)
    return found


def nested_values(data: bytes, name: Name, begin: int) -> list[Span]:
    """Return the values of a change that is written as an object: `{"old": "a", "new": "b"}`."""
    match = patterns.NESTED.match(data, begin) if name.strength != "none" else None
    if match is None:
        return []
    found: list[Span] = []
    for _ in range(MOST_VALUES):
        value = value_after(data, match, name)
        found += secret_in(data, value, name, equals=True, rule="key_value")
        match = patterns.NEXT_KEY.match(data, value.after)
        if match is None:
            break
    return found


def argument_in_quotes(data: bytes, match: re.Match[bytes], name: Name) -> FoundValue | None:
    """Return the value of a variable that is one argument in quotes: `-e 'DB_PASSWORD=a b'`."""
    quote = data[name.start - 1 : name.start]
    if quote not in (b"'", b'"') or match.group("open") or match.group("sep") != b"=":
        return None
    if not patterns.VARIABLE_FLAG.search(data, max(0, name.start - 20), name.start - 1):
        return None
    end = closing_quote(data, match.end(), quote)
    return FoundValue(match.end(), end, end + 1, True) if end is not None else None


def is_own_name(data: bytes, value: FoundValue, name: Name) -> bool:
    """Return whether code hands a value on under its name: `self.password = password`.

    Only with blanks around the sign or in a list of arguments; `PASSWORD=password` is a secret.
    """
    text = data[value.start : value.end]
    if not patterns.IDENTIFIER.fullmatch(text):
        return False
    word = text.decode()
    if data[value.end : value.end + 1] in (b",", b")") and word == name.text:
        return True
    last = re.split(r"[._-]", name.text.lower())[-1]
    in_code = patterns.SPACED_SIGN.fullmatch(data, name.end, value.start) is not None
    return in_code and (word == last or word.endswith((f"_{last}", last.title())))


def is_word(data: bytes, value: FoundValue) -> bool:
    """Return whether a value without quotes is an ordinary word."""
    text = data[value.start : value.end]
    return (
        not value.quoted
        and len(text) <= LONGEST_WORD
        and text.isalpha()
        and (text.islower() or text.istitle())
    )
