"""Checksums that tell a number of a kind from digits that only look like one."""

import re

TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""Letters of a Taiwan ID in the order of their numbers, 10 to 35."""
TAIWAN_ID_CHARACTERS = 10
CARD_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2[2-7]\d{14}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|35\d{14}"  # JCB
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners
)
"""Issuers' prefixes with their lengths: Luhn alone takes every tenth time stamp for a card."""


def is_card(text: str) -> bool:
    """Tell whether a text's digits have an issuer's prefix and length and pass Luhn's check."""
    digits = [int(character) for character in text if character.isdigit()]
    if not CARD_ISSUERS.fullmatch("".join(map(str, digits))) or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def is_taiwan_id(text: str) -> bool:
    """Tell whether a letter and nine digits pass the check of Taiwan's national IDs."""
    if len(text) != TAIWAN_ID_CHARACTERS or not text[1:].isdigit():
        return False
    number = TAIWAN_LETTERS.index(text[0]) + 10
    digits = [number // 10, number % 10, *(int(character) for character in text[1:])]
    weights = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]
    return sum(d * w for d, w in zip(digits, weights, strict=True)) % 10 == 0
