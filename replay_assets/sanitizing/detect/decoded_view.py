r"""Decoded view of a text: without terminal colours, with escaped and full-width letters decoded.

A colour such as `ESC[31m` ends in a letter, so the word after it has no boundary; an escaped key
word such as `\u5bc6\u78bc=` does not match any rule. Rules therefore search this view too, and the
spans found are mapped back to positions in the text.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from replay_assets.sanitizing.detect.matching import default_engine, scanner
from replay_assets.sanitizing.detect.spans import Span

COLOUR = rb"(?:\x1b|\\{1,4}u001[bB]|\\{1,4}x1[bB]|\\{1,4}033|\\{1,4}e)\[[0-9;]{0,12}[mK]"
ESCAPE = rb"\\{1,4}u[0-9a-fA-F]{4}"
ESCAPED_SIGNS = (b"\\u", b"\\x1", b"\\033", b"\\e[")
"""Every escape code contains one of these: cheaper to search than a pattern for all codes."""
LETTER = rb"%(?:4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])"
"""A letter that is encoded for a URL though it needs no encoding: `p%61ssword`."""
WIDE_LETTER = rb"\xef(?:\xbc[\xa1-\xba]|\xbd[\x81-\x9a])"
CODE = rb"%b|%b|%b|%b" % (COLOUR, ESCAPE, LETTER, WIDE_LETTER)
_LETTER, _WIDE_LETTER = re.compile(LETTER), re.compile(WIDE_LETTER)

COLOUR_ENDS = (b"m", b"K")


class Code(NamedTuple):
    """A colour or escape: its range in the text, and the range of its result in the view."""

    start: int
    end: int
    seen_start: int
    seen_end: int


def spans_in(data: bytes, find: Callable[[bytes], list[Span]]) -> list[Span]:
    """Return the spans found in a text and in its view, as offsets in the text.

    In the text itself colours are replaced by blanks, because a colour may be inside a value or be
    the only separator between two values.
    """
    # Searching for one byte is ten times as fast as searching for two.
    escaped = b"\\" in data and any(sign in data for sign in ESCAPED_SIGNS)
    if not escaped and b"\x1b" not in data:
        # Two searches, because one for both has no first byte that is fast to search for.
        letters = (b"%" in data and _LETTER.search(data)) or (
            b"\xef" in data and _WIDE_LETTER.search(data)
        )
        if not letters:
            return find(data)
    codes, view = _read(data)
    if not codes:
        return find(data)
    starts = [code.seen_start for code in codes]
    found = [
        span._replace(
            start=_start_of(span.start, codes, starts), end=_end_of(span.end, codes, starts)
        )
        for span in find(view)
    ]
    return [*found, *find(_blanked(data, codes))]


def _read(data: bytes) -> tuple[list[Code], bytes]:
    """Return the codes of a text, and its view: escapes as their characters, colours removed."""
    codes: list[Code] = []
    pieces: list[bytes] = []
    position = seen = 0
    for hit in scanner(CODE, default_engine()).finditer(data):
        start, end = hit.span()
        char = b""
        if data[end - 1 : end] not in COLOUR_ENDS:
            char = _character(data[start:end]).encode("utf-8", "surrogatepass")
        seen += start - position
        codes.append(Code(start, end, seen, seen + len(char)))
        pieces += [data[position:start], char]
        seen += len(char)
        position = end
    return codes, b"".join([*pieces, data[position:]])


def _character(code: bytes) -> str:
    """Return what an escape or a full-width letter represents."""
    if code[:1] == b"\xef":
        return chr(ord(code.decode()) - 0xFEE0)
    return chr(int(code[1:] if code[:1] == b"%" else code[-4:], 16))


def _blanked(data: bytes, codes: list[Code]) -> bytes:
    """Return a text with its colours replaced by blanks, so that offsets stay the same."""
    pieces: list[bytes] = []
    position = 0
    for code in codes:
        if code.seen_start == code.seen_end:
            pieces += [data[position : code.start], b" " * (code.end - code.start)]
            position = code.end
    return b"".join([*pieces, data[position:]])


def _start_of(seen: int, codes: list[Code], starts: list[int]) -> int:
    """Return the offset in the text of a byte of the view; inside an escape, the escape's start."""
    number = bisect_right(starts, seen) - 1
    if number < 0:
        return seen
    code = codes[number]
    return code.start if seen < code.seen_end else code.end + seen - code.seen_end


def _end_of(seen: int, codes: list[Code], starts: list[int]) -> int:
    """Return the offset in the text where a range that ends before a byte of the view ends."""
    number = bisect_right(starts, seen - 1) - 1
    if number < 0:
        return seen
    code = codes[number]
    return code.end if seen <= code.seen_end else code.end + seen - code.seen_end
