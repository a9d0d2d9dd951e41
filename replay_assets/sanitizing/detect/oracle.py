"""Passwords of Oracle's `user/password@database`, which looks like a path: its context decides."""

import re

from replay_assets.sanitizing.detect.bare_values import open_quotes
from replay_assets.sanitizing.detect.spans import SECRET, Span
from replay_assets.sanitizing.detect.values import is_harmless

_TOOLS = rb"sqlplus|sqlldr|sqlcl|expdp|impdp|rman"
ANCHORS = (
    rb"(?i:jdbc:oracle:|"
    + _TOOLS
    + rb"|ora-[0-9]{5}|oracle|userid=|conn(?:ect)?[ \t=(:]{1,3}[\"']?"
    rb"[a-z][a-z0-9_$#]{0,60}/)|@//[A-Za-z0-9]|:1521[/:]"
)
_LOGIN = re.compile(
    rb"(?:(?<=[\s=(\"':,\[])|^)[A-Za-z][A-Za-z0-9_$#]{0,60}(?:\[[A-Za-z0-9_$#]{1,60}\])?/"
    rb"(?:(?P<open>\\{0,3}\")(?P<quoted>[^\"\r\n]{2,128}?)(?P=open)|(?P<run>[^\s]{2,256}))"
)
_DATABASE = re.compile(
    rb"@(?://)?(?:[A-Za-z][A-Za-z0-9_.:-]*|[0-9][0-9.:]+|\(|<[A-Z_]{2,20}_[0-9]+>)"
)
_TOOL = re.compile(rb"(?i:" + _TOOLS + rb"|userid=|conn )")
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
    line = data[begin : stop if stop >= 0 else end + REACH]
    if b"/" not in line or (b"@" not in line and not _TOOL.match(anchor)):
        return []
    found = []
    for match in _LOGIN.finditer(line):
        value = _value(data, line, begin, match, tool=_TOOL.match(anchor) is not None)
        if value is not None and not is_harmless(line[value[0] : value[1]]):
            found.append(Span(begin + value[0], begin + value[1], SECRET, "oracle_password"))
    return found


def _value(
    data: bytes, line: bytes, begin: int, match: re.Match[bytes], *, tool: bool
) -> tuple[int, int] | None:
    """Return the range of a password within a line; None if this is not a login."""
    if match.group("quoted"):
        known = tool or _DATABASE.match(line, match.end())
        return match.span("quoted") if known else None
    run = match.group("run")
    for quote in open_quotes(data, begin + match.start()):
        run = run.partition(bytes([quote]))[0]
    ats = [one for one in _DATABASE.finditer(run) if not one.group().startswith(b"@sha256")]
    first = match.start("run")
    if ats and (ats[-1].group().startswith(b"@//") or b"/" not in run[: ats[-1].start()]):
        return first, first + ats[-1].start()
    # Without a database only as the first argument of a tool: `sqlplus scott/tiger`.
    alone = tool and b"/" not in run and b"@" not in run
    if alone and _FIRST_ARGUMENT.fullmatch(line[: match.start()]):
        return first, first + len(run)
    return None
