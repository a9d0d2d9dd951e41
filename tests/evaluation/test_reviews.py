"""When a review decides, what it keeps, and what ends it."""

from collections.abc import Sequence
from typing import Any

import pytest

from replay_assets.candidates import Candidate
from replay_assets.contracts.gate_policy import DeclaredReview, GatePolicy, load_policy
from replay_assets.contracts.review import ReviewPlan
from replay_assets.contracts.training_manifest import TRAINING_VERSION, TrainingManifest
from replay_assets.evaluation.reviews import Sides, Standing, plan_review, standing_of, twin_of
from tests.evaluation.gate.test_review import always, half, mostly, never, rows

WEEKS = ("2026-09-21", "2026-09-28", "2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26")
MODEL = Candidate(id="model", model="model", base_url="http://127.0.0.1:9/v1")


def policy(**changes: Any) -> GatePolicy:
    return load_policy().model_copy(update=changes)


def forward(start: str = WEEKS[0]) -> GatePolicy:
    declared = DeclaredReview(kind="forward", start=start)
    return policy(looks=(2, 4, 6), reviews={"model": declared})


def planned(given: GatePolicy, week: str, **changes: Any) -> ReviewPlan:
    fields: dict[str, Any] = {"days": WEEKS, "under_review": 1, **changes}
    return plan_review(MODEL, given, week=week, **fields)


def sides(week: str, right: Any, per_week: int = 20, other: Any = half) -> Sides:
    """The rows until a week, with the same number of incidents in each week."""
    size = per_week * (WEEKS.index(week) + 1)
    return Sides(rows(size, right), rows(size, other), {"constant": rows(size, never)})


def standing(plan: ReviewPlan, week: str, right: Any, **changes: Any) -> Standing:
    return standing_of(plan, week, lambda last: sides(last, right, **changes))


def test_a_historic_review_looks_once_at_everything_that_is_there() -> None:
    plan = planned(policy(), WEEKS[0])

    early, at_the_look = (standing(plan, week, mostly) for week in (WEEKS[2], WEEKS[5]))

    assert plan.looks == (WEEKS[5],)
    assert early.decision == "INCONCLUSIVE"
    assert f"the next look is at the week of {WEEKS[5]}" in early.reasons[0]
    assert at_the_look.decision == "PROMOTE"
    assert at_the_look.progress.ended == WEEKS[5]


def test_days_that_come_later_do_not_change_a_historic_review() -> None:
    plan = planned(policy(), WEEKS[0], days=WEEKS[:3])
    again = planned(policy(), WEEKS[5], days=WEEKS, earlier=plan)

    assert again == plan
    later = standing(again, WEEKS[5], never)
    assert later.progress.ended == WEEKS[2]
    assert later.progress.pairs == 60


def test_between_looks_a_forward_review_says_what_would_end_it() -> None:
    plan = planned(forward(), WEEKS[0])

    found = standing(plan, WEEKS[2], half, other=half)

    assert plan.looks == (WEEKS[1], WEEKS[3], WEEKS[5])
    assert found.decision == "INCONCLUSIVE"
    assert (found.progress.looks_made, found.progress.next_look) == (1, WEEKS[3])
    assert found.reasons == (f"the next look is at the week of {WEEKS[3]}",)


def test_no_look_decides_before_its_week() -> None:
    plan = planned(forward(), WEEKS[0])

    first = standing(plan, WEEKS[0], mostly)

    assert (first.decision, first.progress.looks_made) == ("INCONCLUSIVE", 0)
    assert first.progress.next_look == WEEKS[1]
    assert "more incidents" in first.progress.says


def test_an_early_look_ends_a_review_and_later_weeks_keep_its_decision() -> None:
    plan = planned(forward(), WEEKS[0])
    asked: list[str] = []

    def until(week: str) -> Sides:
        asked.append(week)
        return sides(week, always if week == WEEKS[3] else mostly, per_week=40, other=never)

    found = standing_of(plan, WEEKS[5], until)

    assert found.decision == "PROMOTE"
    assert found.progress.ended in (WEEKS[1], WEEKS[3])
    assert WEEKS[5] not in asked


def test_the_policy_and_the_share_of_alpha_are_kept_from_the_start() -> None:
    plan = planned(policy(), WEEKS[0], under_review=4)
    stricter = planned(policy(alpha=0.01), WEEKS[5], under_review=1, earlier=plan)

    assert plan.alpha == pytest.approx(0.0125)
    assert stricter == plan
    assert plan.policy.alpha == 0.05


def test_another_version_of_a_candidate_starts_a_new_review() -> None:
    plan = planned(policy(), WEEKS[0], days=WEEKS[:2])
    changed = MODEL.model_copy(update={"model": "another"})

    again = plan_review(changed, policy(), week=WEEKS[4], days=WEEKS, under_review=1, earlier=plan)

    assert again.candidate_version != plan.candidate_version
    assert again.looks == (WEEKS[5],)
    assert again.restarted_because is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("incident_ids", ("incident-0", "incident-1")),
        ("scenario_groups", ("group-0", "group-1")),
        ("clusters", {"c1": ("incident-0", "incident-1", "incident-999")}),
    ],
)
def test_incidents_that_the_candidate_was_trained_on_are_left_out(field: str, value: Any) -> None:
    parts: dict[str, Any] = {"incident_ids": (), "scenario_groups": (), "clusters": {}}
    manifest = TrainingManifest(
        schema_version=TRAINING_VERSION, export_id="export", **{**parts, field: value}
    )
    plan = planned(policy(), WEEKS[0], days=WEEKS[:3])

    found = standing_of(plan, WEEKS[2], lambda last: sides(last, mostly), [manifest])

    assert (found.progress.trained_on, found.progress.pairs) == (2, 58)


def test_missing_days_keep_a_review_from_promoting() -> None:
    plan = planned(policy(), WEEKS[0])

    def until(week: str) -> Sides:
        one = sides(week, mostly)
        return Sides(one.candidate, one.incumbent, one.baselines, uncounted_days=2)

    found = standing_of(plan, WEEKS[5], until)

    assert found.decision == "INCONCLUSIVE"
    assert "2 days of the review are missing or stale" in found.reasons[0]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"kind": "forward"}, "must be a Monday"),
        ({"kind": "forward", "start": "2026-09-22"}, "must be a Monday"),
        ({"kind": "historic", "start": "2026-09-21"}, "only a forward review"),
    ],
)
def test_a_wrong_review_is_refused(declared: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DeclaredReview.model_validate(declared)


def test_before_its_start_a_review_has_no_incident() -> None:
    plan = planned(forward(WEEKS[4]), WEEKS[0])

    def until(week: str) -> Sides:
        empty: Sequence[Any] = ()
        return Sides(empty, empty, {})

    found = standing_of(plan, WEEKS[0], until)

    assert found.decision == "INCONCLUSIVE"
    assert found.reasons == (f"the review starts in the week of {WEEKS[4]}",)


def test_a_candidate_is_compared_with_its_own_control_first() -> None:
    """Another one of the same model may have other settings."""
    blind = {"model": MODEL.model, "base_url": MODEL.base_url, "prompt_variant": "no_evidence"}
    other, control = (Candidate(id=name, **blind) for name in ("blind", MODEL.control_id))
    assert twin_of(MODEL, [MODEL, other, control]) == control
    assert twin_of(MODEL, [MODEL, other]) == other
    assert twin_of(other, [MODEL, other, control]) is None
