"""Differences of incidents that belong to scenario groups, and so are not independent.

Sources: the mean with a standard error by clusters and G - 1 degrees of freedom, Cameron and Miller
(2015), Journal of Human Resources 50; the correlation within groups from an analysis of variance,
Donner (1986), International Statistical Review 54; the effective size with the size-weighted mean
group size, Kish (1965), Survey Sampling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True)
class ClusteredMean:
    """The mean of values in groups.

    Attributes:
        mean: the mean of all values.
        standard_error: of the mean, by groups; 0 if every group has the same mean, and None with
            fewer than two groups.
        size: number of values.
        groups: number of groups.
        group_size: the size-weighted mean group size: the sum of squared sizes by `size`.
        icc: correlation of two values of one group, from 0 to 1; 0 if it can't be estimated.
    """

    mean: float
    standard_error: float | None
    size: int
    groups: int
    group_size: float
    icc: float

    def bounds(self, alpha: float) -> tuple[float, float] | None:
        """Return both bounds of the mean, each at a one-sided level of `alpha`, with Student's t.

        None if there are fewer than two groups.
        """
        if self.standard_error is None:
            return None
        reach = float(stdtrit(self.groups - 1, 1 - alpha)) * self.standard_error
        return self.mean - reach, self.mean + reach

    def effective_size(self, least_icc: float = 0.0) -> float:
        """Return the number of independent values that would say as much, at most `size`."""
        return self.size / self.design_effect(least_icc)

    def design_effect(self, least_icc: float = 0.0) -> float:
        """Return by what factor the groups raise the variance of the mean.

        Args:
            least_icc: the correlation that is assumed if the estimate is below it: a few groups
                estimate it badly.
        """
        return 1 + (self.group_size - 1) * max(self.icc, least_icc)


def clustered_mean(values: Sequence[float], groups: Sequence[str]) -> ClusteredMean:
    """Return the mean of values, of which each belongs to one group.

    Args:
        values: at least one value.
        groups: the group of each value, in the same order.
    """
    found = np.asarray(values, dtype=float)
    numbers: dict[str, int] = {}
    index = np.fromiter((numbers.setdefault(one, len(numbers)) for one in groups), dtype=np.intp)
    sizes = np.bincount(index)
    size, count = len(found), len(sizes)
    mean = float(found.mean())
    sums = np.bincount(index, weights=found - mean)
    error = None
    if count > 1:
        error = sqrt(count / (count - 1) * float(sums @ sums)) / size
        # Rounding must not make a standard error of what does not vary.
        error = error if error > 1e-12 else 0.0
    return ClusteredMean(
        mean=mean,
        standard_error=error,
        size=size,
        groups=count,
        group_size=float(sizes @ sizes) / size,
        icc=_icc(found - mean, index, sizes, sums),
    )


def _icc(residuals: np.ndarray, index: np.ndarray, sizes: np.ndarray, sums: np.ndarray) -> float:
    size, count = len(residuals), len(sizes)
    if count < 2 or count == size:
        return 0.0
    means = sums / sizes
    between = float(sizes @ means**2) / (count - 1)
    within = float(((residuals - means[index]) ** 2).sum()) / (size - count)
    typical = (size - float(sizes @ sizes) / size) / (count - 1)
    total = between + (typical - 1) * within
    return min(1.0, max(0.0, (between - within) / total)) if total > 0 else 0.0
