"""A week's figures."""

import pytest

from replay_assets.evaluation.report.summary import METRICS, constant_wins, rates_of, summarize
from tests.evaluation.records import score

PRIMARY = METRICS[0]


def test_a_week_without_prices_or_latencies_shows_none() -> None:
    """Unknown is None, never 0."""
    summary = summarize("x", [score(latency_ms=None)], baseline=False)
    assert (summary.p50_latency_ms, summary.cost_usd, summary.cost_usd_per_incident) == (
        None,
        None,
        None,
    )


def test_a_week_has_a_total_cost_and_a_cost_per_incident() -> None:
    """Both are known only if the cost of every incident is known."""
    summary = summarize("x", [score("a", cost_usd=0.25), score("b", cost_usd=0.75)], baseline=False)
    assert (summary.cost_usd, summary.cost_usd_per_incident) == (1.0, 0.5)


@pytest.mark.parametrize(("constant", "wins"), [(True, True), (False, False)])
def test_a_metric_that_a_constant_answer_wins_is_marked(constant: bool, wins: bool) -> None:
    """A metric can't tell candidates apart if doing nothing scores as well."""
    answers = [score(primary=constant)]
    summaries = {
        "constant-baseline": rates_of(answers),
        "model": rates_of([score()]),
    }
    assert constant_wins(summaries, PRIMARY, {"constant-baseline"}) is wins


def test_without_a_constant_answer_nothing_is_marked() -> None:
    """There is nothing to compare with."""
    summaries = {"model": rates_of([score()])}
    assert not constant_wins(summaries, PRIMARY, {"constant-baseline"})


def test_a_cost_that_is_known_only_in_part_is_none() -> None:
    """A partial sum would look like the total."""
    summary = summarize("x", [score("a", cost_usd=0.25), score("b")], baseline=False)
    assert summary.cost_usd is None


def test_incidents_that_are_never_trained_on_have_a_separate_figure() -> None:
    """A model may be trained on all the others."""
    reserved = score("a", reserved_for_evaluation=True, primary=False)
    metrics = summarize("x", [reserved, score("b")], baseline=False).metrics
    apart = metrics["primary_reserved"]
    assert (apart.numerator, apart.denominator, apart.not_applicable) == (0, 1, 1)
    assert metrics["primary"].denominator == 2
