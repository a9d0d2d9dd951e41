"""What a text says to a model, also where it is hidden: decoded, without invisible characters."""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator, Mapping

SHORTEST = 12
"""Bytes: shorter runs of letters and digits often look like an encoded text by chance."""
DEEPEST = 2
"""How often what was decoded is decoded again."""
_BASE64 = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?((?:[0-9a-fA-F]{2}[ :]?){12,})(?![0-9A-Za-z])")
_ESCAPES = re.compile(r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})")
_PERCENT = re.compile(r"(?<!\S)\S*%[0-9A-Fa-f]{2}\S*")
"""From the start of a word, so that the time grows with the length of a text, not its square."""
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-z]{2,8});")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_SPACED = re.compile(r"(?<!\w)\w(?:([ ._*-])\w(?:\1\w)+)(?!\w)")
"""Single letters with the same mark between all of them."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef]"
)
_WITHIN_WORDS = re.compile(rf"\w{_INVISIBLE.pattern}\w")
FEWEST_WITHIN_WORDS = 3
"""One or two are marks of a browser or a writing system; a hidden text has more."""


def hides_text(text: str) -> bool:
    """Return whether a text has letters that a person can't see, or splits words invisibly."""
    if text.isascii():
        return False
    return _TAGS.search(text) is not None or (
        len(_WITHIN_WORDS.findall(text)) >= FEWEST_WITHIN_WORDS
    )


def views_of(text: str, look_alikes: Mapping[str, str]) -> Iterator[str]:
    """Yield the text as a model may read it: plain, then what it encodes, then read backwards."""
    plain = _plain(text, look_alikes)
    yield plain
    for one in _decoded(text, DEEPEST):
        yield _plain(one, look_alikes)
    if (joined := _without_gaps(text)) is not None:
        yield _plain(joined, look_alikes)
    yield plain[::-1]


def _plain(text: str, look_alikes: Mapping[str, str]) -> str:
    """Return a text in compatibility form, without invisible characters and runs of blanks."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
        text = text.translate({ord(one): latin for one, latin in look_alikes.items()})
    return re.sub(r"[ \t]+", " ", text)


def _decoded(text: str, depth: int) -> Iterator[str]:
    """Yield the texts that a text encodes, and what these encode."""
    if depth == 0:
        return
    for found in _once_decoded(text):
        yield found
        yield from _decoded(found, depth - 1)


def _once_decoded(text: str) -> Iterator[str]:
    if _ESCAPES.search(text):
        yield _ESCAPES.sub(lambda match: chr(min(int(match[1] or match[2], 16), 0x10FFFF)), text)
    if _ENTITY.search(text):
        yield html.unescape(text)
    yield from (_from_url(match.group()) for match in _PERCENT.finditer(text))
    if not text.isascii():
        for match in _TAGS.finditer(text):
            yield "".join(chr(ord(one) - 0xE0000) for one in match.group())
    for match in _BASE64.finditer(text):
        if (found := _readable(_from_base64(match.group()))) is not None:
            yield found
    for match in _HEX.finditer(text):
        digits = match[1].replace(" ", "").replace(":", "")
        if (found := _readable(bytes.fromhex(digits))) is not None:
            yield found


def _from_url(part: str) -> str:
    """Return a part of a URL decoded; without urllib, which can also open a connection."""
    data = part.replace("+", " ").encode("utf-8", "replace")
    decoded = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes.fromhex(match[1].decode()), data)
    return decoded.decode("utf-8", "replace")


def _from_base64(run: str) -> bytes:
    """Return what a run encodes; empty if it encodes nothing."""
    core = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(core + "=" * (-len(core) % 4))
    except binascii.Error:
        return b""


def _readable(data: bytes) -> str | None:
    """Return bytes as text if they are one: most runs of letters and digits encode nothing."""
    encoding = "utf-16-le" if data[1:8:2] == b"\0\0\0\0" else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return text if len(data) >= SHORTEST and text.replace("\n", " ").isprintable() else None


def _without_gaps(text: str) -> str | None:
    """Return a text with letters joined that are written apart, `i g n o r e`; None if none are."""
    joined = _SPACED.sub(lambda match: match.group()[::2], text)
    return None if joined == text else joined
