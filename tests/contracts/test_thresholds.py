"""How many unusable rows mean a broken source."""

import pytest

from replay_assets.contracts.thresholds import is_too_many


@pytest.mark.parametrize(
    ("unusable", "rows", "expected"),
    [(10, 30, False), (11, 30, True), (12, 1200, False), (13, 1200, True)],
)
def test_more_than_ten_rows_and_one_in_a_hundred_are_too_many(
    unusable: int, rows: int, expected: bool
) -> None:
    assert is_too_many(unusable, rows) is expected
