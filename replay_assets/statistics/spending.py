"""Levels of repeated looks at growing data, so that all looks together keep one level.

Source: Lan and DeMets (1983), Biometrika 70, with their spending function of the O'Brien-Fleming
type; the boundaries by numerical integration as in Armitage, McPherson and Rowe (1969), JRSS A 132.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

POINTS = 801
"""Points of the integration: the levels are exact to 1e-5."""
FARTHEST = 8.0
"""Standard deviations at which the integration ends."""


def spent(alpha: float, fraction: float) -> float:
    """Return how much of a one-sided level is spent when a fraction of the data is there.

    Args:
        alpha: the level of all looks together.
        fraction: the information so far, above 0 and at most 1.
    """
    return float(2 * (1 - ndtr(ndtri(1 - alpha / 2) / sqrt(fraction))))


@dataclass(frozen=True)
class _Running:
    """Where the sum of the data is at a look, if no earlier look has ended the review."""

    points: np.ndarray
    density: np.ndarray
    width: float

    def beyond(self, bound: float, step: float) -> float:
        """Return the probability that the next look finds the sum above a bound."""
        return float((self.density * (1 - ndtr((bound - self.points) / step))).sum()) * self.width

    def after(self, bound: float, step: float, farthest: float) -> "_Running":
        """Return where the sum is at the next look, if it is not above the bound."""
        points = np.linspace(-farthest, bound, POINTS)
        kernel = np.exp(-(((points[:, None] - self.points[None, :]) / step) ** 2) / 2)
        density = (kernel * self.density).sum(axis=1) * self.width / (step * sqrt(2 * np.pi))
        density[[0, -1]] /= 2  # the trapezoidal rule
        return _Running(points, density, float(points[1] - points[0]))


@cache
def nominal_levels(alpha: float, fractions: tuple[float, ...]) -> tuple[float, ...]:
    """Return the one-sided level of each look.

    Args:
        alpha: the level of all looks together.
        fractions: the information at each look, rising, the last one 1.
    """
    levels: list[float] = []
    running = _Running(np.array([0.0]), np.array([1.0]), 1.0)
    before, already = 0.0, 0.0
    for fraction in fractions:
        step, to_spend = sqrt(fraction - before), spent(alpha, fraction) - already
        bound = _bound(running, step, to_spend)
        levels.append(float(1 - ndtr(bound / sqrt(fraction))))
        running = running.after(bound, step, FARTHEST * sqrt(fraction))
        before, already = fraction, already + to_spend
    return tuple(levels)


def _bound(running: _Running, step: float, to_spend: float) -> float:
    """Return the sum that the next look exceeds with the probability `to_spend`."""
    return float(brentq(lambda bound: running.beyond(bound, step) - to_spend, -FARTHEST, FARTHEST))


def fractions_of(looks: Sequence[int]) -> tuple[float, ...]:
    """Return the information at looks that are made after given numbers of weeks."""
    return tuple(week / looks[-1] for week in looks)
