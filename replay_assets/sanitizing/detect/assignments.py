r"""Secrets that follow their name: `password=…`, `"token": "…"`, `--api-key …`, 密碼：….

One search finds the key words; the text after a key word decides. Separators and quotes may be
full-width or escaped for JSON (`\"`, `\u0022`), a URL (`%3D`) or HTML, and terminal colours may be
between them.
"""

import re

from replay_assets.sanitizing.detect import key_names
from replay_assets.sanitizing.detect.bare_values import (
    bare_end,
    block_scalar,
    chinese_end,
    whole_end,
)
from replay_assets.sanitizing.detect.key_names import Strength, strength
from replay_assets.sanitizing.detect.matching import EngineName, scanner
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import is_harmless, is_secret, is_uuid, looks_random

ANCHORS = (
    r"(?i:pass|pwd|secret|token|cred|key|auth|cookie|session|salt|licen[sc]e|webhook|psk|crumb"
    r"|[cx]srf|signature"
    r"|jwt|assertion|dockerc|(?:sig|sid|appid|pat|dsn|otp|pin|sas|pw|sessid"
    r"|private)[\"'\\]{0,3} {0,3}[=:])"
    rf"|{key_names.CHINESE}"
).encode()
LONGEST_NAME = 64
LONGEST_VALUE = 2000
_NAME = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.-"
_NAME_RIGHT = re.compile(rb"[A-Za-z0-9_.-]{0,64}")
_QUOTE = rb"(?:\\{0,8}[\"'`]|\\{1,4}u002[27]|&quot;|&#3[49];|%2[27])"
_OPEN = (
    rb"(?P<open>'\"|\"'|"
    + _QUOTE
    + rb"|\xe3\x80\x8c|\xe3\x80\x8e|\xe2\x80\x9c|\xe2\x80\x98|\xef\xbc\x82)"
)
_COLOUR = rb"(?:(?:\x1b|\\{1,2}u001[bB]|\\{1,2}x1[bB]|\\{1,2}033|\\{1,2}e)\[[0-9;]{0,12}m){0,3}"
_GAP = rb"(?:[ \t]|%20|\xe3\x80\x80){0,40}"
_BREAK = rb"(?:[ \t]{0,8}\r?\n[ \t]{0,40})?"
_SEPARATOR = (
    rb"(?P<sep>=>|:{1,3}=|={1,3}|!={1,2}|->|:(?: ?(?:str|[Ss]tring|Secret|SecretStr))? ?=|:{1,2}"
    rb"|\xef\xbc\x9a|\xef\xbc\x9d"
    rb"|%3[AaDd]|%253[AaDd]|\xe2\x86\x92|\\{1,2}u003[ad])"
)
# Code may put a sign before the quote: b'…', f"…", @"…", ["…"].
_PREFIX = rb"(?:@|[bBfFrRuU]{1,2}(?=[\"'])|\[(?=[\"']))?"
_ASSIGNED = re.compile(
    rb"(?P<close>"
    + _QUOTE
    + rb")?[\])]{0,2}(?: [0-9]{1,2})?"
    + _COLOUR
    + _GAP
    + _SEPARATOR
    + _COLOUR
    + _GAP
    + rb"(?:"
    + _BREAK
    + _PREFIX
    + _OPEN
    + rb")?"
    + _COLOUR
)
_PAIRED = re.compile(
    rb"(?:"
    + _QUOTE
    + rb")?,?[ \t]{0,8}(?:\r?\n|\\n)?[ \t]{0,40}"
    + _QUOTE
    + rb"?(?i:(?:secret|default|plain|string)?_?value)"
    + _QUOTE
    + rb"?[ \t]{0,8}[:=]>?[ \t]{0,8}"
    + _OPEN
    + rb"?"
)
_ARGUMENT = re.compile(_QUOTE + rb"[ \t]{0,8},[ \t\r\n]{0,20}" + _OPEN)
_STATED = re.compile(
    rb"(?: (?:for|of|to) [^\r\n\"]{1,40}?)?(?:"
    + _GAP
    + rb"(?:\xe7\x82\xba|\xe4\xb8\xba|\xe6\x98\xaf|\xe8\xa8\xad\xe7\x82\xba"
    rb"|\xe6\x94\xb9\xe7\x82\xba)| (?:is|was|are|became)(?: now| set to)?[ :])"
    + _GAP
    + _OPEN
    + rb"?"
)
_SPACED = re.compile(rb"[ \t]{1,8}" + _OPEN + rb"?")
_TAGGED = re.compile(rb"(?:[ \t][^<>\r\n]{0,80})?>[ \t]{0,8}(?P<open>)")
# As in .netrc, where blanks are the only separators: login alice password …
_LOGIN_BEFORE = re.compile(
    rb"(?i:login|user|username|account)[ \t\r\n]{1,40}[^ \t\r\n]{1,80}[ \t\r\n]{1,40}\Z"
)
_CLOSING = {
    b"\xe3\x80\x8c": b"\xe3\x80\x8d", b"\xe3\x80\x8e": b"\xe3\x80\x8f",
    b"\xe2\x80\x9c": b"\xe2\x80\x9d", b"\xe2\x80\x98": b"\xe2\x80\x99",
}  # fmt: skip
_NEXT_WORD = re.compile(rb"[,;]?[ \t]{1,4}[a-z(]{2}")
_PASSWORD = re.compile(
    r"(?i)(?:password|passwd|passphrase|requirepass|masterauth|pwd|(?<![a-z])pass)$"
)
_SPOKEN = frozenset({"secret", "secrets", "credential", "credentials", "token"})
_WORDS = re.compile(rb"[a-z]+(?:[-_.][a-z]+)+")


class AssignmentFinder:
    """Finds values that follow a secret's name, with one search for all names."""

    def __init__(self, engine: EngineName) -> None:
        self._scanner = scanner(ANCHORS, engine)

    def find(self, data: bytes) -> list[Span]:
        """Return the secrets of a text that are recognized by their name, left to right."""
        found: list[Span] = []
        done = 0
        for hit in self._scanner.finditer(data):
            begin, stop = hit.span()
            if stop <= done:
                continue
            ahead = data[max(0, begin - LONGEST_NAME) : begin]
            start = begin - len(ahead) + len(ahead.rstrip(_NAME))
            # Many words contain `pin`: such names are searched with their separator.
            if data[stop - 1] in b"=:":
                stop = begin
            right = _NAME_RIGHT.match(data, stop)
            end = right.end() if right else stop
            done = max(end, begin + 1)
            span = self._behind(data, start, end)
            if span is not None:
                found.append(span)
                done = max(done, span.end)
        return found

    def _behind(self, data: bytes, start: int, end: int) -> Span | None:
        name = data[start:end].rstrip(b".-").decode("utf-8", "replace")
        name_strength = strength(name)
        if name_strength == "none" and not name.lower().endswith("key"):
            return None
        # `contexts` reads these headers: their values have a scheme or several parts.
        if name.lower().endswith("authorization") or name.lower().endswith("cookie"):
            return None
        return _assigned(data, start, end, name, name_strength) or _elsewhere(
            data, start, end, name, name_strength
        )


def _assigned(data: bytes, start: int, end: int, name: str, name_strength: Strength) -> Span | None:
    match = _ASSIGNED.match(data, end)
    if match is None:
        return None
    if match.group("sep") in (b"=>", b"->") and data[start - 1 : start] in (b"/", b"-"):
        return None
    if (
        match.group("open")
        and not match.group("close")
        and data[start - 1 : start] == match.group("open")
    ):
        return None  # 'password = ' + …: this quote closes a text that began before the name
    equals = b"=" in match.group("sep") or match.group("sep") in (b"\xef\xbc\x9d", b"%3D", b"%3d")
    block = block_scalar(data, start, match.end())
    if block is not None:
        value = data[block[0] : block[1]]
        fits = (name_strength == "strong" and not is_harmless(value)) or looks_random(
            value.split(b"\n")[0]
        )
        return Span(*block, SECRET, "key_value_block") if fits else None
    return _value_at(data, match, start, name, name_strength, equals=equals, rule="key_value")


def _elsewhere(
    data: bytes, start: int, end: int, name: str, name_strength: Strength
) -> Span | None:
    """Look for other ways to pass a secret: pairs, arguments, flags, prose, tags."""
    if (match := _PAIRED.match(data, end)) is not None:
        return _value_at(
            data, match, start, name, name_strength, equals=True, rule="key_value_pair"
        )
    flag = data[start : start + 1] == b"-"
    if (match := _ARGUMENT.match(data, end)) is not None:
        if data[match.end() : match.end() + 1] == b"-":
            return None  # the next flag, as in ["--password", "--verbose"]
        kind: Strength = "strong" if flag and name_strength == "strong" else "weak"
        return _value_at(data, match, start, name, kind, equals=True, rule="key_value_argument")
    if name_strength != "strong":
        return None
    if data[start - 1 : start] == b"<" and (match := _TAGGED.match(data, end)) is not None:
        stop = data.find(b"<", match.end(), match.end() + LONGEST_VALUE)
        value = data[match.end() : stop] if stop > 0 else b""
        fits = is_secret(value, name_strength, quoted=True, equals=True, followed_by_word=False)
        return Span(match.end(), stop, SECRET, "xml_tag") if fits else None
    return _beside(data, start, end, name, name_strength)


def _beside(data: bytes, start: int, end: int, name: str, name_strength: Strength) -> Span | None:
    """Look for a secret that is separated from its name by words or blanks only."""
    if (match := _STATED.match(data, end)) is not None:
        return _stated(data, match, start, name)
    if (match := _SPACED.match(data, end)) is None:
        return None
    flag = data[start : start + 1] == b"-"
    if not flag and looks_random(
        data[match.end() : (end := bare_end(data, match.end(), in_url=False))]
    ):
        value = data[match.end() : end]
        # "token 9f71c5…" has no sign in between, so a value that may be an identifier is left.
        return None if is_uuid(value) else Span(match.end(), end, SECRET, "key_value_beside")
    if flag and data[match.end() : match.end() + 1] not in (b"-", b"", b"\\"):
        return _value_at(data, match, start, name, name_strength, equals=True, rule="cli_flag")
    if _PASSWORD.search(name) and (
        match.group("open")
        or name.lower() in ("requirepass", "masterauth")
        or _LOGIN_BEFORE.search(data, max(0, start - 160), start)
    ):
        return _value_at(data, match, start, name, name_strength, equals=True, rule="login")
    return None


def _stated(data: bytes, match: re.Match[bytes], start: int, name: str) -> Span | None:
    """Return the password that a sentence states: in quotes, or with a digit or capital in it."""
    span = _value_at(data, match, start, name, "strong", equals=False, rule="key_value_stated")
    if span is None or match.group("open"):
        return span
    value = data[span.start : span.end]
    return None if value.isalpha() and (value.islower() or value.istitle()) else span


def _value_at(
    data: bytes,
    match: re.Match[bytes],
    start: int,
    name: str,
    name_strength: Strength,
    *,
    equals: bool,
    rule: str,
) -> Span | None:
    begin = match.end()
    opening = match.group("open")
    if opening:
        end = closing_quote(data, begin, opening)
        if end is not None:
            value = data[begin:end]
            inner = value.strip(b" ")
            if is_secret(inner, name_strength, quoted=True, equals=equals, followed_by_word=False):
                return Span(begin, end, SECRET, rule)
            return None
    if not name.isascii() and (stop := chinese_end(data, begin)) > begin:
        return Span(begin, stop, SECRET, rule)
    end = bare_end(data, begin, in_url=data[start - 1 : start] in (b"?", b"&"))
    value = data[begin:end]
    # `secret: db-credentials` names a Secret, it does not contain one.
    spoken = not equals and name.lower() in _SPOKEN and _WORDS.fullmatch(value)
    prose = _NEXT_WORD.match(data, end) is not None
    if spoken or not is_secret(
        value, name_strength, quoted=False, equals=equals, followed_by_word=prose
    ):
        return None
    return Span(begin, whole_end(data, begin, end), SECRET, rule)


def closing_quote(data: bytes, begin: int, opening: bytes) -> int | None:
    """Return where a quoted value ends on its line and within reach; None if it does not."""
    closing = _CLOSING.get(opening, opening[::-1] if opening in (b"'\"", b"\"'") else opening)
    limit = begin + LONGEST_VALUE
    at = data.find(closing, begin, limit)
    if len(opening) == 1:
        # A quote after an odd number of backslashes is part of the value.
        while (
            at > begin
            and data[at - 1] == 0x5C
            and (at - len(data[begin:at].rstrip(b"\\")) - begin) % 2
        ):
            at = data.find(closing, at + 1, limit)
    if at < 0 or b"\n" in data[begin:at]:
        return None
    return at
