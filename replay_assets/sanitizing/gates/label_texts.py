"""Texts as the label gate reads them: names and words folded, encoded parts decoded.

This module has no access to labels. A disguised name (other case, separators, look-alike letters,
zero-width characters) folds to the same letters; JSON, base64, hex, URL and HTML escapes in a text
are returned as separate values.
"""

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from replay_assets.parsing.json_text import OBJECTS_AND_LISTS, Value, values_in
from replay_assets.sanitizing.detect import (
    Scanner,
    default_engine,
    scanner,
    uncached_scanner,
)

WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
"""A run of letters and digits. Chinese has no spaces between words: each character is a word."""
QUOTED_KEY = re.compile(
    r"[{,\[]\s{0,20}\\{0,15}[\"']([^\"'{}\[\]]{1,400}?)\\{0,15}[\"']\s{0,20}[:：]"
)
BARE_KEY = re.compile(r"\{\s{0,20}([^\s\"'{}\[\]:=,]{1,100})\s{0,20}:")
CODE_POINT = re.compile(r"\\{1,15}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
END_TAG = re.compile(r"</\s{0,5}([^<>\s/]{1,100})\s{0,5}>")
HEADER_ROW = re.compile(r"^[ \t]*(\|[^\n]{1,2000}\|)[ \t]*\n[ \t]*\|[ \t]*:?-{2,}", re.MULTILINE)
BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,}){0,200}={0,2}")
HEX_RUN = re.compile(rb"(?=[0-9a-fA-F]{20})(?:[0-9a-fA-F]{2}){10,}")
SHORTEST_ENCODED = 16
ENCODED_RUN = rb"[A-Za-z0-9+/_-]{16}"
"""What both patterns above begin with; RE2 finds it in a quarter of their time."""
IDEOGRAPHS = re.compile("[\u4e00-\u9fff]+")
"""Characters that never fold to a letter of a name."""
LONGEST_NAME = 64
URL_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
FAILED_PARSES = 200
"""After this many opening brackets that start no valid JSON, only the shape of keys is searched:
parsing from each bracket of a hostile text would take quadratic time."""
READABLE_SHARE = 0.9
"""Bytes that decode to a smaller share of printable characters are a digest or an image."""

LOOK_ALIKES = str.maketrans(
    "аеорсхуіјѕһԁԛԝɡɩвкмнтґαβεικνορτυχγηωօոսցհᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıȷł01l",
    "aeopcxyijshdqwgibkmhtrabeiknoptuxynwonughabcdefghijklmnoprstuvwyzijloii",
)
"""Letters that look like Latin ones after NFKD and case folding: Cyrillic, Greek, Armenian, small
capitals, and the digits and letters that look the same in most fonts. The target letters are
arbitrary, because both sides of a comparison are folded in the same way."""


class _Folding(dict[int, str]):
    """The folded form of each character, computed when it is first needed."""

    def __missing__(self, code_point: int) -> str:
        self[code_point] = "".join(one for one in plain(chr(code_point)) if one.isalnum())
        return self[code_point]


_FOLDING = _Folding()


def fold(name: str) -> str:
    """Reduce a name to its letters and digits: `executionSuccess` equals `execution-success`."""
    return name.translate(_FOLDING)


def may_hold_key(texts: Iterable[str], folded_names: frozenset[str]) -> bool:
    """Return whether a name can act as a key in any of the texts; True if unsure.

    It can't if nothing is encoded and no text contains the name in any spelling. This check takes a
    tenth of the time of a full search for keys.
    """
    text = "\0\n".join(texts)
    if "\\" in text or _is_escaped(text) or next(_decoded(text), None) is not None:
        return True
    if text.isascii():
        spellings = _spellings_of(folded_names)
        return spellings is not None and spellings.search(text.encode()) is not None
    if all(map(str.isascii, folded_names)):
        text = IDEOGRAPHS.sub("", text)  # folding is slow, and these give no ASCII letter
    folded = fold(text)
    return any(name in folded for name in folded_names)


def _is_escaped(text: str) -> bool:
    return URL_ESCAPE.search(text) is not None or ("&" in text and html.unescape(text) != text)


@lru_cache(maxsize=16)
def _spellings_of(folded_names: frozenset[str]) -> Scanner | None:
    """Return a search for names in ASCII, in any case and with any separators between letters."""
    spelled: dict[str, str] = {}
    for code_point in range(128):
        spelled[_FOLDING[code_point]] = spelled.get(_FOLDING[code_point], "") + chr(code_point)
    patterns = [
        "[^0-9A-Za-z]*".join(f"[{spelled[letter]}]" for letter in name)
        for name in sorted(folded_names)
        if spelled.keys() >= set(name)
    ]
    if not patterns:
        return None
    return uncached_scanner("|".join(patterns).encode(), default_engine())


@lru_cache(maxsize=4096)
def names_in(key: str) -> frozenset[str]:
    """Return the folded forms of a key: all of it, and the last part of `eval.ground_truth`.

    Cached, because the same few names are in every request.
    """
    return frozenset({fold(key), fold(re.split(r"[./:\[\]]+", key.rstrip("]./: "))[-1])})


def words(text: str) -> str:
    """Reduce a text to folded words separated by single spaces, so that complete words compare."""
    return f" {' '.join(WORD.findall(plain(text)))} "


def keys_spelled(text: str) -> Iterator[str]:
    """Yield what has the shape of a key in a text, even if the JSON around it can't be parsed.

    Prose passes: a name counts after an opening brace or a comma if a colon follows, as an end tag,
    or as a cell of a table's header.
    """
    # A cheap test for a character that each pattern needs comes first: most texts have none.
    patterns = [QUOTED_KEY, BARE_KEY] if ":" in text or "：" in text else []
    patterns += [END_TAG] if "</" in text else []
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield CODE_POINT.sub(_character, match.group(1))
    for match in HEADER_ROW.finditer(text) if "|" in text else ():
        yield from match.group(1).strip("|").split("|")


def decoded_parts(text: str) -> Iterator[tuple[str, Any]]:
    """Yield each encoded part of a text as (encoding, value); values may be encoded again."""
    for parsed in _embedded_json(text):
        yield "json", parsed
    if '\\"' in text:
        yield "escaped", text.replace("\\\\", "\\").replace('\\"', '"')
    if URL_ESCAPE.search(text):
        yield "url", unquote(text)
    if "&" in text and (unescaped := html.unescape(text)) != text:
        yield "html", unescaped
    if len(text) >= SHORTEST_ENCODED:
        yield from _decoded(text)


def _decoded(text: str) -> Iterator[tuple[str, str]]:
    """Yield the texts that are encoded in a text as base64 or hex."""
    coded = text.encode("utf-8", "surrogatepass")
    position = 0
    for hit in scanner(ENCODED_RUN, default_engine()).finditer(coded):
        start = hit.span()[0]
        run = BASE64_RUN.match(coded, start) if start >= position else None
        if run is None:  # a part of the previous run
            continue
        position = run.end()
        whole = run.group()
        yield from _read_once(whole) if len(whole) <= LONGEST_NAME else _read(whole)


def _read(run: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts that a run of characters may encode."""
    for decoded in _base64_texts(run):
        yield "base64", decoded
    for digits in HEX_RUN.finditer(run):
        if (plain := _readable(bytes.fromhex(digits.group().decode()))) is not None:
            yield "hex", plain


@lru_cache(maxsize=4096)
def _read_once(run: bytes) -> tuple[tuple[str, str], ...]:
    """Return the texts of a short run, cached: the same few names are in every request."""
    return tuple(_read(run))


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape.group(1) or escape.group(2), 16))


def plain(text: str) -> str:
    """Return a text in lower case without accents, zero-width characters and look-alikes."""
    if text.isascii():
        return text.lower().translate(LOOK_ALIKES)
    # Twice, because folding the case can give characters that decompose again.
    normal = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(one for one in normal if unicodedata.category(one) not in ("Mn", "Cf", "Me"))
    return kept.translate(LOOK_ALIKES)


def _embedded_json(text: str) -> Iterator[Any]:
    """Yield every outermost JSON object or list in a text, and a text that is a JSON string."""
    stripped = text.strip()
    if stripped[:1] == '"':
        # A text in quotation marks need not be JSON; the search below reads it either way.
        with suppress(ValueError, RecursionError):
            yield json.loads(stripped)
    if "{" not in text and "[" not in text:
        return
    failed = 0
    for found in values_in(text, OBJECTS_AND_LISTS):
        if isinstance(found, Value):
            yield found.value
            continue
        failed += 1
        if failed == FAILED_PARSES:
            break


def _base64_texts(run: bytes) -> Iterator[str]:
    """Yield the texts that a run of base64 characters may encode, at any alignment."""
    joined = b"".join(run.split()).rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    for skipped in range(4):
        part = joined[skipped:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        decoded = _readable(base64.b64decode(part + b"=" * (-len(part) % 4)))
        if decoded is not None:
            yield decoded


def _readable(content: bytes) -> str | None:
    """Return bytes as text; None if most of them are not printable."""
    text = content.decode("utf-8", "ignore")
    if len(text.encode()) < READABLE_SHARE * len(content):
        return None  # the usual case: ordinary words decode to noise, so skip the slower check
    printable = sum(len(one.encode()) for one in text if one.isprintable() or one in "\r\n\t")
    return text if content and printable >= READABLE_SHARE * len(content) else None
