"""Tests that a candidate must pass once its pattern fits: mix of characters, entropy."""

import math
import re
from collections import Counter
from collections.abc import Callable

_DIGIT = re.compile(rb"[0-9]")
_UPPER = re.compile(rb"[A-Z]")
_LOWER = re.compile(rb"[a-z]")
_SYMBOL = re.compile(rb"[^A-Za-z0-9]")


def has_digit(value: bytes) -> bool:
    """Tell whether a digit occurs."""
    return _DIGIT.search(value) is not None


def is_mixed(value: bytes) -> bool:
    """Tell whether capitals, small letters and digits all occur, as in a random token."""
    return bool(_DIGIT.search(value) and _UPPER.search(value) and _LOWER.search(value))


def bits_per_character(value: bytes) -> float:
    """Return Shannon's entropy of a value's characters."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _digit_in_first_20(value: bytes) -> bool:
    # "sk-" also ends words that hyphens join: "task-runner-deployment", "disk-…".
    return has_digit(value[:20])


def _has_symbol(value: bytes) -> bool:
    return _SYMBOL.search(value) is not None


def _okta(value: bytes) -> bool:
    # "00" begins many a number: letters must follow soon, and no digest or trace id is meant.
    return bool(
        _LOWER.search(value) and (_UPPER.search(value) or b"-" in value or b"_" in value)
    ) or (len(set(value)) <= 2 and value.isalpha())


def _sumologic(value: bytes) -> bool:
    return is_mixed(value) and len(_DIGIT.findall(value)) + len(_UPPER.findall(value)) >= 4


def _pem_base64(value: bytes) -> bool:
    # "-----BEGIN " in base64; a certificate begins alike and is no secret.
    return not value.startswith((b"BDRVJUSUZJQ0FUR", b"BQVUJMSUMg"))


CHECKS: dict[str, Callable[[bytes], bool]] = {
    "digit": has_digit,
    "mixed": is_mixed,
    "digit_in_first_20": _digit_in_first_20,
    "symbol": _has_symbol,
    "okta": _okta,
    "sumologic": _sumologic,
    "pem_base64": _pem_base64,
}
"""The names that a rule's `check` may have."""
