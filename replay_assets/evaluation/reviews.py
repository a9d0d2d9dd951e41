"""Reviews: a candidate's version is decided on once, not every week.

A weekly test of the same data would promote an unfit candidate in 41 to 88 % of years. So the
incidents of a review enter once and add up, and decisions are made at looks that were agreed when
it started. A historic review has one look, over the past; a forward review has looks after some
weeks to come, which share its level.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from replay_assets.candidates import Candidate
from replay_assets.contracts.calendar import monday_of
from replay_assets.contracts.comparison import PairedComparison
from replay_assets.contracts.evaluation_report import Decision
from replay_assets.contracts.gate_policy import DeclaredReview, GatePolicy
from replay_assets.contracts.request import NO_EVIDENCE
from replay_assets.contracts.review import REVIEW_VERSION, ReviewPlan, ReviewProgress
from replay_assets.contracts.score import INCUMBENT
from replay_assets.contracts.training_manifest import TrainingManifest, is_trained_on
from replay_assets.evaluation.gate import Review, review
from replay_assets.evaluation.gate.paired import Other, paired_table
from replay_assets.evaluation.gate.progress import still_needed
from replay_assets.evaluation.gate.review import Look
from replay_assets.evaluation.gate.sides import Row

HISTORIC = DeclaredReview(kind="historic")


@dataclass(frozen=True)
class Sides:
    """The rows of a review up to a week: candidate, incumbent, and baselines by id.

    `uncounted_days` is the number of days whose scores of the candidate are missing or stale.
    `others` has what the report also compares with, and the gate does not.
    """

    candidate: Sequence[Row]
    incumbent: Sequence[Row]
    baselines: dict[str, Sequence[Row]]
    uncounted_days: int = 0
    others: tuple[Other, ...] = ()

    def paired(self, level: float | None) -> tuple[PairedComparison, ...]:
        """Return the comparisons with every other side; empty without a level: too few answers."""
        if level is None:
            return ()
        yardsticks = (Other("baseline", name, rows) for name, rows in self.baselines.items())
        others = (Other("incumbent", INCUMBENT, self.incumbent), *self.others, *yardsticks)
        return paired_table(self.candidate, others, level)

    def without(self, manifests: Sequence[TrainingManifest]) -> tuple["Sides", int]:
        """Return the sides without incidents of the candidate's training, and their number."""
        if not manifests:
            return self, 0
        seen = {
            row["incident_id"]
            for row in self.candidate
            if is_trained_on(manifests, row["incident_id"], row["scenario_group"])
        }
        kept = tuple(row for row in self.candidate if row["incident_id"] not in seen)
        return replace(self, candidate=kept), len(seen)


@dataclass(frozen=True)
class Standing:
    """The decision in a week, its reasons, and how far the review is."""

    decision: Decision
    reasons: tuple[str, ...]
    progress: ReviewProgress
    paired: tuple[PairedComparison, ...] = ()


def is_reviewed(candidate: Candidate) -> bool:
    """Return whether a candidate can be promoted.

    Baselines and models that are asked without evidence only measure what an answer is worth.
    """
    return not candidate.baseline and candidate.prompt_variant != NO_EVIDENCE


def twin_of(candidate: Candidate, catalogue: Iterable[Candidate]) -> Candidate | None:
    """Return the same model asked without evidence, a candidate's own control first, or None."""
    twins = [
        one
        for one in catalogue
        if (one.model, one.base_url) == (candidate.model, candidate.base_url)
        and one.prompt_variant == NO_EVIDENCE != candidate.prompt_variant
    ]
    return min(twins, key=lambda one: one.id != candidate.control_id, default=None)


def plan_review(
    candidate: Candidate,
    policy: GatePolicy,
    *,
    week: str,
    days: Iterable[str],
    under_review: int,
    earlier: ReviewPlan | None = None,
) -> ReviewPlan:
    """Return the plan of a candidate's review: the earlier one if its version is the same.

    Args:
        candidate: the candidate; its version is its digest.
        policy: the present policy, which a new review keeps.
        week: the Monday of the week that is reported.
        days: the days whose evidence is in the lake.
        under_review: how many candidates share the policy's alpha.
        earlier: the plan that was kept.
    """
    version = candidate.digest()
    if earlier is not None and earlier.candidate_version == version:
        return earlier
    declared = policy.reviews.get(candidate.id, HISTORIC)
    weeks = sorted({monday_of(day) for day in days} | {week})
    start = declared.start or weeks[0]
    looks: tuple[str, ...] = (weeks[-1],)
    if declared.kind == "forward":
        looks = tuple(_week_after(start, number - 1) for number in policy.looks)
    changed = "its model, endpoint, prompt or sampling has changed since the review started"
    return ReviewPlan(
        schema_version=REVIEW_VERSION,
        candidate_id=candidate.id,
        candidate_version=version,
        kind=declared.kind,
        start=start,
        looks=looks,
        alpha=policy.alpha / max(1, under_review),
        policy=policy,
        policy_digest=policy.digest(),
        restarted_because=None if earlier is None else changed,
    )


def standing_of(
    plan: ReviewPlan,
    week: str,
    sides_until: Callable[[str], Sides],
    manifests: Sequence[TrainingManifest] = (),
) -> Standing:
    """Return the decision of a review at the end of a week, and its progress.

    Args:
        plan: what was agreed.
        week: the Monday of the week.
        sides_until: returns the rows from the start of the review to the end of a week.
        manifests: what the candidate was trained on.
    """
    policy = plan.policy.model_copy(update={"alpha": plan.alpha})
    made = [(number, look) for number, look in enumerate(plan.looks, 1) if look <= week]
    found: Review | None = None
    left_out, ended = 0, None
    for number, look in made:
        sides, left_out = sides_until(look).without(manifests)
        found = _look(sides, policy, "historic" if plan.kind == "historic" else number)
        if found["decision"] != "INCONCLUSIVE" or number == len(plan.looks):
            ended = look
            break
    is_look = found is not None and (ended is not None or made[-1][1] == week)
    if found is None or not is_look:
        sides, left_out = sides_until(week).without(manifests)
        found = _look(sides, policy, "historic")
    progress = _progress(plan, week, found["figures"], policy, ended=ended, trained_on=left_out)
    reasons = found["reasons"] if is_look else [progress.says]
    return Standing(
        decision=found["decision"] if is_look else "INCONCLUSIVE",
        reasons=tuple(reasons),
        progress=progress,
        paired=sides.paired(found["figures"]["level"]),
    )


def _look(sides: Sides, policy: GatePolicy, look: Look) -> Review:
    found = review(sides.candidate, sides.incumbent, sides.baselines, policy=policy, look=look)
    if sides.uncounted_days and found["decision"] == "PROMOTE":
        # What is missing could have shown harm.
        missing = f"{sides.uncounted_days} days of the review are missing or stale"
        return Review(
            decision="INCONCLUSIVE", reasons=[missing, *found["reasons"]], figures=found["figures"]
        )
    return found


def _progress(
    plan: ReviewPlan,
    week: str,
    figures: dict[str, Any],
    policy: GatePolicy,
    *,
    ended: str | None,
    trained_on: int,
) -> ReviewProgress:
    made = [look for look in plan.looks if look <= (ended or week)]
    coming = [look for look in plan.looks if look > week] if ended is None else []
    return ReviewProgress(
        kind=plan.kind,
        start=plan.start,
        looks=plan.looks,
        looks_made=len(made),
        ended=ended,
        next_look=coming[0] if coming else None,
        pairs=figures["pairs"] or 0,
        groups=figures["groups"] or 0,
        trained_on=trained_on,
        says=_says(plan, week, figures, policy, ended=ended, coming=coming),
        policy_digest=plan.policy_digest,
        restarted_because=plan.restarted_because,
        figures=figures,
    )


def _says(
    plan: ReviewPlan,
    week: str,
    figures: dict[str, Any],
    policy: GatePolicy,
    *,
    ended: str | None,
    coming: Sequence[str],
) -> str:
    if week < plan.start:
        return f"the review starts in the week of {plan.start}"
    if ended is not None:
        return f"the review ended with its look at the week of {ended}"
    weeks = _weeks_between(plan.start, week) + 1
    needed = still_needed(figures, policy)
    says = f"the next look is at the week of {coming[0]}"
    if needed and (pairs := figures["pairs"] or 0):
        more = max(1, round(needed * weeks / pairs))
        says += f"; about {needed} more incidents, or {more} more weeks at this rate, would end it"
    return says


def _week_after(monday: str, weeks: int) -> str:
    return (date.fromisoformat(monday) + timedelta(weeks=weeks)).isoformat()


def _weeks_between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days // 7
