"""Cohen's kappa against a published table, and its interval against simulated raters."""

from collections.abc import Iterator

import numpy as np
import pytest

from replay_assets.statistics.kappa import cohen_kappa


def table(*rows: tuple[int, ...]) -> list[tuple[str, str]]:
    return [
        (str(one), str(other))
        for one, counts in enumerate(rows)
        for other, count in enumerate(counts)
        for _ in range(count)
    ]


def test_the_published_example():
    """Cohen (1960), table 1: 200 cases, kappa 0.492."""
    found = cohen_kappa(table((88, 14, 18), (10, 40, 10), (2, 6, 12)))
    assert found is not None
    assert found.value == pytest.approx(0.492, abs=5e-4)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("pairs", [[], [("a", "a")] * 5])
def test_without_two_labels_there_is_no_kappa(pairs: list[tuple[str, str]]):
    """Agreement by chance is complete, so nothing is beyond it."""
    assert cohen_kappa(pairs) is None


def test_a_few_equal_labels_do_not_prove_a_judge():
    """Cohen's own interval would have no width."""
    found = cohen_kappa([("a", "a"), ("b", "b"), ("c", "c")])
    assert found is not None
    assert found.value == 1.0
    assert found.low < 0.2


def test_the_interval_covers_the_true_kappa():
    """95 % of the intervals of simulated raters, with 200 items and ten labels."""
    covered = [low <= 0.75 <= high for low, high in _simulated(0.75, size=200, times=400)]
    assert 0.93 <= sum(covered) / len(covered) <= 0.99


def _simulated(kappa: float, *, size: int, times: int) -> Iterator[tuple[float, float]]:
    random = np.random.default_rng(7)
    shares = np.array([17, 14, 11, 13, 7, 11, 10, 6, 7, 4]) / 100
    for _ in range(times):
        # With this probability the raters agree by design, else by chance only: that is kappa.
        first = random.choice(10, size, p=shares)
        second = np.where(random.random(size) < kappa, first, random.choice(10, size, p=shares))
        found = cohen_kappa([(str(a), str(b)) for a, b in zip(first, second, strict=True)])
        assert found is not None
        yield found.low, found.high
