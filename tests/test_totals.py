"""Sums of figures of which one may be unknown."""

import pytest

from replay_assets.totals import known_total


@pytest.mark.parametrize(
    ("figures", "total"),
    [([], 0), ([2, 3], 5), ([0.25, 0.5], 0.75), ([2, None, 3], None), ([None], None), ([0], 0)],
)
def test_a_sum_is_unknown_if_one_of_its_figures_is(
    figures: list[float | None], total: float | None
) -> None:
    """The sum of the known ones would make a candidate look too cheap."""
    assert known_total(figures) == total
    assert known_total(iter(figures)) == total
