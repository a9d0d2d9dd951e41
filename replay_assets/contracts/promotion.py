"""The candidate that was promoted last: later candidates are also compared with it."""

from typing import ClassVar

from replay_assets.contracts.record import Record

PROMOTION_VERSION = "promotion_v1"


class Promotion(Record):
    """A verdict that was recorded.

    Attributes:
        candidate_id: the promoted candidate.
        candidate_version: the digest of its model, endpoint, prompt and sampling.
        week: the Monday of the report with the verdict.
        policy_digest: the digest of the policy that it met.
    """

    VERSION: ClassVar[str] = PROMOTION_VERSION

    candidate_id: str
    candidate_version: str
    week: str
    policy_digest: str
