"""Makes incidents in groups whose true difference is known, and asks the gate about them."""

from dataclasses import dataclass

import numpy as np

from replay_assets.contracts.gate_policy import GatePolicy, load_policy
from replay_assets.evaluation.gate.comparison import Comparison
from replay_assets.evaluation.gate.review import level_of

Rng = np.random.Generator


@dataclass(frozen=True)
class World:
    """The truth that reviews are drawn from.

    Attributes:
        size: incidents of a whole review.
        groups: scenario groups; equal to `size` if incidents are independent.
        icc: correlation of two differences of one group.
        skewed: whether few groups have most of the incidents.
        difference: true rate of the candidate minus that of the incumbent.
        differing: share of incidents in which only one of them is right.
    """

    size: int
    groups: int
    icc: float
    skewed: bool
    difference: float
    differing: float

    def draw(self, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
        """Return the difference of each incident (-1, 0, 1) and its group, in order of time."""
        group_of = self._groups(rng)
        shares = np.array([self._losses, 1 - self.differing, self._wins])
        of_group = rng.choice([-1, 0, 1], size=self.groups, p=shares)
        alone = rng.choice([-1, 0, 1], size=self.size, p=shares)
        # Two incidents of a group share its draw with probability icc: this is their correlation.
        follows = rng.random(self.size) < np.sqrt(self.icc)
        return np.where(follows, of_group[group_of], alone), group_of

    def _groups(self, rng: Rng) -> np.ndarray:
        weights = 1 / np.arange(1, self.groups + 1) if self.skewed else np.ones(self.groups)
        # Every group has an incident; the others are drawn.
        rest = rng.choice(self.groups, size=self.size - self.groups, p=weights / weights.sum())
        if not self.skewed:
            rest = np.arange(self.size - self.groups) % self.groups
        return rng.permutation(np.concatenate([np.arange(self.groups), rest]))

    @property
    def _wins(self) -> float:
        return (self.differing + self.difference) / 2

    @property
    def _losses(self) -> float:
        return (self.differing - self.difference) / 2


@dataclass
class Outcome:
    """How reviews of one world ended, as shares."""

    kept_margin: float
    better: float
    covered: float


def compared(differences: np.ndarray, groups: np.ndarray) -> Comparison:
    """Return the comparison of drawn incidents."""
    names = [f"{number:04d}" for number in range(len(differences))]
    return Comparison(
        dict(zip(names, (differences > 0).astype(float).tolist(), strict=True)),
        dict(zip(names, (differences < 0).astype(float).tolist(), strict=True)),
        dict(zip(names, groups.astype(str).tolist(), strict=True)),
    )


def simulate(world: World, *, reviews: int, seed: int, forward: bool) -> Outcome:
    """Return how often the gate keeps the margin, sees a win, and covers the true difference.

    `kept_margin` and `better` are over a whole review: at any of its looks.
    """
    rng, policy = np.random.default_rng(seed), load_policy()
    kept = better = covered = 0
    for _ in range(reviews):
        differences, groups = world.draw(rng)
        passed, won = False, False
        for end, level in looks(world, policy, forward=forward):
            one = compared(differences[:end], groups[:end])
            if not one.varies or one.mean.groups < policy.minimum_groups:
                continue
            low, _ = one.bounds(level)
            passed |= low > -policy.margins["primary"]
            won |= low > 0
        low, high = compared(differences, groups).shown_bounds()
        kept, better = kept + passed, better + won
        covered += low <= world.difference <= high
    return Outcome(kept / reviews, better / reviews, covered / reviews)


def looks(world: World, policy: GatePolicy, *, forward: bool) -> list[tuple[int, float]]:
    """Return the incidents and the level of each look."""
    if not forward:
        return [(world.size, level_of(policy, "historic"))]
    return [
        (max(1, round(world.size * week / policy.looks[-1])), level_of(policy, number))
        for number, week in enumerate(policy.looks, 1)
    ]
