"""Check digits separate a card or an ID from digits that only look like one."""

import pytest

from replay_assets.sanitizing.detect.checksums import TAIWAN_LETTERS, is_card, is_taiwan_id


@pytest.mark.parametrize(
    "number",
    ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117"],
)
def test_published_test_cards_pass(number: str) -> None:
    """The card networks' own test numbers pass Luhn's check."""
    assert is_card(number)


@pytest.mark.parametrize("position", range(16))
def test_one_wrong_digit_fails(position: int) -> None:
    """Luhn's check catches every single wrong digit."""
    digits = list("4111111111111111")
    digits[position] = str((int(digits[position]) + 1) % 10)
    assert not is_card("".join(digits))


@pytest.mark.parametrize("number", ["0000000000000000", "411111111111", "4" * 20], ids=len)
def test_digits_of_another_length_or_all_equal_are_not_a_card(number: str) -> None:
    """Zeros pass Luhn's check but are not a card."""
    assert not is_card(number)


@pytest.mark.parametrize("text", ["A123456789", "F131104093", "Z100000002"])
def test_an_id_with_its_check_digit_passes(text: str) -> None:
    """The letter counts as its two-digit number."""
    assert is_taiwan_id(text)


@pytest.mark.parametrize("last", range(9))
def test_only_one_check_digit_is_right(last: int) -> None:
    """Nine of ten look-alikes are rejected."""
    assert not is_taiwan_id(f"A12345678{last}")


@pytest.mark.parametrize("text", ["A12345678", "A1234567890", "A12345678X"])
def test_text_in_another_form_is_not_an_id(text: str) -> None:
    """Length and digits are checked before the sum."""
    assert not is_taiwan_id(text)


def test_every_letter_has_a_different_number() -> None:
    """The order of the letters is historical, not alphabetical: I and O come last."""
    assert len(set(TAIWAN_LETTERS)) == 26
    assert TAIWAN_LETTERS.index("I") == 24
    assert TAIWAN_LETTERS.index("O") == 25
