"""Compare two sides on the incidents that both have a grade for.

The gate uses two intervals and takes the wider end of each. Tango's score interval is right for
independent incidents; the number of pairs is first reduced to what scenario groups leave of it.
The clustered t interval is right for groups, but with few of them it can be far too narrow. At the
margin, with 6 to 50 groups, both together promote falsely in at most 5 % of reviews
(`tests/benchmarks/statistics`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from scipy.special import stdtr

from replay_assets.evaluation.gate.sides import Side
from replay_assets.statistics.clusters import ClusteredMean, clustered_mean
from replay_assets.statistics.detectable import detectable_difference
from replay_assets.statistics.mcnemar import mid_p
from replay_assets.statistics.tango import tango_bounds, tango_p

LEAST_ICC = 0.6
"""The correlation within groups that is assumed at least: it can't be estimated from few groups."""
TANGO_SHARE = 0.8
"""Tango's interval runs at 4 % where 5 % is asked: at 72 pairs it is wrong in 6.6 % of cases."""
SHOWN = 0.025
"""The one-sided level of the interval that is shown: 95 % on both sides."""


@dataclass(frozen=True)
class Comparison:
    """The paired differences of one metric, first side minus second side."""

    first: Mapping[str, float]
    second: Mapping[str, float]
    groups: Mapping[str, str]

    @cached_property
    def incidents(self) -> list[str]:
        """The incidents that both sides have a grade for, sorted."""
        return sorted(self.first.keys() & self.second.keys())

    @cached_property
    def differences(self) -> list[float]:
        """The difference of each incident, from -1 to 1."""
        return [self.first[one] - self.second[one] for one in self.incidents]

    @property
    def pairs(self) -> int:
        """The number of incidents that both sides have a grade for."""
        return len(self.incidents)

    @cached_property
    def wins(self) -> float:
        """Incidents that only the first side handled right; repeats count as fractions."""
        return sum(one for one in self.differences if one > 0)

    @cached_property
    def losses(self) -> float:
        """Incidents that only the second side handled right; repeats count as fractions."""
        return -sum(one for one in self.differences if one < 0)

    @cached_property
    def mean(self) -> ClusteredMean:
        """The mean difference, by scenario groups; there must be a pair."""
        return clustered_mean(self.differences, [self.groups[one] for one in self.incidents])

    @cached_property
    def effective_pairs(self) -> float:
        """The number of independent pairs that would say as much."""
        return self.mean.effective_size(LEAST_ICC)

    @property
    def varies(self) -> bool:
        """Whether the differences vary between groups; without that, t bounds say nothing."""
        return bool(self.mean.standard_error)

    def bounds(self, level: float) -> tuple[float, float]:
        """Return the gate's bounds, each at a one-sided level."""
        return self._outer(TANGO_SHARE * level, level)

    def shown_bounds(self) -> tuple[float, float]:
        """Return the two-sided 95 % interval."""
        return self._outer(SHOWN, SHOWN)

    def _outer(self, tango_level: float, t_level: float) -> tuple[float, float]:
        low, high = tango_bounds(*self._effective_counts, tango_level)
        if (by_groups := self.mean.bounds(t_level)) is not None:
            low, high = min(low, by_groups[0]), max(high, by_groups[1])
        return max(low, -1.0), min(high, 1.0)

    def p_better(self) -> float:
        """Return the one-sided p-value of "the first is better", at most the level if `bounds` are.

        It agrees with `bounds`: below a level exactly where their lower end at it is above 0.
        """
        p = min(1.0, tango_p(*self._effective_counts) / TANGO_SHARE)
        error = self.mean.standard_error
        if not error:
            return 1.0 if error is None or self.mean.mean <= 0 else p
        return max(p, float(stdtr(self.mean.groups - 1, -self.mean.mean / error)))

    def mid_p(self) -> float:
        """Return the mid-p McNemar value of the pairs, without regard to groups."""
        return mid_p(self.wins, self.losses)

    def detectable(self, level: float) -> float | None:
        """Return the true difference that these pairs would show with a probability of 80 %."""
        differing = (self.wins + self.losses) / self.pairs
        return detectable_difference(differing, self.effective_pairs, level)

    @property
    def _effective_counts(self) -> tuple[float, float, float]:
        scale = self.effective_pairs / self.pairs
        return self.wins * scale, self.losses * scale, self.effective_pairs


def compare(
    first: Side, second: Side, metric: str, *, failed_as: float | None = None
) -> Comparison:
    """Return the comparison of two sides on one metric.

    Args:
        first: the candidate.
        second: what it is compared with.
        metric: the name of a grade.
        failed_as: the grade of incidents for which the first side has no answer; None leaves them
            out.
    """
    found = first.means(metric, failed_as=failed_as)
    return Comparison(found, second.means(metric), {**second.groups, **first.groups})
