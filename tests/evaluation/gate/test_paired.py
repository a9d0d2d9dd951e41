"""The paired table of a candidate."""

from typing import Any

import pytest

from replay_assets.evaluation.gate.comparison import compare
from replay_assets.evaluation.gate.paired import Other, paired_table
from replay_assets.evaluation.gate.sides import Side
from tests.evaluation.gate.test_review import half, mostly, never, rows

OTHERS = (
    Other("incumbent", "incumbent", rows(60, half)),
    Other("baseline", "constant", rows(60, never)),
)


def failed(found: list[dict[str, Any]], incidents: int) -> list[dict[str, Any]]:
    """Return rows of which the first had no answer."""
    lost = {"outcome": "infrastructure_failure", "grade_status": "not_graded", "primary": None}
    return [{**one, **(lost if number < incidents else {})} for number, one in enumerate(found)]


def test_each_comparison_has_the_figures_of_its_pairs():
    production, baseline = paired_table(rows(60, mostly), OTHERS, 0.05)
    compared = compare(Side.of(rows(60, mostly)), Side.of(rows(60, half)), "primary")
    assert (production.against, production.name, production.pairs) == (
        "incumbent",
        "incumbent",
        60,
    )
    assert production.difference == pytest.approx(compared.mean.mean)
    assert production.mid_p == pytest.approx(compared.mid_p(), rel=1e-5)
    assert baseline.wins == Side.of(rows(60, mostly)).any_true("primary")
    assert baseline.losses == 0


def test_claims_of_a_candidate_are_corrected_together():
    found = paired_table(rows(60, mostly), OTHERS, 0.05)
    least = min(found, key=lambda one: one.p_better or 1)
    assert least.p_adjusted == pytest.approx(2 * (least.p_better or 0), rel=1e-4)


def test_failed_answers_give_both_ends_of_the_difference():
    (found,) = paired_table(failed(rows(60, mostly), 6), OTHERS[:1], 0.05)
    assert found.pairs == 54
    assert found.if_failed_wrong is not None
    assert found.if_failed_right is not None
    assert found.if_failed_right - found.if_failed_wrong == pytest.approx(0.1, abs=1e-5)


def test_a_side_without_a_common_incident_is_listed_without_figures():
    (found,) = paired_table(rows(60, mostly), [Other("no_evidence", "blind", [])], 0.05)
    assert (found.pairs, found.difference, found.p_adjusted) == (0, None, None)
