"""Where the plan of a review is kept, now and by an earlier release."""

from pathlib import Path

from replay_assets.candidates import Candidate
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.review import ReviewPlan
from replay_assets.evaluation.reviews import plan_review
from replay_assets.lake import Address, Publication, Store
from replay_assets.lake.assets import PLAN_FILE
from replay_assets.lake.formats import encode_json
from replay_assets.lake.review_plans import find_plan, plan_address

MODEL = Candidate(id="model", model="m", base_url="http://127.0.0.1:9/v1")


def plan(week: str) -> ReviewPlan:
    """A review that starts in a week."""
    return plan_review(MODEL, load_policy(), week=week, days=[week], under_review=1)


def keep(store: Store, address: Address, kept: ReviewPlan) -> None:
    """Publish a plan."""
    store.publish(address, Publication(files={PLAN_FILE: encode_json(kept.as_json())}))


def test_a_plan_is_a_file_of_its_candidate(tmp_path: Path) -> None:
    """People and scripts look for it there."""
    store = Store(str(tmp_path))
    assert find_plan(store, "model") is None
    keep(store, plan_address("model"), plan("2026-09-21"))
    assert (tmp_path / "files" / "reviews" / "model" / "review.json").is_file()
    assert find_plan(store, "model") == plan("2026-09-21")
    assert find_plan(store, "other") is None


def test_a_plan_of_an_earlier_release_is_continued(tmp_path: Path) -> None:
    """A review must not start again because of an upgrade."""
    store = Store(str(tmp_path))
    keep(store, Address("reviews", candidate="model", grain="none"), plan("2026-09-21"))
    assert find_plan(store, "model") == plan("2026-09-21")
    keep(store, plan_address("model"), plan("2026-09-28"))
    assert find_plan(store, "model") == plan("2026-09-28")
