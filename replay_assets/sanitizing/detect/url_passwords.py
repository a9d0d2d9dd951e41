"""Passwords of URLs, `scheme://user:password@host`, also where `/ ? # : @ <` were not escaped."""

import re

from replay_assets.sanitizing.detect.bare_values import open_quotes
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import is_harmless, looks_random

LONGEST_URL = 600
_RUN = re.compile(rb"[^\s\x00-\x1f]{1,600}")
_SCHEME_BEFORE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,24}\Z")
_WEB = (b"http", b"https", b"hdfs", b"file", b"git", b"ws", b"wss", b"s3", b"gs", b"oci", b"docker")
"""Schemes of which a path often has an `@` in it; a path of a database's URL has none."""
_ESCAPED_END = re.compile(rb"%2[FfCc]|%3[Ff]|[\s&,\"'<>`]")
_AUTHORITY_END = re.compile(rb"[/?#]")
_NAME = rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]|<[A-Z_]{2,20}_[0-9]{1,6}>)"
_HOST = re.compile(rb"@%b(?:,%b(?::[0-9]{1,5})?){0,9}(?![A-Za-z0-9@,])" % (_NAME, _NAME))
_WITH_PORT = re.compile(rb"@%b:[0-9]{2,5}(?![A-Za-z0-9@])" % _NAME)
_PORT = re.compile(rb"[0-9]{1,5}(?![A-Za-z0-9])")
_HOST_LIST = re.compile(rb"[0-9]{2,5},%b:[0-9]{2,5}" % _NAME)
_WITH_BLANKS = re.compile(
    rb"[^\s:/@\"'`<>]{0,80}:(?![0-9]{1,5}(?:[/?#,;]|\s|$))[^\s@\"'`<>]{1,80}"
    rb"(?:[ ][^\s@\"'`<>:/]{1,40}){1,3}@%b(?::[0-9]{2,5}|/)" % _NAME
)
"""A password with blanks, which must be followed by a host with its port or path."""
# Colours of a terminal may be around it, written as JSON writes the escape character.
_MASKED = re.compile(
    rb"(?:\\+u001[bB]\[[0-9;]*m)*<[A-Z_]{2,20}_[0-9]{1,6}>(?:\\+u001[bB]\[[0-9;]*m)*(?:@|\Z)"
)
"""A password that is a placeholder already; in JSON text another URL may follow on its line."""
_FILLED_IN = re.compile(rb"(?:\$[A-Z_]+|\$?\{+[^{}]*\}+|<[a-z_ -]+>|%[sd])(?:[/?#]|\Z)")


def url_password(data: bytes, start: int, end: int) -> list[Span]:
    """Return the password of a URL, or a token in place of its user; the last `@` counts."""
    scheme = _SCHEME_BEFORE.search(data, max(0, start - 25), start)
    if scheme is None:
        return []
    if data[start : start + 1] == b"%":
        return _escaped(data, end)
    url = _run(data, start, end)
    if b"@" not in url and (longer := _WITH_BLANKS.match(data, end)):
        url = longer.group()
    simple = _AUTHORITY_END.split(url, maxsplit=1)[0]
    colon = simple.find(b":")
    last = _last_at(url, simple, colon, web=scheme.group().lower().endswith(_WEB))
    if last < 0:
        return []
    # A user may be a mail address: the colon that counts is then behind its `@`.
    colon = url.find(b":", 0, last)
    return _between(url, end, colon, last)


def _run(data: bytes, start: int, end: int) -> bytes:
    """Return the rest of a URL: up to a blank, or to the quote that was open before it."""
    run = _RUN.match(data, end)
    url = run.group() if run else b""
    if not any(sign in url for sign in (b'"', b"'", b"`", b"<", b">")):
        return url
    quotes = open_quotes(data, start)
    if b"<" in data[max(0, start - 12) : start] and b"<" not in url:
        quotes += b">"  # <https://…>, as in mail and Markdown
    escaped = b"\\" in quotes
    for sign in re.finditer(rb"\\*[\"'`>]", url):
        last = sign.group()[-1:]
        if (escaped and sign.group()[:1] == b"\\") or (last in quotes and len(sign.group()) == 1):
            return url[: sign.start()]
    return url


def _last_at(url: bytes, simple: bytes, colon: int, *, web: bool) -> int:
    """Return where the `@` before the host is; -1 if the URL has no user."""
    found = simple.rfind(b"@")
    if found < 0 and (colon < 0 or simple[:1] == b"[" or _FILLED_IN.match(url, colon + 1)):
        return -1
    if found < 0 and _HOST_LIST.match(url, colon + 1):
        return -1  # kafka://b1:9092,b2:9092/topic@group
    hosts = [match.start() for match in _HOST.finditer(url, max(found, 0))]
    if not hosts:
        return found
    last = hosts[-1]
    # The path of a web page may have an `@` in it: http://cache:6379/x@y
    if not web or last == found or _WITH_PORT.match(url, last):
        return last
    if found < 0:
        return -1 if _PORT.match(url, colon + 1) else last
    after = url[len(simple) : len(simple) + 1]
    is_host = hosts[0] == found and (after == b"/" or b"=" in url[len(simple) : last])
    return found if is_host else last


def _between(url: bytes, offset: int, colon: int, last: int) -> list[Span]:
    begin = colon + 1 if colon >= 0 else 0
    value = url[begin:last]
    # Without a colon this may be a plain user name, as in http://user@host; a token looks random.
    if colon < 0 and not (looks_random(value) and b"-" not in value[:8]):
        return []
    if is_harmless(value) or _MASKED.match(value):
        return []
    return [Span(offset + begin, offset + last, SECRET, "url_password", True)]


def _escaped(data: bytes, end: int) -> list[Span]:
    """Return the password of a URL that is a parameter of another: `mysql%3A%2F%2Fapp%3A…`."""
    run = _RUN.match(data, end)
    url = _ESCAPED_END.split(run.group(), maxsplit=1)[0] if run else b""
    last = url.rfind(b"%40")
    if last < 0:
        return []
    colon = url.upper().find(b"%3A", 0, last)
    return _between(url, end, colon + 2 if colon >= 0 else -1, last)
