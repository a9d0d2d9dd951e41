r"""Colours and `\uXXXX` escapes hide nothing: no word boundary, no key word and no value."""

import json
import re

import pytest

from replay_assets.sanitizing import IncidentSanitizer, sanitize_text
from replay_assets.sanitizing.detect.decoded_view import spans_in
from replay_assets.sanitizing.detect.spans import Span
from replay_assets.sanitizing.gates.strict_gate import strict_findings

PASSWORD = "Pw7" + "FAKEhuT4sQ9"
VALUES = {
    "phone": "0912-345-678",
    "iban": "DE89370400440532013000",
    "ipv6": "2001:db8:1000::2000",
    "bearer": "Authorization: Bearer " + "FAKE0123456789abcdefABCDEF",
    "url": f"postgres://app:{PASSWORD}@db:5432/x",
}
COLOURS = ("\x1b[31m", "\x1b[1;32m", "\\u001b[31m", "\\x1b[31m", "\\033[0m", "\\e[31m")


@pytest.mark.parametrize("colour", COLOURS, ids=[repr(one) for one in COLOURS])
@pytest.mark.parametrize("kind", VALUES)
def test_a_colour_before_a_value_is_not_part_of_it(kind: str, colour: str) -> None:
    """A colour code ends in a letter, so the value after it would have no word boundary."""
    value = VALUES[kind].split("Bearer ")[-1]
    text = VALUES[kind].replace(value, f"{colour}{value}{colour}")
    masked = sanitize_text(f"see {text} now")
    assert value not in masked
    assert PASSWORD not in masked
    assert masked.startswith("see ")
    assert masked.endswith(" now")


@pytest.mark.parametrize("colour", COLOURS, ids=[repr(one) for one in COLOURS])
def test_a_colour_within_a_url_does_not_separate_its_password(colour: str) -> None:
    """Some tools colour the part that changed."""
    masked = sanitize_text(f"postgres://app:{colour}{PASSWORD}\x1b[0m@db:5432/x")
    assert PASSWORD not in masked
    assert masked.endswith("@db:5432/x")


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("key", ["密碼：", "password=", "金鑰："])
def test_an_escaped_key_word_is_still_found(key: str, levels: int) -> None:
    """JSON inside JSON, written as ASCII."""
    text = f"{key}{PASSWORD}"
    for _ in range(levels):
        text = json.dumps({"msg": text})
    assert PASSWORD not in sanitize_text(text)


def test_a_strict_rule_finds_values_next_to_a_colour() -> None:
    """Otherwise the gate would let through what the pack's own rules mask."""
    assert strict_findings("call \x1b[31m" + VALUES["phone"])


def test_a_text_without_findings_keeps_its_colours() -> None:
    """Text is only changed where something must be masked."""
    text = "\x1b[32mPASS\x1b[0m 42 tests, \\u6392\\u7a0b ok"
    assert sanitize_text(text) == text


def test_an_escaped_value_is_the_same_value() -> None:
    """Both spellings get the same placeholder."""
    sanitizer = IncidentSanitizer()
    masked = sanitizer.text(f"password={PASSWORD} \\u0070assword={PASSWORD}")
    assert masked == "password=<CRED_1> \\u0070assword=<CRED_1>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"a \x1b[31mXX\x1b[0m b", [b"XX"]),
        (b"aX\x1b[31mX b", [b"X\x1b[31mX"]),
        (b"\\u0058X b", [b"\\u0058X"]),
        (b"a X\\u0058", [b"X\\u0058"]),
        (b"\x1b[1m\\u0058\x1b[0mX", [b"\\u0058\x1b[0mX"]),
        (b"XX \x1b[0m XX", [b"XX", b"XX"]),
    ],
    ids=["edges", "within", "escaped_first", "escaped_last", "both", "round_a_code"],
)
def test_a_match_in_the_view_is_mapped_back_to_the_text(text: bytes, found: list[bytes]) -> None:
    """Exact to the byte: a colour at an edge stays, a colour inside is removed."""

    def find(data: bytes) -> list[Span]:
        return [Span(*match.span(), "X", "x") for match in re.finditer(b"XX", data)]

    assert sorted({text[span.start : span.end] for span in spans_in(text, find)}) == sorted(
        set(found)
    )


def test_letters_of_mixed_case_are_swept() -> None:
    """They may be a password; a word such as `Availability` would be replaced everywhere."""
    sanitizer = IncidentSanitizer()
    letters = "PzeKDWPoOCLUmiqkHCuB"
    masked = sanitizer.text(f"password={letters}; login Availability failed")
    assert letters not in str(sanitizer.sweep(f"{masked} and q={letters}, Availability"))
    word = IncidentSanitizer()
    word.value({"password": "Availability"})
    assert word.sweep("Availability is 99 %") == "Availability is 99 %"
