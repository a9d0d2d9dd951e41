"""Where a value without quotes ends: at a blank, or at punctuation that begins the next field."""

import re

LONGEST_RUN = 512
_RUN = re.compile(rb"[!#-&(-_a-~]{1,512}")
_REST = re.compile(rb"[!#-&(-;=-_a-~]*")
_URL_RUN = re.compile(rb"[!$%'-;=?-_a-~]{1,512}")
_CUT = re.compile(
    rb"\\{1,8}[nrt\"'x]|\\{1,8}u00[0-9a-f]{2}|\\$|%2[26Cc7]|%0[AaDd]|%20|%3[Bb]|%7[Dd]|%253[Bb]|%26"
    rb"|&(?:amp;|quot;|#3[49];|[A-Za-z_.\[\]-]{1,40}=|$)"
    rb"|;(?:[A-Za-z][A-Za-z0-9_.-]{0,40}(?:=|$)|$)"
    rb"|,(?:[A-Za-z_][A-Za-z0-9_.-]{0,40}[=:]|$|-)"
    rb"|[)\]}](?:[.,;:)\]}|]|$)|\|$|<[A-Za-z/!]|>$"
)
_BLOCK = re.compile(rb"[|>][+-]?[0-9]?[ \t]{0,8}\r?\n")
LONGEST_BLOCK = 16_000


def bare_end(data: bytes, begin: int, *, in_url: bool) -> int:
    """Return where a value without quotes ends."""
    run = (_URL_RUN if in_url else _RUN).match(data, begin)
    if run is None:
        return begin
    value = run.group()
    position = 0
    while (cut := _CUT.search(value, position)) is not None:
        # A bracket that the value itself opened belongs to it.
        if value[cut.start()] in b")]}" and _balanced(value[: cut.start() + 1]):
            position = cut.start() + 1
            continue
        value = value[: cut.start()]
        break
    # Punctuation at the end belongs to the sentence around the value.
    return begin + len(value.rstrip(b".,;:"))


def whole_end(data: bytes, begin: int, end: int) -> int:
    """Return where an accepted value ends; one that reached the cap includes the rest of its run.

    Only for accepted values: reading on after every candidate would take quadratic time.
    """
    rest = _REST.match(data, end) if end - begin >= LONGEST_RUN - 4 else None
    return rest.end() if rest else end


_CHINESE_RUN = re.compile("(?:[!#-&*-;=?-~]|[\u3400-\u9fff]){3,60}")
_ASCII_PART = re.compile("(?=[A-Za-z_.@#$!-]{0,40}[0-9])[A-Za-z0-9_.@#$!-]{3,}")


def chinese_end(data: bytes, begin: int) -> int:
    """Return where a value in Chinese and Latin characters ends; `begin` if it is prose.

    "密碼：假的密碼FAKE123" contains a password; "密碼：請洽管理員" does not.
    """
    if data[begin : begin + 1].isascii():
        return begin
    text = data[begin : begin + 240].decode("utf-8", "ignore")
    run = _CHINESE_RUN.match(text)
    if run is None or not _ASCII_PART.search(run.group()):
        return begin
    return begin + len(run.group().encode())


def _balanced(value: bytes) -> bool:
    """Return whether the last character, a closing bracket, matches one opened in the value."""
    closing = value[-1:]
    opening = {b")": b"(", b"]": b"[", b"}": b"{"}[closing]
    return value.count(opening) >= value.count(closing)


def block_scalar(data: bytes, start: int, begin: int) -> tuple[int, int] | None:
    """Return the lines of a YAML block (`key: |`) indented deeper than its key; None if none is."""
    match = _BLOCK.match(data, begin)
    if match is None:
        return None
    line = data.rfind(b"\n", max(0, start - 400), start) + 1
    indent = _indent(data[line:start])
    first = end = match.end()
    while end < len(data) and end - first < LONGEST_BLOCK:
        stop = data.find(b"\n", end)
        stop = len(data) if stop < 0 else stop
        text = data[end:stop]
        if text.strip() and _indent(text) <= indent:
            break
        end = stop + 1
    value = data[first:end]
    begin = first + len(value) - len(value.lstrip())
    end = first + len(value.rstrip())
    return (begin, end) if end > begin else None


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))
