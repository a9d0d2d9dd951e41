"""Where a value ends: at its closing quote, at a blank, or at what begins the next field."""

import re

from replay_assets.sanitizing.detect.checks import is_jumbled

LONGEST_RUN = 512
_WITHOUT_ESCAPES = re.compile(rb"[!-\[\]-~]{1,512}")
_RUN = re.compile(rb"(?:[!-\[\]-~]|\\ (?=[!-~])|\\[!-~]?){1,512}")
_REST = re.compile(rb"[!#-&(-;=-_a-~]*")
_URL_RUN = re.compile(rb"[!$%'-;=?-_a-~]{1,512}")
_CUT = re.compile(
    rb"(?P<escape>\\{1,8}(?:[nrt\"'x]|u00[0-9a-f]{2}|$))|(?P<quote>[\"'`])"
    rb"|%(?P<level>(?:25){0,3})(?:2[0267Cc]|0[AaDd]|3[Bb]|7[Dd])"
    rb"|(?P<field>[&;,]-?(?P<name>[A-Za-z_][A-Za-z0-9_.%\[\]-]{0,40})(?P<sign>[=:])|[&;,]$)"
    rb"|(?P<close>[)\]}](?=[)\]}.,;:|]{0,8}(?:$|(?<=,)(?:[{(\"']|\[[{\[\"']))))"
    rb"|(?P<end>;(?:User|Initial|Data|Trust|Trusted|Integrated|Persist|Connection|Connect|Multiple"
    rb"|Application|Max|Min|Failover|Packet|Load|Network|SSL)$|&(?:amp|quot|#3[49]);"
    rb"|</[A-Za-z][A-Za-z0-9:_-]{0,40}>|<br ?/?>|<[A-Z][A-Z_]{1,20}_[0-9]{1,6}>"
    rb"|[|>]$)"
)
_SIMPLE = re.compile(rb"[A-Za-z0-9_.~*+/:=@!^#$?-]*")
"""Characters that never end a value."""
_PLAIN = re.compile(rb"(?:[A-Za-z0-9_.~*+-]|%[0-9A-Fa-f]{2})*")
_SHORT_FIELDS = frozenset(b"uid pwd db ssl app env ip os id".split())
_FIELD = re.compile(
    rb"(?=..)(?:[a-z]+(?:[A-Z][a-z]+)*|[A-Z]+|(?:[A-Z][a-z]+)+)[0-9]?"
    rb"(?:[_.%\[\]-]+(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)[0-9]?)*(?:(?:[\[\]]|%5[BDbd])[\[\]%0-9BDbd]{0,8})?"
)
"""A field's name: a generated password that contains `,` and `=` rarely has one in between."""
_BEFORE_A_FIELD = re.compile(rb"[\"'`][)\]}]{0,3}(?:[,:;)\]}>.|]*$|[,:]\\{0,8}[\"'{\[])")
_NEXT_FIELD = re.compile(
    rb"[)\]}\"'\\]{0,8}[,;|&][ ]?\\{0,8}[\"']?[A-Za-z_]{3,40}\\{0,8}[\"']?[:=]"
)
_BLOCK = re.compile(rb"[|>][+-]?[0-9]?[ \t]{0,8}\r?\n")
LONGEST_BLOCK = 16_000
LONGEST_LINE = 1000
"""How far before a name the quote is searched that its value may be in."""
ANY_QUOTE = b"\"'`\\"
CLOSING = {
    b"\xe3\x80\x8c": b"\xe3\x80\x8d", b"\xe3\x80\x8e": b"\xe3\x80\x8f",
    b"\xe2\x80\x9c": b"\xe2\x80\x9d", b"\xe2\x80\x98": b"\xe2\x80\x99",
}  # fmt: skip
LONGEST_QUOTED = 2000
_SPLICED = re.compile(rb"'(?:\"'\"'|\\''|')|\"(?:'\"'\"|\")(?=[!-~])")
"""A quote inside a quoted value, as shells, YAML and SQL write it: `a'"'"'b`, `a'\\''b`, `a''b`."""
_IN_QUOTES = re.compile(rb"[A-Za-z0-9_\"'<]")
_AFTER_A_QUOTE = frozenset((b",", b"}", b"]", b")", b";", b" ", b"\n", b""))
_AFTER_CODE = re.compile(rb"[\s,.;:)}\]]|\Z")
_GOES_ON = re.compile(rb"[A-Za-z0-9_^~!$@*=-]")
_APOSTROPHE = re.compile(rb"(?<=[A-Za-z])'(?=[a-z])")


def open_quotes(data: bytes, at: int) -> bytes:
    r"""Return the quotes that are open at an offset; all if the line is too long to know.

    A backslash means an escaped quote, as in `{"msg": "login \"…`.
    """
    low = max(0, at - LONGEST_LINE)
    line = data.rfind(b"\n", low, at) + 1
    if not line and low:
        return ANY_QUOTE
    before = data[line:at]
    if b'"' not in before and b"'" not in before and b"`" not in before:
        return b""
    escaped = before.count(b'\\"')
    double = before.count(b'"') - escaped
    single = before.count(b"'") - len(_APOSTROPHE.findall(before))
    counts = ((b'"', double), (b"\\", escaped), (b"'", single), (b"`", before.count(b"`")))
    return b"".join(quote for quote, count in counts if count % 2)


def bare_end(
    data: bytes, begin: int, *, in_url: bool, after: int | None = None, encodings: int = 0
) -> int:
    """Return where a value without quotes ends.

    Args:
        data: the text.
        begin: where the value begins.
        in_url: whether it is a parameter of a URL or form, so that it ends at the next one.
        after: where its name begins; the quotes that are open there end the value. None: any quote.
        encodings: how often its separator is encoded for a URL: an encoded `&` ends a value only
            where the `=` is encoded too.
    """
    run = (_URL_RUN if in_url else _WITHOUT_ESCAPES).match(data, begin)
    if not in_url and data.startswith(b"\\", run.end() if run else begin):
        run = _RUN.match(data, begin)
    if run is None:
        return begin
    value = run.group()
    if in_url:
        value = value.partition(b"&")[0]
    if not _SIMPLE.fullmatch(value):
        has_quotes = b'"' in value or b"'" in value or b"`" in value or b"\\" in value
        quotes = open_quotes(data, after) if has_quotes and after is not None else ANY_QUOTE
        for cut in _CUT.finditer(value):
            if _ends(value, cut, quotes, encodings):
                rest = value[cut.start() :]
                if cut.lastgroup == "level" or after is None or not goes_on(data, after, rest):
                    value = value[: cut.start()]
                break
    # Punctuation at the end belongs to the sentence around the value.
    return begin + len(value.rstrip(b".,;:"))


def goes_on(data: bytes, after: int, rest: bytes) -> bool:
    """Return whether what is after a sign is the rest of a generated password, not another field.

    Only if no quote is open where its name begins (`after`): an open one ends the value for sure.
    """
    return (
        rest[:1] not in (b"&", b"<")
        and is_jumbled(rest)
        and not _NEXT_FIELD.match(rest)
        and not open_quotes(data, after)
    )


def _ends(value: bytes, cut: re.Match[bytes], quotes: bytes, encodings: int) -> bool:
    """Return whether a value ends at a sign that may also be a part of it."""
    kind = cut.lastgroup
    before = value[: cut.start()]
    if kind == "level":
        return len(cut.group("level")) // 2 < encodings
    if kind == "close":
        # A bracket that the value itself opened belongs to it.
        return not _balanced(value[: cut.start() + 1])
    if kind == "quote":
        return cut.group() in quotes or _BEFORE_A_FIELD.match(value, cut.start()) is not None
    if kind == "end" or (cut.end() == len(value) and not cut.group("name")):
        return cut.group() != b">" or b"<" not in before
    is_plain = _PLAIN.fullmatch(before) is not None
    if kind == "escape":
        if cut.group()[-1:] == b'"' and quotes:
            return b"\\" in quotes
        return bool(quotes) or (is_plain and len(before) > 2 and cut.group()[-1:] in b'nrt"')
    name, sign = cut.group("name"), value[cut.start() : cut.start() + 1]
    if is_plain:
        # After a value that a form can hold, any name is the next field's.
        encoded = sign == b"&" and b"%" in before
        fits = (len(name) == 1 and len(before) > 2) or encoded or _FIELD.fullmatch(name) is not None
    else:
        known = len(name) > 3 or name.lower() in _SHORT_FIELDS
        fits = (
            sign != b"&"
            and cut.group("sign") == b"="
            and known
            and _FIELD.fullmatch(name) is not None
            and cut.end() < len(value)
        )
    return fits and (cut.group("sign") == b"=" or sign == b",")


def closing_quote(data: bytes, begin: int, opening: bytes) -> int | None:
    """Return where a quoted value ends on its line and within reach; None if it does not."""
    limit = begin + LONGEST_QUOTED
    if opening[-1:] in b"\"'`" and not opening[:-1].strip(b"\\"):
        at = _escaped_quote(data, begin, limit, opening)
    else:
        pair = opening in (b"'\"", b"\"'")
        at = data.find(CLOSING.get(opening, opening[::-1] if pair else opening), begin, limit)
        while opening[:1] == b"%" and at >= 0 and _escaped_for_url(data, at, opening):
            at = data.find(opening, at + len(opening) + 1, limit)
        if pair and at >= 0 and _IN_QUOTES.match(data, at + 2):
            return None
    return None if at < 0 or b"\n" in data[begin:at] else at


def _escaped_for_url(data: bytes, at: int, quote: bytes) -> bool:
    """Return whether an encoded quote is a part of the value: after `%5C`, or written twice."""
    before = data[max(0, at - len(quote)) : at].upper()
    return (
        before == quote[:-2] + b"5C" or data.startswith(quote, at + len(quote)) or before == quote
    )


def _escaped_quote(data: bytes, begin: int, limit: int, opening: bytes) -> int:
    """Return where a quote ends that has as many backslashes before it as the opening one."""
    depth = len(opening) - 1
    at = data.find(opening[-1:], begin, limit)
    if depth == 0 and data[at - 1] != 0x5C and data[at + 1 : at + 2] in _AFTER_A_QUOTE:
        return at
    while at >= 0:
        slashes = at - begin - len(data[begin:at].rstrip(b"\\"))
        further = _continued(data, at) if depth == 0 else 0
        # Each encoding doubles the backslashes of the value itself: further ones come in pairs.
        further = further or int(slashes % (2 * depth + 2) != depth)
        if not further:
            return at - depth
        at = data.find(opening[-1:], at + further, limit)
    return at


def _continued(data: bytes, at: int) -> int:
    """Return how many bytes of a quote belong to the value because it does not end there."""
    if spliced := _SPLICED.match(data, at):
        return spliced.end() - at
    # A quote that a letter or digit follows was not escaped as it should be.
    if data[at : at + 1] == b"`":
        return 0 if _AFTER_CODE.match(data, at + 1) else 1
    return 1 if _GOES_ON.match(data, at + 1) else 0


def end_of_quoted(data: bytes, begin: int, end: int, name: int) -> int:
    """Return where a value ends whose first sign was read as a quote, and `end` as its partner.

    A generated password may begin with a quote and have another one inside: it ends at a blank.
    """
    rest = _REST_OF_RUN.match(data, end + 1)
    if rest is None or not goes_on(data, name, rest.group()):
        return end
    return max(end, rest.end())


def whole_end(data: bytes, begin: int, end: int) -> int:
    """Return where an accepted value ends; one that reached the cap includes the rest of its run.

    Only for accepted values: reading on after every candidate would take quadratic time.
    """
    rest = _REST.match(data, end) if end - begin >= LONGEST_RUN - 4 else None
    return rest.end() if rest else end


_REST_OF_RUN = re.compile(rb"[!-~]{4,512}")
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
    match = _BLOCK.match(data, begin) if data.startswith((b"|", b">"), begin) else None
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
