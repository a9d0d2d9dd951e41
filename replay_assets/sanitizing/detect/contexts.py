"""Secrets recognized by their context: headers, cookies, URL passwords, `curl -u`, key blocks."""

import re
from collections.abc import Callable

from replay_assets.sanitizing.detect.bare_values import bare_end, closing_quote
from replay_assets.sanitizing.detect.checks import has_digit, is_jumbled
from replay_assets.sanitizing.detect.combined_search import AnchoredFinder
from replay_assets.sanitizing.detect.matching import EngineName
from replay_assets.sanitizing.detect.oracle import ANCHORS as ORACLE
from replay_assets.sanitizing.detect.oracle import oracle_password
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.url_passwords import url_password
from replay_assets.sanitizing.detect.values import is_harmless

ANCHORS = (
    rb"(?i:authorization)|(?i:bearer)|(?i:cookie)|://|:\\/\\?/|:\\\\/|%3[Aa]%2[Ff]%2[Ff]"
    rb"|-----BEGIN |---- BEGIN SSH2"
    rb"|PuTTY-User-Key-File|[ \t\"',\[(](?:-u|--user|--proxy-user|-U|-p|-w|--pass|-a)[ =\"',:]"
    rb"|[ \t\"',\[(]-p[^ \t\r\n=][^ \t\r\n]{4}"
    rb"|@(?:tcp|unix)\(|(?i:identified(?:[ +]|%20)(?:with(?:[ +]|%20)[a-z_0-9]{1,40}(?:[ +]|%20))?"
    rb"by(?:[ +]|%20))|" + ORACLE
)
_ORACLE = re.compile(ORACLE)
_GAP = rb"(?:[ \t+]|%20|\\{1,2}t){0,8}"
_QUOTE = rb"(?:\\{0,8}[\"'`]|\\{1,4}u002[27]|&quot;|%2[27])"
_HEADER = re.compile(
    _QUOTE
    + rb"?[\])]{0,2}"
    + _GAP
    + rb"(?:=>|[:=,]|\xef\xbc\x9a|\xef\xbc\x9d|%3[AaDd])"
    + _GAP
    + rb"\[?"
    + _QUOTE
    + rb"?"
    + _GAP
)
_SCHEME = re.compile(
    rb"(?i:(?P<scheme>basic|bearer|token|digest|negotiate|apikey|api-key|api-token|ssws|hawk"
    rb"|genielogs|geniekey|hmac|oauth|key|jwt|splunk|[A-Za-z]{2,16}-?(?:token|key|auth)))"
    rb"(?:[ \t+]|%20|:){1,4}(?:token=|key=)?[\"']?"
)
_CREDENTIAL = re.compile(rb"[A-Za-z0-9._~+/=:@!|-]{3,2000}")
_CREDENTIAL_REST = re.compile(rb"[A-Za-z0-9._~+/=-]*")
_BEARER = re.compile(rb"(?:[ \t+]|%20|\xef\xbc\x9a|:|=){1,4}[\"']?")
_COOKIE = re.compile(
    rb"(?P<name>[A-Za-z0-9_.%$!-]{1,80})=(?P<value>[^;,\s\"'\\<>]{6,2000})(?:; ?|$)?"
)
_ATTRIBUTES = frozenset(b"path domain expires max-age samesite priority version comment".split())
_BASIC = re.compile(rb"[=\"', \t:]{0,4}(?P<user>[^\s:\"'=]{0,120}?)[\"']?:(?P<quote>[\"']?)")
_BEGIN = re.compile(
    rb"-----BEGIN (?P<what>[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----"
    rb"|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----|PuTTY-User-Key-File-[0-9]:"
)
_END = re.compile(
    rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|---- END SSH2[A-Z ]*----"
    rb"|Private-MAC: ?[0-9a-f]*"
)
_KEY_LINES = re.compile(rb"(?:[A-Za-z0-9+/=\s\\:,|\"'.()>-]|\\n){0,8000}")
LONGEST_KEY = 16_000


class ContextFinder(AnchoredFinder):
    """Finds secrets in headers, URLs, command lines and key blocks, with one search for all."""

    def __init__(self, engine: EngineName, *, strict_only: bool = False) -> None:
        super().__init__(ANCHORS, engine)
        self._strict_only = strict_only

    def _check(self, data: bytes, start: int, end: int) -> tuple[list[Span], int]:
        spans = _finder_of(data[start:end])(data, start, end)
        if self._strict_only:  # a match that only redacts must not hide a strict one after it
            spans = [span for span in spans if span.strict]
        return spans, max(start + 1, spans[-1].end if spans else 0)


def _finder_of(anchor: bytes) -> Callable[[bytes, int, int], list[Span]]:
    head = anchor[:1].lower()
    if b":/" in anchor or b":\\" in anchor or head == b"%":
        return url_password
    if head in b"-p" and (anchor.startswith((b"----", b"PuTTY"))):
        return _key_block
    if _ORACLE.match(anchor):
        return oracle_password
    named = {
        b"a": _authorization,
        b"b": _bearer,
        b"c": _cookie,
        b"i": _identified,
        b"@": _go_address,
    }
    return named.get(head, _command_line)


def _authorization(data: bytes, start: int, end: int) -> list[Span]:
    header = _HEADER.match(data, end)
    if header is None:
        return []
    scheme = _SCHEME.match(data, header.end())
    begin = scheme.end() if scheme else header.end()
    span = _credential(data, begin, shortest=6 if scheme else 12, rule="authorization")
    if span is None:
        return []
    value = data[span.start : span.end]
    # Letters alone are a word of prose or of a status: "authorization: unauthenticated".
    if value.isalpha() and (scheme is None or (value.islower() and len(value) < 16)):
        return []
    return [span]


def _bearer(data: bytes, start: int, end: int) -> list[Span]:
    gap = _BEARER.match(data, end)
    span = _credential(data, gap.end(), shortest=12, rule="bearer") if gap else None
    if span is None:
        return []
    value = data[span.start : span.end]
    # "Bearer" is also an ordinary word, so a value without digits must be long and in mixed case.
    return [span] if has_digit(value) or (len(value) >= 20 and not value.islower()) else []


def _credential(data: bytes, begin: int, *, shortest: int, rule: str) -> Span | None:
    match = _CREDENTIAL.match(data, begin)
    if match is None or is_harmless(match.group()):
        return None
    end = begin + len(match.group().rstrip(b".:-"))
    if end - begin < shortest:
        return None
    rest = _CREDENTIAL_REST.match(data, end) if match.end() == end else None
    return Span(begin, rest.end() if rest else end, SECRET, rule, True)


def _cookie(data: bytes, start: int, end: int) -> list[Span]:
    header = _HEADER.match(data, end)
    if header is None:
        return []
    found = []
    position = header.end()
    # A limit, as everywhere: the check of a hit must not read all of a hostile text.
    for _ in range(40):
        match = _COOKIE.match(data, position)
        if match is None:
            break
        value = match.group("value")
        if match.group("name").lower() not in _ATTRIBUTES and not is_harmless(value):
            found.append(Span(*match.span("value"), SECRET, "cookie"))
        position = match.end()
    return found


_IDENTIFIED = re.compile(rb"(?i:password(?:[ +]|%20))?(?P<open>\\{0,4}[\"']|%2[27])")
_BARE_IDENTIFIED = re.compile(rb"[^\s\"';,()%]{3,128}")
_USER_BEFORE = re.compile(rb"(?i:user|role|login)[ \t]+[^\s]{1,80}[ \t]+\Z")


def _identified(data: bytes, start: int, end: int) -> list[Span]:
    match = _IDENTIFIED.match(data, end)
    if match is None:
        return _identified_bare(data, start, end)
    stop = closing_quote(data, match.end(), match.group("open"))
    if stop is None or is_harmless(data[match.end() : stop]):
        return []
    return [Span(match.end(), stop, SECRET, "identified_by")]


def _identified_bare(data: bytes, start: int, end: int) -> list[Span]:
    """Return the password without quotes that Oracle allows: `create user app identified by x1`."""
    match = _BARE_IDENTIFIED.match(data, end)
    if match is None or is_harmless(match.group()):
        return []
    sure = has_digit(match.group()) or _USER_BEFORE.search(data, max(0, start - 120), start)
    return [Span(*match.span(), SECRET, "identified_by")] if sure else []


def _go_address(data: bytes, start: int, end: int) -> list[Span]:
    """Return the password of `user:password@tcp(host:3306)/orders`, as Go's drivers write it."""
    match = _GO_USER.search(data, max(0, start - 300), start)
    if match is None or is_harmless(match.group("value")):
        return []
    return [Span(*match.span("value"), SECRET, "url_password", True)]


_GO_USER = re.compile(rb"[A-Za-z0-9_.-]{1,80}:(?P<value>[^\s\"'@/]{1,200})\Z")


def _command_line(data: bytes, start: int, end: int) -> list[Span]:
    """Return the password of `-u user:password`, or of `-p password` after a known command."""
    anchor = data[start:end].lstrip(b" \t\"',[(")
    if anchor.startswith((b"-p", b"-w", b"--pass", b"-a")):
        return _short_password(data, start, end, anchor)
    match = _BASIC.match(data, end - 1)
    if match is None:
        return []
    opening = match.group("quote") or _quote_in(data[end - 1 : match.end()])
    stop = _value_end(data, start, match.end(), opening)
    value = data[match.end() : stop]
    # Short numbers are ids or ports, as in "docker run -u 1000:1000".
    if (
        stop > match.end()
        and not is_harmless(value)
        and not re.match(rb"[0-9]{1,5}(?:$|[/:])|/", value)
    ):
        return [Span(match.end(), stop, SECRET, "basic_argument")]
    user = match.span("user")
    lone = data[user[0] : user[1]].strip(b"\"'")
    return [Span(*user, SECRET, "basic_argument")] if stop <= match.end() and len(lone) > 7 else []


def _quote_in(before: bytes) -> bytes:
    """Return the last quote of what is between a flag and its value."""
    return next((quote for quote in (b'"', b"'") if quote in before), b"")


def _value_end(data: bytes, start: int, begin: int, opening: bytes) -> int:
    """Return where a flag's value ends: at the quote that opens it, else as any bare value."""
    end = closing_quote(data, begin, opening) if opening else None
    return bare_end(data, begin, in_url=False, after=start) if end is None else end


_COMMANDS = re.compile(
    rb"(?:^|[\s/\"'`;&|(\[])(?i:mysql|mysqldump|mysqladmin|mariadb|sshpass|psexec|docker login"
    rb"|podman login|redis-cli|mongo|mongosh|mongodump|plink|pscp|ldap[a-z]{1,9}|smbclient"
    rb"|rabbitmqctl|influx|az login|7za?)(?:\.exe)?(?:[\s\"',][^\r\n]{0,200})?\Z"
)

_NEXT_ITEM = re.compile(rb",[ ]?[\"']")
_GLUED_ONLY = re.compile(rb"(?i:mysql|mysqldump|mysqladmin|mariadb|7za?)[^\r\n]{0,200}\Z")
"""`mysql -p orders` names a database; its password is glued to the flag."""


def _short_password(data: bytes, start: int, end: int, anchor: bytes) -> list[Span]:
    if _COMMANDS.search(data, max(0, start - 220), start) is None:
        return []
    begin = start + data[start:end].find(b"-p") + 2
    opening = data[begin : begin + 1] if data[begin : begin + 1] in (b'"', b"'") else b""
    joins = b" " if _GLUED_ONLY.search(data, max(0, start - 220), start) else b" =,:"
    glued = anchor[:2] == b"-p" and anchor[2:3] not in joins and not _NEXT_ITEM.match(data, end)
    if glued:
        begin += len(opening)
    else:
        begin = end - 1
        while data[begin : begin + 1] in (b" ", b'"', b"'", b",", b"="):
            begin += 1
        opening = _quote_in(data[end - 1 : begin])
    stop = _value_end(data, begin - len(opening) - 2 if glued else start, begin, opening)
    value = data[begin:stop]
    if not glued and joins == b" ":
        return []
    if (
        (
            value.startswith((b"--", b'{"', b'["', b"{'") if glued else (b"-", b"{", b"["))
            and not is_jumbled(value)
        )
        or (value.isdigit() and len(value) < 6)
        or len(value) < 3
        or is_harmless(value)
    ):
        return []
    if re.fullmatch(rb"[0-9]{1,5}:[0-9]{1,5}", value) or (
        anchor.startswith((b"-a", b"-w")) and not has_digit(value)
    ):
        return []
    return [Span(begin, stop, SECRET, "password_argument")]


def _key_block(data: bytes, start: int, end: int) -> list[Span]:
    """Return a private key with its BEGIN and END lines; without END, lines that look like it."""
    begin = _BEGIN.match(data, start)
    if begin is None:
        return []
    stop = _END.search(data, begin.end(), begin.end() + LONGEST_KEY)
    if stop is not None:
        return [Span(start, stop.end(), SECRET, "pem", True)]
    # A log that is cut inside a key still contains a part of it.
    lines = _KEY_LINES.match(data, begin.end())
    body = lines.end() if lines else begin.end()
    return [Span(start, start + len(data[start:body].rstrip()), SECRET, "pem", True)]
