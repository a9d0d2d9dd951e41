"""Further tests of a value that matched a token's pattern: mix of characters, entropy."""

import math
import re
from collections import Counter
from collections.abc import Callable

_DIGIT = re.compile(rb"[0-9]")
_UPPER = re.compile(rb"[A-Z]")
_LOWER = re.compile(rb"[a-z]")
_SYMBOL = re.compile(rb"[^A-Za-z0-9]")
_ODD_PAIR = re.compile(
    rb"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])|[A-Za-z0-9](?=[!#$^*~?|<>+`@&%])"
    rb"|[!#$^*~?|<>+`](?=[!-~])"
)
LEAST_ODD_PAIRS, LEAST_ODD_SHARE = 3, 0.2
"""Measured: JSON, code and connection strings have a share of at most 0.17 of odd pairs, and 98 of
100 runs of 16 random characters have more than 0.18."""


def has_digit(value: bytes) -> bool:
    """Return whether a value contains a digit."""
    return _DIGIT.search(value) is not None


def is_mixed(value: bytes) -> bool:
    """Return whether a value has capitals, small letters and digits, as random tokens have."""
    return bool(_DIGIT.search(value) and _UPPER.search(value) and _LOWER.search(value))


def is_jumbled(value: bytes) -> bool:
    """Return whether a text changes between kinds of characters as generated passwords do.

    Code, JSON and lists of fields have as many signs, but fewer such pairs as `a9`, `Q!` or `$x`.
    """
    odd = len(_ODD_PAIR.findall(value))
    return odd >= LEAST_ODD_PAIRS and odd >= LEAST_ODD_SHARE * len(value)


def bits_per_character(value: bytes) -> float:
    """Return Shannon's entropy of a value's characters."""
    length = len(value)
    return math.log2(length) - sum(n * math.log2(n) for n in Counter(value).values()) / length


def _digit_and_letter(value: bytes) -> bool:
    # Numbers alone are ids, letters alone are names: `/hooks/123456789012345678`.
    return has_digit(value) and (_LOWER.search(value) or _UPPER.search(value)) is not None


def _digit_in_first_20(value: bytes) -> bool:
    # "sk-" also ends the first part of hyphenated words: "task-runner-deployment", "disk-…".
    return has_digit(value[:20])


def _has_symbol(value: bytes) -> bool:
    return _SYMBOL.search(value) is not None


def _okta(value: bytes) -> bool:
    # Many numbers begin with "00": require letters, and exclude digests and trace ids.
    return bool(
        _LOWER.search(value) and (_UPPER.search(value) or b"-" in value or b"_" in value)
    ) or (len(set(value)) <= 2 and value.isalpha())


def _sumologic(value: bytes) -> bool:
    return is_mixed(value) and len(_DIGIT.findall(value)) + len(_UPPER.findall(value)) >= 4


def _pem_base64(value: bytes) -> bool:
    # "-----BEGIN " in base64; a certificate or public key begins the same way but is not secret.
    return not value.startswith((b"BDRVJUSUZJQ0FUR", b"BQVUJMSUMg"))


CHECKS: dict[str, Callable[[bytes], bool]] = {
    "digit": has_digit,
    "digit_and_letter": _digit_and_letter,
    "mixed": is_mixed,
    "digit_in_first_20": _digit_in_first_20,
    "symbol": _has_symbol,
    "okta": _okta,
    "sumologic": _sumologic,
    "pem_base64": _pem_base64,
}
"""The names allowed in a rule's `check` field."""
