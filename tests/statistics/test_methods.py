"""Each method against published tables, and against what SciPy or statsmodels 0.14 returns."""

import itertools

import numpy as np
import pytest
from scipy.special import ndtri

from replay_assets.statistics.clusters import clustered_mean
from replay_assets.statistics.detectable import detectable_difference
from replay_assets.statistics.exact_bounds import exact_lower, exact_upper
from replay_assets.statistics.holm import holm
from replay_assets.statistics.mcnemar import mid_p
from replay_assets.statistics.spending import nominal_levels, spent
from replay_assets.statistics.tango import tango_bounds, tango_p


@pytest.mark.parametrize(("size", "upper"), [(10, 0.259), (30, 0.095), (59, 0.0495), (300, 0.0099)])
def test_no_event_still_allows_a_rate(size: int, upper: float) -> None:
    assert exact_upper(0, size, 0.05) == pytest.approx(upper, abs=5e-4)
    assert exact_lower(0, size, 0.05) == 0
    assert exact_upper(0, 0, 0.05) == 1


@pytest.mark.parametrize(("events", "size"), [(1, 20), (7, 20), (20, 20), (3, 145)])
def test_exact_bounds_are_those_of_clopper_and_pearson(events: int, size: int) -> None:
    from scipy.stats import binomtest  # takes 0.3 s, so not when tests are collected

    low, high = binomtest(events, size).proportion_ci(0.90, method="exact")

    assert exact_lower(events, size, 0.05) == pytest.approx(low, abs=1e-9)
    assert exact_upper(events, size, 0.05) == pytest.approx(high, abs=1e-9)


@pytest.mark.parametrize(
    ("wins", "losses", "expected"),
    # Fagerland, Lydersen and Laake (2013): airway hyper-responsiveness before and after stem cell
    # transplantation, 1 and 7 of 21.
    [(1, 7, 0.0391), (7, 1, 0.0391), (5, 5, 1.0), (0, 0, 1.0)],
)
def test_mid_p_of_mcnemar(wins: int, losses: int, expected: float) -> None:
    assert mid_p(wins, losses) == pytest.approx(expected, abs=5e-5) or expected == 1.0
    assert mid_p(wins, losses) <= 1


def test_mid_p_is_the_exact_test_less_half_of_the_observed_table() -> None:
    from scipy.stats import binomtest

    for wins, losses in itertools.product(range(12), range(12)):
        if wins == losses:
            continue
        exact = binomtest(wins, wins + losses).pvalue
        assert mid_p(wins, losses) < exact
        assert mid_p(wins, losses) >= exact / 2


def test_averages_of_repeats_never_make_a_difference_larger() -> None:
    assert mid_p(7.5, 0.5) >= mid_p(8, 0)


@pytest.mark.parametrize(
    ("wins", "losses", "pairs", "low", "high"),
    [
        # Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33: the same patients.
        (1, 7, 21, -0.517, -0.026),
        # No pair differs: the bounds are z^2 / (n + z^2).
        (0, 0, 50, -0.0713, 0.0713),
    ],
)
def test_tango_interval(wins: int, losses: int, pairs: int, low: float, high: float) -> None:
    assert tango_bounds(wins, losses, pairs, 0.025) == pytest.approx((low, high), abs=5e-4)


def test_tango_bounds_and_p_value_agree() -> None:
    for wins, losses in itertools.product(range(0, 30, 3), range(0, 30, 3)):
        low, high = tango_bounds(wins, losses, 60, 0.05)
        assert -1 <= low <= (wins - losses) / 60 <= high <= 1
        assert (low > 0) == (tango_p(wins, losses, 60) < 0.05)


def test_an_interval_on_half_of_the_pairs_is_wider() -> None:
    low, high = tango_bounds(6, 10, 80, 0.05)
    wider_low, wider_high = tango_bounds(3, 5, 40, 0.05)

    assert wider_low < low < high < wider_high


def test_standard_error_by_clusters_is_that_of_a_regression_on_a_constant() -> None:
    groups = [str(n * n % 9) for n in range(80)]
    values = [n * 37 % 80 / 10 + n * n % 9 for n in range(80)]
    found = clustered_mean(values, groups)

    # What statsmodels has for its OLS on a constant, with errors by cluster and Student's t.
    assert found.standard_error == pytest.approx(1.6355164712115149, rel=1e-9)
    assert found.bounds(0.025) == pytest.approx((1.432556648962266, 11.842443351037733), rel=1e-9)


def test_correlation_and_effective_size_of_groups() -> None:
    same = clustered_mean([1, 1, 1, 0, 0, 0], ["a", "a", "a", "b", "b", "b"])
    apart = clustered_mean([1, 0, 1, 0], ["a", "b", "c", "d"])
    skewed = clustered_mean([0.0, 1.0] * 5, ["a"] * 8 + ["b", "c"])

    assert (same.icc, same.effective_size()) == (1.0, 2.0)
    assert (apart.icc, apart.effective_size(0.6)) == (0.0, 4.0)
    # (64 + 1 + 1) / 10: most incidents are in the large group.
    assert skewed.group_size == pytest.approx(6.6)
    assert skewed.effective_size(0.6) == pytest.approx(10 / (1 + 5.6 * 0.6))


def test_one_group_has_no_bounds_and_equal_groups_no_error() -> None:
    assert clustered_mean([1, 0], ["a", "a"]).bounds(0.05) is None
    assert clustered_mean([0.1] * 30, [str(n % 10) for n in range(30)]).standard_error == 0


def test_holm_is_that_of_statsmodels() -> None:
    p_values = {"primary": 0.01, "action": 0.04, "root_cause": 0.03, "risk": 0.2}

    # What `multipletests` of statsmodels returns for these.
    assert list(holm(p_values).values()) == pytest.approx([0.04, 0.09, 0.09, 0.2])
    assert list(holm(p_values)) == list(p_values)


def test_boundaries_of_lan_and_demets() -> None:
    # Lan and DeMets (1983), and the tables of Reboussin et al. (2000): five looks, two-sided 5 %.
    levels = nominal_levels(0.025, (0.2, 0.4, 0.6, 0.8, 1.0))

    assert -ndtri(levels) == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=2e-4)
    assert nominal_levels(0.05, (1.0,)) == pytest.approx((0.05,), abs=1e-9)
    assert spent(0.05, 1.0) == pytest.approx(0.05)


def test_all_looks_together_keep_the_level() -> None:
    fractions = np.array([4, 8, 13]) / 13
    levels = np.array(nominal_levels(0.05, tuple(fractions)))
    rng = np.random.default_rng(1)
    sums = np.cumsum(rng.normal(size=(200_000, 3)) * np.sqrt(np.diff(fractions, prepend=0)), axis=1)

    crossed = (sums / np.sqrt(fractions) > -ndtri(levels)).any(axis=1).mean()

    assert crossed == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize(
    # Pairs for 80 % power at two-sided 5 %, for a share that differs of 10 and 20 %.
    ("differing", "size", "difference"),
    [(0.10, 314, 0.05), (0.20, 627, 0.05), (0.20, 157, 0.10)],
)
def test_detectable_difference(differing: float, size: float, difference: float) -> None:
    assert detectable_difference(differing, size, 0.025) == pytest.approx(difference, abs=5e-4)
    assert detectable_difference(differing, 0, 0.025) is None
