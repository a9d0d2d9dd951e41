"""Checksums that tell a number of a kind from digits that only look like one."""

TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""Letters of a Taiwan ID in the order of their numbers, 10 to 35."""
TAIWAN_ID_CHARACTERS = 10
CARD_DIGITS = range(13, 20)


def is_card(text: str) -> bool:
    """Tell whether the digits of a text pass Luhn's check at a card's length."""
    digits = [int(character) for character in text if character.isdigit()]
    if len(digits) not in CARD_DIGITS or len(set(digits)) == 1:
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
