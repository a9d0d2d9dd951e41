"""Cards, national IDs and bank accounts: digits confirmed by a checksum."""

import re

from replay_assets.sanitizing.detect.checksums import (
    is_card,
    is_iban,
    is_ssn,
    is_taiwan_arc,
    is_taiwan_id,
)
from replay_assets.sanitizing.detect.spans import ALNUM, DIGITS, Span, digits_of

_CARD = re.compile(
    rb"[0-9]{4}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}|[0-9]{4}[ -]?[0-9]{6}[ -]?[0-9]{4,5}"
)
_CARD_WORD = re.compile(rb"(?i:card|credit|visa|amex|pan\b|\xe5\x8d\xa1)[^\r\n]{0,40}\Z")
_PERSON_ID = re.compile(rb"[A-Z][1289A-D][0-9]{8}")
_IBAN = re.compile(rb"[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?")
_SSN = re.compile(rb"[0-9]{3}([-. ])[0-9]{2}([-. ])[0-9]{4}")
_SSN_WORD = re.compile(rb"(?i:ssn|social|\bss#?)[^\r\n]{0,40}\Z")


def card(data: bytes, at: int) -> Span | None:
    """Return a card number, recognized by its issuer's prefix and Luhn's check."""
    if at > 0 and (
        data[at - 1] in DIGITS
        or (data[at - 1 : at] in (b".", b"-") and data[at - 2 : at - 1].isdigit())
    ):
        return None
    for match in _shrinking(_CARD, data, at):
        end = match.end()
        if data[end : end + 1].isdigit() or _in_hex(data, at, end):
            continue
        digits = digits_of(match.group())
        # 15 digits that begin with 1 have no known issuer: a word must name them as a card.
        if is_card(digits) or (
            digits[0] == "1"
            and len(digits) == 15
            and is_card(digits, any_issuer=True)
            and (_CARD_WORD.search(data, max(0, at - 60), at) or _alone(data, at, end))
        ):
            return Span(at, end, "CARD", "card", True, digits)
    return None


def _shrinking(pattern: re.Pattern[bytes], data: bytes, at: int) -> list[re.Match[bytes]]:
    """Return the match at an offset and a shorter one: trailing groups may be another number."""
    longest = pattern.match(data, at)
    if longest is None:
        return []
    shorter = [
        pattern.match(data, at, at + length) for length in (19, 17) if at + length < longest.end()
    ]
    return [longest, *(match for match in shorter if match is not None)]


def _alone(data: bytes, start: int, end: int) -> bool:
    """Return whether a value is the complete text around it."""
    return data[:start].strip() == b"" and data[end:].strip() == b""


def _in_hex(data: bytes, start: int, end: int) -> bool:
    """Return whether digits are part of a digest: three or more hex digits directly around them."""
    left = data[max(0, start - 12) : start]
    right = data[end : end + 12]
    glued = (
        len(left)
        - len(left.rstrip(b"0123456789abcdefABCDEF"))
        + len(right)
        - len(right.lstrip(b"0123456789abcdefABCDEF"))
    )
    return glued >= 3


def person_id(data: bytes, at: int) -> Span | None:
    """Return a Taiwan ID or residence permit, confirmed by its check digit."""
    match = _PERSON_ID.match(data, at)
    if match is None or data[match.end() : match.end() + 1].isdigit():
        return None
    text = match.group().decode()
    left = data[max(0, at - 6) : at]
    if len(left) - len(left.rstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")) > 2:
        return None
    if is_taiwan_id(text):
        return Span(at, match.end(), "NATIONAL_ID", "taiwan_id", True)
    return Span(at, match.end(), "NATIONAL_ID", "taiwan_arc", True) if is_taiwan_arc(text) else None


def iban(data: bytes, at: int) -> Span | None:
    """Return an IBAN, confirmed by its country's length and its check digits."""
    match = _IBAN.match(data, at)
    if match is None or (at > 0 and data[at - 1] in ALNUM):
        return None
    text = match.group()
    for _ in range(24):
        if is_iban(re.sub(rb"[ -]", b"", text).decode()):
            end = at + len(text)
            if data[end : end + 1].isalnum() and data[end : end + 1].isascii():
                return None
            return Span(at, end, "IBAN", "iban", True, re.sub(rb"[ -]", b"", text).decode())
        # The pattern may have included a word after the number.
        text = text[:-1].rstrip(b" -")
    return None


def ssn(data: bytes, at: int) -> Span | None:
    """Return a US social security number; with blanks or dots only if a word before names it."""
    match = _SSN.match(data, at)
    if match is None or match.group(1) != match.group(2):
        return None
    end = match.end()
    if (
        (at > 0 and (data[at - 1] in DIGITS or data[at - 1 : at] in (b"-", b".")))
        or data[end : end + 1].isdigit()
        or data[end : end + 1] == b"-"
    ):
        return None
    # "row 078 05 1123" has the same form, and dots may be a version.
    if match.group(1) != b"-" and not (
        _SSN_WORD.search(data, max(0, at - 60), at) or _alone(data, at, end)
    ):
        return None
    digits = digits_of(match.group())
    return Span(at, end, "SSN", "ssn", True, digits) if is_ssn(digits) else None
