"""Percentiles are those of numpy, by linear interpolation."""

import numpy as np
import pytest

from replay_assets.contracts.percentile import percentile


@pytest.mark.parametrize("values", [[7.5], [3.0, 1.0], [5.0, 1.0, 4.0, 2.0], list(range(101))])
@pytest.mark.parametrize("percent", [0, 50, 95, 100])
def test_a_percentile_equals_that_of_numpy(values: list[float], percent: int) -> None:
    """A run's report and a week's report must agree."""
    assert percentile(values, percent) == pytest.approx(np.percentile(values, percent))


def test_without_values_there_is_no_percentile() -> None:
    """Unknown is None, never 0."""
    assert percentile([], 50) is None
