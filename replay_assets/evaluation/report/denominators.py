"""How many requests of a candidate ended in which way, and when its scores are not shown."""

from collections import Counter
from collections.abc import Sequence

from replay_assets.contracts.evaluation_report import Denominators
from replay_assets.contracts.result import answered_share
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.gate.requirements import percent

OUTCOMES = {
    "answered": "answered",
    "contract_broken": "contract_broken",
    "refused": "model_refusal",
    "truncated": "length_stop",
    "iteration_limit": "iteration_limit",
    "rejected": "request_rejected",
    "infrastructure_failed": "infrastructure_failure",
    "refused_by_gate": "gate_refused",
    "not_sent": "not_sent",
}
"""The outcome of results that each denominator counts."""
UNUSABLE_LABEL = ("unanswerable_label", "not_recorded")


def denominators_of(scores: Sequence[ReplayScore], incidents: int) -> Denominators:
    """Return how the requests of a candidate, or the decisions of the incumbent, ended.

    Args:
        scores: all scores, repeats too.
        incidents: how many incidents the packs of the week have.
    """
    outcomes = Counter(score.outcome for score in scores)
    # A decision that production recorded is its answer.
    outcomes["answered"] += outcomes["recorded"]
    scheduled = max(incidents * repeats_of(scores), len(scores))
    return Denominators(
        scheduled=scheduled,
        not_counted=scheduled - len(scores),
        unlabelled=sum(score.grade_status == "unlabelled" for score in scores),
        label_unusable=sum(
            score.grade_status == "graded" and score.primary_reason in UNUSABLE_LABEL
            for score in scores
        ),
        **{name: outcomes[outcome] for name, outcome in OUTCOMES.items()},
    )


def repeats_of(scores: Sequence[ReplayScore]) -> int:
    """Return how many answers each incident has."""
    return 1 + max((score.repeat for score in scores), default=0)


def withheld(scores: Sequence[ReplayScore], minimum_answered: float) -> str | None:
    """Return why the scores are not shown; None if enough requests were answered.

    A rate over the few that were answered would say more about the endpoint than about the model.
    """
    if not scores:
        return None
    answered = answered_share(Counter(score.outcome for score in scores))
    if answered >= minimum_answered:
        return None
    return (
        f"{percent(answered)} of {len(scores)} requests were answered; the policy needs "
        f"{percent(minimum_answered)}, so no score is shown"
    )
