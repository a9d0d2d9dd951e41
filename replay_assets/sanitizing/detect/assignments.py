"""Secrets that follow their name: `password=…`, `"token": "…"`, `--api-key …`, 密碼：….

One search finds the key words; the text after a key word decides.
"""

import re
from functools import lru_cache

from replay_assets.sanitizing.detect import assignment_patterns as patterns
from replay_assets.sanitizing.detect.assigned_values import (
    FoundValue,
    Name,
    argument_in_quotes,
    is_own_name,
    is_word,
    later_values,
    nested_values,
    secret_in,
    value_after,
)
from replay_assets.sanitizing.detect.bare_values import (
    bare_end,
    block_scalar,
)
from replay_assets.sanitizing.detect.checks import has_digit
from replay_assets.sanitizing.detect.key_names import Strength, is_session, strength
from replay_assets.sanitizing.detect.matching import EngineName, scanner
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import (
    is_entry,
    is_harmless,
    is_uuid,
    looks_random,
)

LONGEST_NAME = 64
LONGEST_VALUE = 2000
_QUOTES_AND_INDEX = frozenset((b'"', b"'", b"`", b"\\", b"&", b"%", b"]"))


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
            start = begin
            if begin and data[begin - 1] in patterns.NAME_BYTES:
                ahead = data[max(0, begin - LONGEST_NAME) : begin]
                start -= len(ahead) - len(ahead.rstrip(patterns.NAME_BYTES))
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
            name = Name(start, end, *reliable)
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


def _assigned(data: bytes, name: Name) -> list[Span]:
    match = patterns.PLAINLY_ASSIGNED.match(data, name.end) or patterns.ASSIGNED.match(
        data, name.end
    )
    if match is None:
        return nested_values(data, name, name.end)
    sign, before = match.group("sep"), data[max(0, name.start - 6) : name.start]
    if _assigns_nothing(data, name, match, before):
        return []
    block = block_scalar(data, name.start, match.end())
    if block is not None:
        text = data[block[0] : block[1]]
        fits = (name.strength == "strong" and not is_harmless(text)) or looks_random(
            text.split(b"\n")[0]
        )
        return [Span(*block, SECRET, "key_value_block")] if fits else []
    if not match.group("open") and (values := nested_values(data, name, match.end())):
        return values
    in_url = before[-1:] in (b"?", b"&") or b"%" in (match.group("index") or b"")
    encodings = (len(sign) - 1) // 2 if sign[:1] == b"%" else 0
    value = argument_in_quotes(data, match, name) or value_after(
        data, match, name, in_url=in_url, encodings=encodings
    )
    equals = b"=" in sign or sign == b"\xef\xbc\x9d" or sign[-1:] in (b"D", b"d")
    if sign in (b"->", b"=>", b"\xe2\x86\x92", b"!=") and is_word(data, value):
        return []  # "token -> parser" says how data flows
    if not value.quoted and is_own_name(data, value, name):
        return []
    first = secret_in(data, value, name, equals=equals, rule="key_value")
    return [*first, *later_values(data, value, name, "key_value")]


def _assigns_nothing(data: bytes, name: Name, match: re.Match[bytes], before: bytes) -> bool:
    """Return whether a sign after a name is a part of something else."""
    sign, opening = match.group("sep"), match.group("open")
    if match.group("id") and not is_session(name.text):
        return True
    if sign in (b"=>", b"->") and before[-1:] in (b"/", b"-"):
        return True
    if before.endswith(patterns.USERINFO_BEFORE):
        return True
    if not opening:
        return sign == b":" and _is_resolved(data, name.start)
    # 'password = ' + …: this quote closes a text that began before the name
    return not match.group("close") and before[-1:] == opening


def _is_resolved(data: bytes, start: int) -> bool:
    """Return whether a name is inside `{{resolve:secretsmanager:…}}` of CloudFormation."""
    before = data[max(0, start - 120) : start]
    return before.rfind(b"{{resolve:") > before.rfind(b"}}")


def _elsewhere(data: bytes, name: Name) -> list[Span]:
    """Look for other ways to pass a secret: pairs, arguments, flags, prose, tags, forms."""
    if (match := patterns.PAIRED.match(data, name.end)) is not None:
        return secret_in(
            data, value_after(data, match, name), name, equals=True, rule="key_value_pair"
        )
    if data[name.end : name.end + 1] in _QUOTES_AND_INDEX:
        if (match := patterns.ARGUMENT.match(data, name.end)) is not None:
            return _argument(data, match, name)
        if (match := patterns.PART.match(data, name.end)) is not None:
            return _of_form(data, match, name)
    if name.strength != "strong":
        spoken = is_session(name.text) or (
            name.text.lower() == "key"
            and patterns.KEY_BEFORE.search(data, max(0, name.start - 24), name.end)
        )
        return _random_beside(data, name) if spoken else []
    tagged = data[name.start - 1 : name.start] == b"<" or patterns.PART_BEFORE.search(
        data, max(0, name.start - 80), name.start
    )
    if tagged and (match := patterns.TAGGED.match(data, name.end)):
        stop = data.find(b"<", match.end(), match.end() + LONGEST_VALUE)
        value = FoundValue(match.end(), max(stop, match.end()), stop, True)
        return secret_in(data, value, name, equals=True, rule="xml_tag")
    return _beside(data, name)


def _argument(data: bytes, match: re.Match[bytes], name: Name) -> list[Span]:
    """Return the argument after a name in quotes: `["--token", "…"]`, `getenv("TOKEN", "…")`."""
    if data[match.end() : match.end() + 1] == b"-":
        return []  # the next flag, as in ["--password", "--verbose"]
    sure = _is_flag(data, name) or patterns.ENVIRONMENT_BEFORE.search(
        data, max(0, name.start - 30), name.start
    )
    if not sure and name.strength == "strong":
        name = name._replace(strength="weak")
    value = value_after(data, match, name)
    return secret_in(data, value, name, equals=True, rule="key_value_argument")


def _is_flag(data: bytes, name: Name) -> bool:
    return data[name.start : name.start + 1] == b"-"


def _of_form(data: bytes, match: re.Match[bytes], name: Name) -> list[Span]:
    """Return the value of a multipart form's field: the line after the field's headers."""
    if patterns.PART_BEFORE.search(data, max(0, name.start - 80), name.start) is None:
        return []
    stop = data.find(match.group("line"), match.end(), match.end() + LONGEST_VALUE)
    value = FoundValue(match.end(), max(stop, match.end()), stop, True)
    return secret_in(data, value, name, equals=True, rule="key_value_part")


def _beside(data: bytes, name: Name) -> list[Span]:
    """Look for a secret that is separated from its name by words or blanks only."""
    if (match := patterns.STATED.match(data, name.end)) is not None:
        return _stated(data, match, name)
    if not name.text.isascii() and (match := patterns.IN_BRACKETS.match(data, name.end)):
        return _in_chinese(data, match, name)
    if match := patterns.NEXT_CELL.match(data, name.end):
        return _in_cell(data, match, name)
    if (match := patterns.SPACED.match(data, name.end)) is None:
        return []
    flag = _is_flag(data, name)
    if not flag and (found := _random_beside(data, name)):
        return found
    if flag and not patterns.NO_VALUE.match(data, match.end()):
        rule = "cli_flag"
    elif not name.text.isascii():
        return _in_chinese(data, match, name)
    elif data[max(0, name.start - 5) : name.start].endswith((b"ENV ", b"setx ")):
        rule = "key_value"
    elif patterns.PASSWORD.search(name.text) and (
        match.group("open")
        or name.text.lower() in ("requirepass", "masterauth")
        or patterns.LOGIN_BEFORE.search(data, max(0, name.start - 160), name.start)
    ):
        rule = "login"
    else:
        return []
    return secret_in(data, value_after(data, match, name), name, equals=True, rule=rule)


def _random_beside(data: bytes, name: Name) -> list[Span]:
    """Return a random value after a blank: "token 9f71c5…"; a UUID may be an identifier."""
    match = patterns.SPACED.match(data, name.end)
    if match is None:
        return []
    end = bare_end(data, match.end(), in_url=False)
    value = data[match.end() : end]
    if not looks_random(value) or is_uuid(value):
        return []
    return [Span(match.end(), end, SECRET, "key_value_beside")]


def _in_cell(data: bytes, match: re.Match[bytes], name: Name) -> list[Span]:
    """Return the cell after a name in a table, if it looks like a password and not like a name."""
    value = value_after(data, match, name)
    text = data[value.start : value.end]
    fits = len(text) > 5 and has_digit(text) and not text.isdigit() and not is_entry(text)
    return secret_in(data, value, name, equals=True, rule="key_value_cell") if fits else []


def _in_chinese(data: bytes, match: re.Match[bytes], name: Name) -> list[Span]:
    """Return the value after a Chinese name and a blank, if it has both letters and digits."""
    value = value_after(data, match, name)
    text = data[value.start : value.end]
    fits = len(text) > 5 and text.isascii() and has_digit(text) and not text.isdigit()
    return secret_in(data, value, name, equals=True, rule="login") if fits else []


def _stated(data: bytes, match: re.Match[bytes], name: Name) -> list[Span]:
    """Return the passwords that a sentence states: in quotes, or with a digit or capital in it."""
    name = name._replace(strength="strong")
    value = value_after(data, match, name)
    rule = "key_value_stated"
    date = patterns.DATE.match(data, value.start, value.end)
    skipped = date or is_word(data, value)
    first = [] if skipped else secret_in(data, value, name, equals=False, rule=rule)
    return [*first, *later_values(data, value, name, rule)]
