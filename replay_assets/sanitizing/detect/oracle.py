"""Passwords of Oracle's `user/password@database`, which looks like a path: its context decides."""

import re

from replay_assets.sanitizing.detect.bare_values import open_quotes
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import is_harmless

_TOOLS = rb"sqlplus|sqlldr|sqlcl|expdp|impdp|rman"
ANCHORS = (
    rb"(?i:jdbc:oracle:|" + _TOOLS + rb"|ora-[0-9]{5}|oracle|userid=|@\(description"
    rb"|\b(?:conn(?:ect)?|exp|imp|dsn)[ \t=(:]{1,3}[\"']?[a-z][a-z0-9_$#]{0,60}/)"
    rb"|@//[A-Za-z0-9]|:1521[/:]"
)
_LOGIN = re.compile(
    rb"(?<![A-Za-z0-9_$#/.@-])[A-Za-z][A-Za-z0-9_$#]{0,60}(?:\[[A-Za-z0-9_$#]{1,60}\])?/"
    rb"(?:(?P<open>\\{0,3}\")(?P<quoted>[^\"\r\n]{2,128}?)(?P=open)|(?P<run>[^\s]{2,256}))"
)
_DATABASE = re.compile(
    rb"@(?://)?(?:[A-Za-z][A-Za-z0-9_.:-]*|[0-9][0-9.:]+|\(|<[A-Z_]{2,20}_[0-9]+>)"
)
_TOOL = re.compile(rb"(?i:" + _TOOLS + rb"|userid=|conn )")
_SURE = re.compile(rb"(?i:" + _TOOLS + rb"|userid=|conn |jdbc|@)|:1521|CONNECT")
"""Anchors that need no other sign that a login follows."""
_WORDS = re.compile(rb"[a-z][a-z-]*")
_VERSION = re.compile(rb"@[a-z0-9.-]+")
_FIRST_ARGUMENT = re.compile(rb"(?i:\S*?)(?:[ \t]+-[A-Za-z]+(?:[ \t]+[0-9.]+)?)*[ \t]*\Z")
REACH = 240
"""How far from a word such as `sqlplus` its login may be, on the same line."""


def oracle_password(data: bytes, start: int, end: int) -> list[Span]:
    """Return the passwords of `user/password@database` near an anchor, on its line."""
    anchor = data[start:end]
    begin = start
    if anchor[:1] in (b"@", b":"):
        begin = max(data.rfind(b"\n", 0, start) + 1, start - REACH, 0)
    stop = data.find(b"\n", end, end + REACH)
    stop = stop if stop >= 0 else min(len(data), end + REACH)
    sure = _SURE.match(anchor) is not None
    if data.find(b"/", begin, stop) < 0 or (data.find(b"@", begin, stop) < 0 and not sure):
        return []
    found = []
    for match in _LOGIN.finditer(data, begin, stop):
        value = _value(data, begin, match, sure=sure)
        if value is not None and not is_harmless(data[value[0] : value[1]]):
            found.append(Span(*value, SECRET, "oracle_password"))
    return found


def _value(
    data: bytes, begin: int, match: re.Match[bytes], *, sure: bool
) -> tuple[int, int] | None:
    """Return the range of a password; None if the match is not a login."""
    if match.group("quoted"):
        known = sure or _DATABASE.match(data, match.end())
        return match.span("quoted") if known else None
    run = match.group("run")
    for quote in open_quotes(data, match.start()).replace(b"\\", b""):
        run = run.partition(bytes([quote]))[0]
    ats = [one for one in _DATABASE.finditer(run) if not one.group().startswith(b"@sha256")]
    first = match.start("run")
    if ats:
        value, database = run[: ats[-1].start()], run[ats[-1].start() :]
        # `orders/api@main` is a path with a version: words, and no address.
        if not sure and _WORDS.fullmatch(value) and _VERSION.fullmatch(database):
            return None
        return (first, first + len(value)) if b"/" not in value or b"@//" in database else None
    # Without a database only as the first argument of a tool: `sqlplus scott/tiger`.
    alone = _TOOL.match(data, begin) and b"/" not in run and b"@" not in run
    if alone and _FIRST_ARGUMENT.fullmatch(data, begin, match.start()):
        return first, first + len(run)
    return None
