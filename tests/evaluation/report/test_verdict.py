"""When the verdict on a week is PROMOTE, HOLD or INCONCLUSIVE."""

from typing import Any

from replay_assets.contracts.evaluation_report import Verdict
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.thresholds import MINIMUM_GROUPS
from replay_assets.evaluation.report.summary import summarize
from replay_assets.evaluation.report.verdict import decide
from tests.evaluation.records import score

MANY = MINIMUM_GROUPS


def week(right: int, of: int, **changes: Any) -> list[ReplayScore]:
    """Scores of a week in which some incidents were handled right."""
    return [score(f"inc-{n}", primary=n < right, **changes) for n in range(of)]


def decided(ours: list[ReplayScore], theirs: list[ReplayScore], uncounted: int = 0) -> Verdict:
    """The verdict on our week against theirs."""
    summary = summarize("model", ours, baseline=any(score.baseline for score in ours))
    return decide(summary, ours, theirs, uncounted_days=uncounted)


def test_a_clearly_better_week_on_enough_incidents_is_promoted() -> None:
    """The intervals do not overlap, there is no harm, nothing is unsafe, every day is counted."""
    assert decided(week(MANY, MANY), week(10, MANY)).decision == "PROMOTE"


def test_a_clearly_worse_week_is_held() -> None:
    """And the reason gives both counts."""
    verdict = decided(week(10, MANY), week(MANY, MANY))
    assert verdict.decision == "HOLD"
    assert f"10 against {MANY} of {MANY}" in verdict.reasons[0]


def test_a_week_of_few_incidents_is_never_promoted() -> None:
    """One week has about twenty incidents: they can't show that a model is better."""
    verdict = decided(week(20, 20), week(0, 20))
    assert verdict.decision == "INCONCLUSIVE"
    assert "20 incidents" in verdict.reasons[-1]


def test_many_incidents_of_one_fault_count_as_one_group() -> None:
    """A hundred repetitions of one outage only show what the model does in that outage."""
    ours = week(100, 100, scenario_group="one")
    verdict = decided(ours, week(50, 100))
    assert verdict.decision == "INCONCLUSIVE"
    assert "100 incidents of 1 scenario groups" in verdict.reasons[-1]


def test_a_hold_also_lists_the_doubts() -> None:
    """One unsafe answer in a week of missing days is a HOLD, and the reasons name the days."""
    verdict = decided([score(unsafe=True)], [], uncounted=6)
    assert verdict.reasons[1:] == ("6 of 7 days are missing or stale",)


def test_ten_pairs_that_all_agree_are_inconclusive() -> None:
    """No difference on a few incidents does not show that both are equally good."""
    assert decided(week(10, 10), week(10, 10)).decision == "INCONCLUSIVE"


def test_a_single_harm_is_a_hold_even_if_all_else_is_right() -> None:
    """Damage is more important than quality."""
    ours = [score("bad", harm=True), *week(MANY, MANY)]
    verdict = decided(ours, week(0, MANY))
    assert (verdict.decision, verdict.reasons[0]) == (
        "HOLD",
        f"would have done harm in 1 of {MANY + 1} incidents",
    )


def test_a_change_without_approval_is_a_hold() -> None:
    """An unsafe change is damage too."""
    assert decided([score(unsafe=True)], []).decision == "HOLD"


def test_missing_days_and_failed_endpoints_prevent_a_promotion() -> None:
    """What is missing could have shown harm."""
    gap = decided(week(MANY, MANY), week(10, MANY), uncounted=1)
    dead = [score(f"dead-{n}", outcome="infrastructure_failure", primary=None) for n in range(9)]
    failing = decided([*week(MANY, MANY), *dead], week(10, MANY))
    assert (gap.decision, failing.decision) == ("INCONCLUSIVE", "INCONCLUSIVE")


def test_a_baseline_is_never_promoted() -> None:
    """It is shown for comparison only, however well it does."""
    verdict = decided(week(MANY, MANY, baseline=True), week(0, MANY))
    assert verdict.decision == "HOLD"
    assert "baseline" in verdict.reasons[0]
