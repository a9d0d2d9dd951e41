"""The pause before a request is sent again: what the endpoint asks for, else a seeded backoff."""

import math
import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TRIES = 4
"""Attempts of one request that may fail because of the endpoint or the network."""
REFUSALS = 10
"""Attempts of one request that may be rate limited (429): ten in a row take about a minute."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
# Without `(?!s)` the m of `20ms` would be read as minutes.
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")


class Backoff:
    """Exponential backoff with full jitter, seeded: two runs with the same faults wait equally."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - spreads retries, guards nothing

    def pause_s(self, failures: int) -> float:
        """Return the pause after a number of failures."""
        return self._random.uniform(0, min(FIRST_WAIT_S * 2**failures, LONGEST_WAIT_S))


def pause_asked_s(headers: Mapping[str, str]) -> float | None:
    """Return the pause that a response asks for, by Retry-After or by a limit that is used up."""
    asked = seconds_asked(headers.get("retry-after", ""))
    return asked if asked is not None else _until_reset_s(headers)


def seconds_asked(retry_after: str) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number, or an HTTP date."""
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, LookupError, OverflowError):  # a year of 20 digits overflows
        return None
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0) if moment.tzinfo else None


def bearable(pause_s: float | None, patience_s: float) -> float | None:
    """Return a pause that the endpoint's limit must keep; None if it is longer than the patience.

    A longer pause ends the run, so no other call has to wait for it.
    """
    return None if pause_s is None or pause_s > patience_s else pause_s


def _until_reset_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until a used-up limit is reset; None if no limit is named or used up."""
    pauses = []
    for left, reset in (
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
        ("ratelimit-remaining", "ratelimit-reset"),
    ):
        if headers.get(left, "").strip() == "0":
            pauses.append(_duration_s(headers.get(reset, "").strip()))
    known = [pause for pause in pauses if pause is not None]
    return max(known) if known else None


def _duration_s(text: str) -> float | None:
    """Return the seconds of `6m0s`, `1s`, `20ms` or a plain number; None for any other text."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    match = DURATION.fullmatch(text)
    if not text or match is None:
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    return math.fsum((hours * 3600, minutes * 60, seconds, milliseconds / 1000))
