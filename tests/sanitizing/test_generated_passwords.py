"""Passwords that generators make are masked in every kind of text; at most 0.5 % leave a part."""

import pytest

from replay_assets.sanitizing import sanitize_text
from tests.sanitizing.generated_passwords import GENERATORS, KINDS, leaks

ALLOWED = 0.005


def test_few_generated_passwords_leave_a_part() -> None:
    """A sample of each generator in each kind of text; the slow test has 1,000 of each."""
    count = 12
    found = [one for name in GENERATORS for kind in KINDS for one in leaks(name, kind, count)]
    assert len(found) <= ALLOWED * count * len(GENERATORS) * len(KINDS), found


@pytest.mark.slow
@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("kind", KINDS)
def test_of_a_thousand_passwords_at_most_five_leave_a_part(generator: str, kind: str) -> None:
    found = leaks(generator, kind, 1000)
    assert len(found) <= ALLOWED * 1000, found[:3]


def test_a_password_without_a_vowel_is_not_a_word() -> None:
    """Kubernetes makes names and passwords from letters that spell no words."""
    password = "bcdfghjk" + "mnpqrstv"

    assert password not in sanitize_text(f"login failed, password: {password} and retry")
    assert sanitize_text("password: missing and retry") == "password: missing and retry"
