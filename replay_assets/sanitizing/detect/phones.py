"""Phone numbers: explicit formats, or plain digits after a word such as phone or 電話."""

import re

from replay_assets.sanitizing.detect.spans import ALNUM, DIGITS, Span, digits_of

_INTERNATIONAL = re.compile(rb"\+ ?\(?[1-9][0-9]{0,3}\)?(?:[-. /]{0,2}\(?[0-9]{1,5}\)?){1,7}")
_NATIONAL = re.compile(
    rb"\(0[0-9]{1,3}\) ?[0-9]{3,4}[- ]?[0-9]{3,4}|0[0-9]{1,3}[- ][0-9]{2,4}[- ][0-9]{3,4}"
    rb"|0[0-9]{1,3}-[0-9]{6,8}|09[0-9]{8}|09[0-9]{2}-[0-9]{6}"
    rb"|0[0-9]{4}[ -][0-9]{6}|0[0-9]{2,3} [0-9]{3,4} [0-9]{3,4}|0[0-9](?: [0-9]{2}){4}"
)
_NANP = re.compile(
    rb"(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?"
    rb"|[2-9][0-9]{2}([-. ]))[2-9][0-9]{2}[-. ][0-9]{4}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?"
)
WORDS = (
    r"(?i:tele?phone|phone|mobile|tel[:. ]|cell|fax|whatsapp|call (?:me|us|him|her)|contact"
    r"|number is|number:)|電話|手機|行動電話|市話|傳真|分機|聯絡電話|聯絡|手机|电话"
)
"""What may be written before plain digits that are a phone number."""
_WORD = re.compile(WORDS.encode())
_AFTER_WORD = re.compile(
    (
        r"(?i:[- _]?(?:no\.?|num(?:ber)?|phone|us|me|at|on))?(?:號碼)?"
        r"(?:[\"'\\]{0,4} ?(?:[:=#]|：|is|為|是)?[ \"'\\(]{0,5}|[ ]{1,2})"
        r"(?P<number>\+?\(?[0-9](?:[-. ()]{0,2}[0-9]){6,14})"
    ).encode()
)
_DATE = re.compile(rb"(?:19|20)[0-9]{2}[-/. ]?[01][0-9][-/. ]?[0-3][0-9]")


def phone(data: bytes, at: int) -> Span | None:
    """Return a phone number in an explicit format: international, national with 0, or NANP."""
    if at > 0 and (data[at - 1] in DIGITS or data[at - 1 : at] in (b".", b"+", b"/", b"_", b"#")):
        return None
    for pattern in (_INTERNATIONAL, _NATIONAL, _NANP):
        match = pattern.match(data, at)
        if match is None:
            continue
        end = match.end()
        digits = digits_of(match.group())
        if not _plausible(pattern, data, at, end, digits):
            continue
        number = e164(digits, international=pattern is _INTERNATIONAL)
        if re.fullmatch(r"\+8869[0-9]{8}", number):
            return Span(at, end, "PHONE", "taiwan_phone", True, number)
        return Span(at, end, "PHONE", "phone", False, number)
    return None


def _plausible(pattern: re.Pattern[bytes], data: bytes, at: int, end: int, digits: str) -> bool:
    after = data[end : end + 2]
    # More digits follow, so this is a part of a longer number: 0900-000-1234.
    if after[:1].isdigit() or (after[:1] in (b"-", b".", b":") and after[1:].isdigit()):
        return False
    if (
        data[at - 1 : at] == b"-"
        and data[at - 2 : at - 1].isdigit()
        and data[at - 4 : at - 1].strip(b"0123456789 -") != b""
    ):
        return False
    if data[at - 1 : at] == b"-" and at > 1 and data[at - 2] in DIGITS and pattern is not _NANP:
        return False
    if pattern is _INTERNATIONAL:
        # Without separators nothing but the length separates a number from an id such as +12345678.
        separated = len(digits) + 1 < end - at
        return (10 if not separated else 8) <= len(digits) <= 15 and not (
            at > 0 and data[at - 1] in ALNUM
        )
    if pattern is _NATIONAL:
        return 9 <= len(digits) <= 11 and not (at > 0 and data[at - 1] in ALNUM)
    return True


def phone_after_word(data: bytes, at: int) -> Span | None:
    """Return plain digits after a word such as phone, 電話 or 手機."""
    word = _WORD.match(data, at)
    match = _AFTER_WORD.match(data, word.end()) if word else None
    if word is None or match is None or _DATE.match(match.group("number")):
        return None
    start, end = match.span("number")
    digits = digits_of(match.group("number"))
    if not 8 <= len(digits) <= 15 or data[end : end + 1].isdigit() or data[end : end + 1] == b".":
        return None
    # "number" alone may introduce any count, so only mobile and national formats are accepted.
    if word.group().lower().startswith(b"number") and not re.fullmatch(
        r"1[3-9][0-9]{9}|0[0-9]{8,10}", digits
    ):
        return None
    international = match.group("number").startswith(b"+")
    return Span(
        start, end, "PHONE", "phone_after_word", False, e164(digits, international=international)
    )


def e164(digits: str, *, international: bool) -> str:
    """Return a number in E.164 format; a Taiwan number without country prefix gets it."""
    if international:
        # In +886 (0)2 the zero is only dialled within the country.
        return f"+{digits.replace('8860', '886', 1) if digits.startswith('8860') else digits}"
    if digits.startswith("0") and len(digits) in (9, 10):
        return f"+886{digits[1:]}"
    if len(digits) == 10 and digits[0] in "23456789":
        return f"+1{digits}"
    return f"+{digits}" if digits.startswith(("886", "1")) and len(digits) > 10 else digits
