"""Checksums that separate real card, ID and account numbers from other digits."""

import re

TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""Letters of a Taiwan ID, ordered by their numbers, 10 to 35."""
TAIWAN_ID_CHARACTERS = 10
CARD_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2[2-7]\d{14}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|35\d{14}"  # JCB
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|5019\d{12}|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}"  # Dankort, Maestro
    r"|220[0-4]\d{12}|(?:60|8[12])\d{14}"  # Mir, RuPay
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners
)
"""Issuers' prefixes with their lengths: Luhn alone would accept every tenth time stamp."""


def is_card(text: str, *, any_issuer: bool = False) -> bool:
    """Return whether a text's digits have an issuer's prefix and length and pass Luhn's check."""
    digits = [int(character) for character in text if character.isdigit()]
    known = any_issuer or CARD_ISSUERS.fullmatch("".join(map(str, digits)))
    # Zeros pass Luhn's check, but they are not a card.
    if not known or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def is_taiwan_id(text: str) -> bool:
    """Return whether a letter and nine digits pass the check of Taiwan's national IDs."""
    if len(text) != TAIWAN_ID_CHARACTERS or not text[1:].isdigit() or text[0] not in TAIWAN_LETTERS:
        return False
    number = TAIWAN_LETTERS.index(text[0]) + 10
    digits = [number // 10, number % 10, *(int(character) for character in text[1:])]
    weights = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]
    return sum(d * w for d, w in zip(digits, weights, strict=True)) % 10 == 0


def is_taiwan_arc(text: str) -> bool:
    """Return whether a residence permit issued before 2021 passes: two letters, eight digits.

    Permits of 2021 and later have one letter and then an 8 or 9, and pass `is_taiwan_id`.
    """
    if len(text) != TAIWAN_ID_CHARACTERS or text[1] not in "ABCD" or not text[2:].isdigit():
        return False
    second = str((TAIWAN_LETTERS.index(text[1]) + 10) % 10)
    return is_taiwan_id(text[0] + second + text[2:])


def is_iban(text: str) -> bool:
    """Return whether a text without blanks has its country's length and passes the check mod 97."""
    if len(text) != IBAN_LENGTHS.get(text[:2]) or not text.isalnum():
        return False
    digits = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return int(digits) % 97 == 1


def is_ssn(digits: str) -> bool:
    """Return whether nine digits may be a US social security number."""
    return (
        digits[:3] not in ("000", "666")
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
    )


IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL OM SO",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
        27: "FR GR IT MC MR SM BI DJ",
        28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU",
        31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Characters of an IBAN by country (SWIFT's registry)."""
