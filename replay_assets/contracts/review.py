"""A review of one candidate's version: what was agreed when it started, and its progress."""

from typing import Any, ClassVar, Literal

from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.contracts.record import Part, Record

REVIEW_VERSION = "review_v1"


class ReviewPlan(Record):
    """What was agreed when a review started; it does not change until the candidate does.

    Attributes:
        candidate_id: the candidate.
        candidate_version: the digest of its model, endpoint, prompt and sampling.
        kind: `historic` has one look, over days that are already there.
        start: the Monday of the first week; its incidents enter once, with all later ones.
        looks: the Mondays of the weeks after which is decided.
        alpha: this review's share of the policy's alpha, which candidates under review at the same
            time divide.
        policy: the policy when the review started.
        policy_digest: its digest.
        restarted_because: why an earlier review of this candidate was given up; None for the first.
    """

    VERSION: ClassVar[str] = REVIEW_VERSION

    candidate_id: str
    candidate_version: str
    kind: Literal["historic", "forward"]
    start: str
    looks: tuple[str, ...]
    alpha: float
    policy: GatePolicy
    policy_digest: str
    restarted_because: str | None = None


class ReviewProgress(Part):
    """How far a review is at the end of a week.

    Attributes:
        kind: `historic` or `forward`.
        start: the Monday of its first week.
        looks: the Mondays of the weeks after which is decided.
        looks_made: how many of them have been made.
        ended: the Monday of the look that ended it; None while it goes on.
        next_look: the Monday of the next one; None if it has ended.
        pairs: incidents that both sides have a grade for, so far.
        groups: their scenario groups.
        trained_on: incidents left out because the candidate was trained on them.
        says: what would end it, as a sentence.
        policy_digest: the digest of its policy.
        restarted_because: why an earlier review was given up.
        figures: the figures of the newest look, or of all incidents so far.
    """

    kind: Literal["historic", "forward"]
    start: str
    looks: tuple[str, ...]
    looks_made: int
    ended: str | None
    next_look: str | None
    pairs: int
    groups: int
    trained_on: int
    says: str
    policy_digest: str
    restarted_because: str | None
    figures: dict[str, Any]
