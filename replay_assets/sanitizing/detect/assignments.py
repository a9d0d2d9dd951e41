"""Secrets that follow their name: `password=…`, `"token": "…"`, `--api-key …`, 密碼：….

One search finds the key words; the text after a key word decides.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from replay_assets.sanitizing.detect import assignment_patterns as patterns
from replay_assets.sanitizing.detect.bare_values import (
    bare_end,
    block_scalar,
    chinese_end,
    closing_quote,
    whole_end,
)
from replay_assets.sanitizing.detect.key_names import Strength, is_session, strength
from replay_assets.sanitizing.detect.matching import EngineName, scanner
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import (
    is_harmless,
    is_reference,
    is_secret,
    is_uuid,
    looks_random,
)

LONGEST_NAME = 64
LONGEST_VALUE = 2000
MOST_VALUES = 8
"""How many values of a change or a list are read after one name."""


class _Name(NamedTuple):
    """A secret's name: where it is, and how reliable it is."""

    start: int
    end: int
    text: str
    strength: Strength


class _Value(NamedTuple):
    """The range of a value, and where the text goes on after its closing quote."""

    start: int
    end: int
    after: int
    quoted: bool


class AssignmentFinder:
    """Finds values that follow a secret's name, with one search for all names."""

    def __init__(self, engine: EngineName) -> None:
        self._scanner = scanner(patterns.ANCHORS, engine)

    def find(self, data: bytes) -> list[Span]:
        """Return the secrets of a text that are recognized by their name, left to right."""
        found: list[Span] = []
        done = 0
        for hit in self._scanner.finditer(data):
            begin, stop = hit.span()
            if stop <= done:
                continue
            ahead = data[max(0, begin - LONGEST_NAME) : begin]
            start = begin - len(ahead) + len(ahead.rstrip(patterns.NAME_BYTES))
            if data[start - 1 : start] == b"%":
                rest = patterns.ENCODED_LEFT.match(data, start, begin)
                start = rest.end() if rest else start
            # Many words contain `pin`: such names are searched with their separator.
            if data[stop - 1] in b"=:":
                stop = begin
            right = patterns.NAME_RIGHT.match(data, stop)
            end = right.end() if right else stop
            done = max(end, begin + 1)
            reliable = _reliability(data[start:end])
            if reliable is None:
                continue
            name = _Name(start, end, *reliable)
            for span in _assigned(data, name) or _elsewhere(data, name):
                found.append(span)
                done = max(done, span.end)
        return found


@lru_cache(maxsize=4096)
def _reliability(name: bytes) -> tuple[str, Strength] | None:
    """Return a name as text with its strength; None if it does not mark a secret.

    Cached by its bytes, because most hits of a search are a few such names.
    """
    text = name.rstrip(b".-").decode("utf-8", "replace")
    folded = text.lower()
    reliable = strength(text)
    if reliable == "none" and not folded.endswith("key"):
        return None
    # `contexts` reads these headers: their values have a scheme or several parts.
    return None if folded.endswith(("authorization", "cookie")) else (text, reliable)


def _assigned(data: bytes, name: _Name) -> list[Span]:
    match = patterns.ASSIGNED.match(data, name.end)
    if match is None:
        return []
    sign, before = match.group("sep"), data[max(0, name.start - 6) : name.start]
    if sign in (b"=>", b"->") and before[-1:] in (b"/", b"-"):
        return []
    if before.endswith(patterns.USERINFO_BEFORE):
        return []
    if match.group("open") and not match.group("close") and before[-1:] == match.group("open"):
        return []  # 'password = ' + …: this quote closes a text that began before the name
    block = block_scalar(data, name.start, match.end())
    if block is not None:
        text = data[block[0] : block[1]]
        fits = (name.strength == "strong" and not is_harmless(text)) or looks_random(
            text.split(b"\n")[0]
        )
        return [Span(*block, SECRET, "key_value_block")] if fits else []
    if not match.group("open") and (nested := patterns.NESTED.match(data, match.end())):
        match = nested
    in_url = before[-1:] in (b"?", b"&") or b"%" in (match.groupdict().get("index") or b"")
    encodings = (len(sign) - 1) // 2 if sign[:1] == b"%" else 0
    value = _value(data, match, name, in_url=in_url, encodings=encodings)
    equals = b"=" in sign or sign == b"\xef\xbc\x9d" or sign[-1:] in (b"D", b"d")
    first = _secret(data, value, name, equals=equals, rule="key_value")
    return [*first, *_later(data, value, name, "key_value")]


def _value(
    data: bytes, match: re.Match[bytes], name: _Name, *, in_url: bool = False, encodings: int = 0
) -> _Value:
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
        if end is not None:
            return _Value(start, end, end + len(opening), True)
    if not name.text.isascii() and (stop := chinese_end(data, start)) > start:
        return _Value(start, stop, stop, True)
    return _bare_value(data, start, name, in_url=in_url, encodings=encodings)


def _bare_value(data: bytes, start: int, name: _Name, *, in_url: bool, encodings: int) -> _Value:
    head = data[start : start + 1]
    if head == b"(" and (words := patterns.IN_WORDS.match(data, start)):
        return _Value(start, words.end(), words.end(), False)
    if head == b"[" and name.strength == "strong":
        end = bare_end(data, start + 1, in_url=in_url, after=name.start)
        if data[end : end + 2] == b", " and end > start + 1:
            return _Value(start + 1, end, end, False)
    end = bare_end(data, start, in_url=in_url, after=name.start, encodings=encodings)
    if name.strength == "weak" and (mark := data.find(b"?", start, end)) > start:
        end = mark  # `;jsessionid=…?page=1`: what looks random has no question mark in it
    return _Value(start, end, end, False)


def _later(data: bytes, value: _Value, name: _Name, rule: str) -> list[Span]:
    """Return further values of the same name: `"old" -> "new"`, `["a", "b"]`, from … to …."""
    found: list[Span] = []
    stated = rule == "key_value_stated"
    in_list = data[max(0, value.start - 4) : value.start].rstrip(b"\\\"'")[-1:] == b"["
    for _ in range(MOST_VALUES):
        between = patterns.CHANGED_IN_WORDS if stated else patterns.CHANGED
        match = between.match(data, value.after) or (
            patterns.NEXT_ITEM.match(data, value.after) if in_list else None
        )
        if match is None:
            break
        value = _value(data, match, name)
        if not _is_word(data, value):
            found += _secret(data, value, name, equals=True, rule=rule)
    return found


def _secret(data: bytes, value: _Value, name: _Name, *, equals: bool, rule: str) -> list[Span]:
    """Return a value's span if it is a secret."""
    start, end = value.start, value.end
    text = data[start:end]
    if not equals and is_reference(name.text, text):
        return []
    prose = not value.quoted and patterns.NEXT_WORD.match(data, end) is not None
    inner = text.strip(b" ") if value.quoted else text
    if not is_secret(
        inner, name.strength, quoted=value.quoted, equals=equals, followed_by_word=prose
    ):
        return []
    return [Span(start, end if value.quoted else whole_end(data, start, end), SECRET, rule)]


def _elsewhere(data: bytes, name: _Name) -> list[Span]:
    """Look for other ways to pass a secret: pairs, arguments, flags, prose, tags, forms."""
    if (match := patterns.PAIRED.match(data, name.end)) is not None:
        return _secret(data, _value(data, match, name), name, equals=True, rule="key_value_pair")
    flag = data[name.start : name.start + 1] == b"-"
    if (match := patterns.ARGUMENT.match(data, name.end)) is not None:
        if data[match.end() : match.end() + 1] == b"-":
            return []  # the next flag, as in ["--password", "--verbose"]
        kind: Strength = "strong" if flag and name.strength == "strong" else "weak"
        name = name._replace(strength=kind)
        return _secret(
            data, _value(data, match, name), name, equals=True, rule="key_value_argument"
        )
    if (match := patterns.PART.match(data, name.end)) is not None:
        return _of_form(data, match, name)
    if name.strength != "strong":
        return _random_beside(data, name) if is_session(name.text) else []
    if data[name.start - 1 : name.start] == b"<" and (
        match := patterns.TAGGED.match(data, name.end)
    ):
        stop = data.find(b"<", match.end(), match.end() + LONGEST_VALUE)
        value = _Value(match.end(), max(stop, match.end()), stop, True)
        return _secret(data, value, name, equals=True, rule="xml_tag")
    return _beside(data, name, flag=flag)


def _of_form(data: bytes, match: re.Match[bytes], name: _Name) -> list[Span]:
    """Return the value of a multipart form's field: the line after the field's headers."""
    if patterns.PART_BEFORE.search(data, max(0, name.start - 80), name.start) is None:
        return []
    stop = data.find(match.group("line"), match.end(), match.end() + LONGEST_VALUE)
    value = _Value(match.end(), max(stop, match.end()), stop, True)
    return _secret(data, value, name, equals=True, rule="key_value_part")


def _beside(data: bytes, name: _Name, *, flag: bool) -> list[Span]:
    """Look for a secret that is separated from its name by words or blanks only."""
    if (match := patterns.STATED.match(data, name.end)) is not None:
        return _stated(data, match, name)
    if (match := patterns.SPACED.match(data, name.end)) is None:
        return []
    if not flag and (found := _random_beside(data, name)):
        return found
    if flag and not patterns.NO_VALUE.match(data, match.end()):
        rule = "cli_flag"
    elif patterns.PASSWORD.search(name.text) and (
        match.group("open")
        or name.text.lower() in ("requirepass", "masterauth")
        or patterns.LOGIN_BEFORE.search(data, max(0, name.start - 160), name.start)
    ):
        rule = "login"
    else:
        return []
    return _secret(data, _value(data, match, name), name, equals=True, rule=rule)


def _random_beside(data: bytes, name: _Name) -> list[Span]:
    """Return a random value after a blank: "token 9f71c5…"; a UUID may be an identifier."""
    match = patterns.SPACED.match(data, name.end)
    if match is None:
        return []
    end = bare_end(data, match.end(), in_url=False)
    value = data[match.end() : end]
    if not looks_random(value) or is_uuid(value):
        return []
    return [Span(match.end(), end, SECRET, "key_value_beside")]


def _stated(data: bytes, match: re.Match[bytes], name: _Name) -> list[Span]:
    """Return the passwords that a sentence states: in quotes, or with a digit or capital in it."""
    name = name._replace(strength="strong")
    value = _value(data, match, name)
    rule = "key_value_stated"
    first = [] if _is_word(data, value) else _secret(data, value, name, equals=False, rule=rule)
    return [*first, *_later(data, value, name, rule)]


def _is_word(data: bytes, value: _Value) -> bool:
    """Return whether a value without quotes is an ordinary word."""
    text = data[value.start : value.end]
    return not value.quoted and text.isalpha() and (text.islower() or text.istitle())
