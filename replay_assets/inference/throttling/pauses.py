"""The pause that a response asks for: seconds, a duration, or the moment at which it ends."""

import math
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from replay_assets.parsing.instants import parse_instant

EPOCHS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e9, 1.0))
"""From which number on a time is a moment since 1970, and in how many parts of a second: a billion
seconds would be a pause of 30 years."""
NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?")
UNITS_S = {
    **dict.fromkeys(("ns",), 1e-9),
    **dict.fromkeys(("us", "\u00b5s", "\u03bcs"), 1e-6),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_PART = re.compile(rf"({NUMBER.pattern})\s*([a-z\u00b5\u03bc]+)[\s,]*", re.IGNORECASE)
_KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
_LIMITS = ("ratelimit", "x-ratelimit", "x-rate-limit")
_RESETS = {
    **{f"x-ratelimit-remaining-{kind}": f"x-ratelimit-reset-{kind}" for kind in _KINDS},
    **{
        f"anthropic-ratelimit-{kind}-remaining": f"anthropic-ratelimit-{kind}-reset"
        for kind in _KINDS
    },
    **{f"{name}-remaining": f"{name}-reset" for name in _LIMITS},
}
"""The header with the time at which a limit is reset, by the header with what is left of it."""

_COMBINED = re.compile(r"\b(?:remaining|r)=0[,;].*?\b(?:reset|t)=([0-9.]+)")
"""A used-up limit in the one header of the newer drafts of the standard."""


def pause_asked_s(headers: Mapping[str, str], *, rate_limited: bool = False) -> float | None:
    """Return the pause that a response asks for, by Retry-After or by a limit that is used up.

    Args:
        headers: the headers of the response, in lower case.
        rate_limited: whether it is a 429: a limit is then used up, said or not.
    """
    asked = headers.get("retry-after")
    if asked is not None and (seconds := seconds_asked(asked)) is not None:
        return seconds
    milliseconds = headers.get("retry-after-ms", "").strip()
    if NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    # Most responses have none of these headers.
    if not rate_limited and _RESETS.keys().isdisjoint(headers) and "ratelimit" not in headers:
        return None
    return _until_reset_s(headers, left_if_unsaid="0" if rate_limited else "")


def seconds_asked(text: str) -> float | None:
    """Return the seconds until a time that a header gives; None for any other text.

    A number is in seconds, or since 1970 if it is large enough. `6m0s` and `20ms` are durations,
    HTTP dates and ISO times moments. A moment in the past is 0 s away.
    """
    text = text.strip()
    if NUMBER.fullmatch(text):
        return _seconds_of(float(text))
    if (duration := _duration_s(text)) is not None:
        return duration
    moment = _moment(text)
    return None if moment is None else max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _seconds_of(number: float) -> float:
    for least, parts in EPOCHS:
        if number >= least:
            return max(number / parts - time.time(), 0.0)
    return number


def _duration_s(text: str) -> float | None:
    """Return the seconds of `1h2m3.5s`, `20ms`, `2 minutes` and the like; None for other text."""
    seconds, position = [], 0
    while (part := _PART.match(text, position)) is not None:
        unit_s = UNITS_S.get(part[2].lower())
        if unit_s is None:
            return None
        seconds.append(float(part[1]) * unit_s)
        position = part.end()
    return math.fsum(seconds) if seconds and position == len(text) else None


def _moment(text: str) -> datetime | None:
    """Return the moment of an HTTP date or an ISO time with a zone; None for other text."""
    with suppress(ValueError, LookupError, OverflowError):  # a year of 20 digits overflows
        if (moment := parsedate_to_datetime(text)).tzinfo is not None:
            return moment
    return parse_instant(text, None)


def _until_reset_s(headers: Mapping[str, str], *, left_if_unsaid: str) -> float | None:
    """Return the seconds until a used-up limit is reset; None if no limit is named or used up."""
    pauses = [
        seconds_asked(headers.get(reset, ""))
        for left, reset in _RESETS.items()
        if headers.get(left, left_if_unsaid).strip() == "0"
    ]
    combined = _COMBINED.search(headers.get("ratelimit", ""))
    if combined is not None:
        pauses.append(seconds_asked(combined[1]))
    known = [pause for pause in pauses if pause is not None]
    return max(known) if known else None
