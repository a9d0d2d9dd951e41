"""Plans of reviews in the lake: `files/reviews/<candidate>/review.json`.

A plan is not an asset: the first report of a review makes it, and it does not change.
"""

from replay_assets.contracts.review import ReviewPlan
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import PLAN_FILE, REVIEWS
from replay_assets.lake.store import Store


def plan_address(candidate_id: str) -> Address:
    """Return where the plan of a candidate's review is kept."""
    return Address(f"{REVIEWS}/{candidate_id}", grain="none")


def find_plan(lake: Store, candidate_id: str) -> ReviewPlan | None:
    """Return the plan of a candidate's review; None if it has none yet."""
    # An earlier release kept it in a folder `candidate=<id>`.
    before = Address(REVIEWS, candidate=candidate_id, grain="none")
    found = lake.find(plan_address(candidate_id)) or lake.find(before)
    return None if found is None else ReviewPlan.read(found.document(PLAN_FILE))
