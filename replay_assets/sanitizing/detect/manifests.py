r"""Kubernetes Secrets in a text: every value below `data` and `stringData`, whatever its key.

Read by lines and braces instead of with a YAML or JSON parser: output of `kubectl` may be cut off,
indented with tabs, or escaped inside an annotation, and a parser rejects all three.
"""

import re

from replay_assets.sanitizing.detect.bare_values import bare_end, block_scalar, whole_end
from replay_assets.sanitizing.detect.matching import EngineName, scanner
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import is_harmless

ANCHORS = rb"(?i:kind[\"'\\]{0,8}[ \t]{0,4}:[ \t]{0,4}[\"'\\]{0,8}secret\b)"
REACH = 64_000
_SECTION = re.compile(
    rb"(?m)^(?P<indent>[ \t]*(?:- )?)[\"']?(?:data|stringData)[\"']?[ \t]*:[ \t]*\r?$"
)
_ENTRY = re.compile(rb"(?P<indent>[ \t]*)[\"']?(?P<key>[A-Za-z0-9._/-]{1,253})[\"']?[ \t]*:[ \t]*")
_JSON_SECTION = re.compile(
    rb"\\{0,7}\"(?:data|stringData)\\{0,7}\"[ \t\r\n]{0,20}:[ \t\r\n]{0,20}\{"
)
_BRACE = re.compile(rb"[{}]")
_JSON_ENTRY = re.compile(
    rb"(?P<quote>\\{0,7}\")[^\"\\]{1,253}\\{0,7}\"[ \t]{0,8}:[ \t]{0,8}(?P=quote)"
    rb"(?P<value>[^\"\\]{1,16000})"
)


class ManifestFinder:
    """Finds the values of Kubernetes Secrets by their `kind`."""

    def __init__(self, engine: EngineName) -> None:
        self._scanner = scanner(ANCHORS, engine)

    def find(self, data: bytes) -> list[Span]:
        """Return the values of every Secret manifest in a text."""
        found: list[Span] = []
        done = -1
        for hit in self._scanner.finditer(data):
            start, end = hit.span()
            # Within the object before: to read it again for each `kind` would take quadratic time.
            if start < done:
                continue
            spans, done = _in_braces(data, start) if b'"' in data[start:end] else ([], done)
            if not spans:
                spans, after = _in_lines(data, start)
                done = max(done, after)
            found += spans
        return sorted(found)


def _in_lines(data: bytes, at: int) -> tuple[list[Span], int]:
    """Return the values of the YAML object whose `kind` is at an offset, and where it ends."""
    line = data.rfind(b"\n", 0, at) + 1
    indent = len(data[line:at].expandtabs(8).rstrip(b"\"'"))
    begin, end = _object_around(data, line, indent)
    found: list[Span] = []
    for section in _SECTION.finditer(data, begin, end):
        if len(section.group("indent").expandtabs(8)) != indent:
            continue
        found += _entries(data, section.end() + 1, end, indent)
    return found, end


def _object_around(data: bytes, line: int, indent: int) -> tuple[int, int]:
    """Return the lines around one with its indent or more; the dash of a list begins an object."""
    begin = line
    low = max(0, line - REACH)
    while begin > low and not _is_first(data, begin):
        above = data.rfind(b"\n", low, begin - 1) + 1 if begin > 1 else 0
        text = data[above : begin - 1]
        if text.strip() and (_depth(text) < indent or text.startswith(b"---")):
            break
        begin = max(above, low)
    end = line
    high = min(len(data), line + REACH)
    while end < high:
        stop = data.find(b"\n", end, high)
        stop = high if stop < 0 else stop
        text = data[end:stop]
        if (
            end != line
            and text.strip()
            and (_depth(text) < indent or text.startswith((b"---", b"- ")))
        ):
            break
        end = stop + 1
    return begin, min(end, len(data))


def _is_first(data: bytes, begin: int) -> bool:
    return data[begin : begin + 40].lstrip(b" \t").startswith(b"- ")


def _depth(text: bytes) -> int:
    expanded = text.expandtabs(8)
    plain = len(expanded) - len(expanded.lstrip(b" "))
    return plain + 2 if expanded.lstrip(b" ").startswith(b"- ") else plain


def _entries(data: bytes, begin: int, end: int, indent: int) -> list[Span]:
    found = []
    position = begin
    while position < end:
        entry = _ENTRY.match(data, position, end)
        if entry is None or len(entry.group("indent").expandtabs(8)) <= indent:
            break
        span = _value(data, entry)
        if span is not None:
            found.append(span)
        stop = data.find(b"\n", max(entry.end(), span.end if span else 0), end)
        position = end if stop < 0 else stop + 1
    return found


def _value(data: bytes, entry: re.Match[bytes]) -> Span | None:
    block = block_scalar(data, entry.start("key"), entry.end())
    if block is not None:
        return Span(*block, SECRET, "manifest")
    quote = data[entry.end() : entry.end() + 1]
    if quote in (b'"', b"'"):
        begin = entry.end() + 1
        stop = data.find(quote, begin, begin + 16_000)
    else:
        begin = entry.end()
        stop = whole_end(data, begin, bare_end(data, begin, in_url=False))
    if stop <= begin or is_harmless(data[begin:stop]):
        return None
    return Span(begin, stop, SECRET, "manifest")


def _in_braces(data: bytes, at: int) -> tuple[list[Span], int]:
    """Return the values of the JSON object whose `kind` is at an offset, and where it ends."""
    depth, begin = 0, at
    for brace in _backwards(data, at):
        depth += 1 if data[brace] == 0x7D else -1
        begin = brace
        if depth < 0:
            break
    depth, end = 0, min(len(data), at + REACH)
    for match in _BRACE.finditer(data, at, end):
        depth += 1 if match.group() == b"{" else -1
        if depth < 0:
            end = match.end()
            break
    found: list[Span] = []
    stop = begin
    for section in _JSON_SECTION.finditer(data, begin, end):
        if section.end() < stop:
            continue  # inside the previous value, which has no end
        stop = data.find(b"}", section.end(), end)
        stop = end if stop < 0 else stop
        found += [
            Span(*entry.span("value"), SECRET, "manifest")
            for entry in _JSON_ENTRY.finditer(data, section.end(), stop)
            if not is_harmless(entry.group("value"))
        ]
    return found, end


def _backwards(data: bytes, at: int) -> list[int]:
    low = max(0, at - REACH)
    return [low + match.start() for match in _BRACE.finditer(data[low:at])][::-1]
