"""Texts of rows: instants in one form, whatever a pack has."""

import pytest

from replay_assets.errors import ContractError
from replay_assets.finetune.texts import utc_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("2026-09-21", "2026-09-21T00:00:00.000000Z"),
        ("2026-09-21T06:00:00", "2026-09-21T06:00:00.000000Z"),
        ("2026-09-21T06:00:00.1+05:45", "2026-09-21T00:15:00.100000Z"),
        ("2026-09-21 06:00:00.123456789Z", "2026-09-21T06:00:00.123456Z"),
    ],
)
def test_an_instant_has_one_form(text: str, expected: str) -> None:
    """Readers infer a column's type from its form."""
    assert utc_text(text) == expected


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-02-30T06:00:00Z", "9999-12-31T23:59:59-05:00", "20260921T060000Z"]
)
def test_a_text_that_is_not_an_instant_is_named_with_the_way_out(text: str) -> None:
    """By the rule that reading and loading use."""
    with pytest.raises(ContractError, match=f"'{text}' is not an instant.*materialise that pack"):
        utc_text(text)
