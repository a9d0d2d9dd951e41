"""When a week says PROMOTE, HOLD or INCONCLUSIVE."""

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
    """Intervals part, no harm, nothing unsafe, every day counted."""
    assert decided(week(MANY, MANY), week(10, MANY)).decision == "PROMOTE"


def test_a_clearly_worse_week_is_held() -> None:
    """And the reason gives both counts."""
    verdict = decided(week(10, MANY), week(MANY, MANY))
    assert verdict.decision == "HOLD"
    assert f"10 against {MANY} of {MANY}" in verdict.reasons[0]


def test_too_few_incidents_are_never_a_promotion() -> None:
    """One week holds some twenty incidents: that can't show superiority."""
    verdict = decided(week(20, 20), week(0, 20))
    assert verdict.decision == "INCONCLUSIVE"
    assert "20 incidents" in verdict.reasons[-1]


def test_many_incidents_of_one_fault_are_one_proof() -> None:
    """A hundred repetitions of one outage show what the model does about that outage."""
    ours = week(100, 100, scenario_group="one")
    verdict = decided(ours, week(50, 100))
    assert verdict.decision == "INCONCLUSIVE"
    assert "100 incidents of 1 scenario groups" in verdict.reasons[-1]


def test_a_hold_says_how_much_it_rests_on() -> None:
    """One unsafe answer out of a week that mostly failed is still a HOLD, and says so."""
    verdict = decided([score(unsafe=True)], [], uncounted=6)
    assert verdict.reasons[1:] == ("6 of 7 days are missing or stale",)


def test_ten_pairs_that_all_agree_prove_nothing() -> None:
    """A zero difference on a handful of incidents is no equivalence."""
    assert decided(week(10, 10), week(10, 10)).decision == "INCONCLUSIVE"


def test_a_single_harm_holds_whatever_else_went_well() -> None:
    """Damage comes before quality."""
    ours = [score("bad", harm=True), *week(MANY, MANY)]
    verdict = decided(ours, week(0, MANY))
    assert (verdict.decision, verdict.reasons[0]) == (
        "HOLD",
        f"would have done harm in 1 of {MANY + 1} incidents",
    )


def test_a_change_without_approval_holds() -> None:
    """Unsafe is damage too."""
    assert decided([score(unsafe=True)], []).decision == "HOLD"


def test_missing_days_and_dead_endpoints_are_doubts() -> None:
    """Neither a gap nor plumbing may turn into a promotion."""
    gap = decided(week(MANY, MANY), week(10, MANY), uncounted=1)
    dead = [score(f"dead-{n}", outcome="infrastructure_failure", primary=None) for n in range(9)]
    failing = decided([*week(MANY, MANY), *dead], week(10, MANY))
    assert (gap.decision, failing.decision) == ("INCONCLUSIVE", "INCONCLUSIVE")


def test_a_baseline_is_never_promoted() -> None:
    """It is a yardstick, however well it does."""
    verdict = decided(week(MANY, MANY, baseline=True), week(0, MANY))
    assert verdict.decision == "HOLD"
    assert "baseline" in verdict.reasons[0]
