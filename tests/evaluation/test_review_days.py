"""Which candidates of a catalogue are under review, and share the policy's alpha."""

from pathlib import Path

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.evaluation.review_days import ReviewDays
from replay_assets.lake.review_plans import find_plan
from tests.evaluation.report.test_report import DAYS, MODEL, OTHER, WEEK, empty


def test_an_entry_that_is_never_asked_takes_no_share_of_the_alpha(tmp_path: Path) -> None:
    """One that is not scheduled counts from the day on which it is replayed by name."""
    by_name = MODEL.model_copy(update={"scheduled": False})
    unused = Candidate(id="unused", model="m", base_url="http://localhost:1/v1", scheduled=False)
    roots = empty(tmp_path)
    roots.publish_day(DAYS[0], incident="inc-1")
    catalogue = Catalogue((by_name, OTHER, unused))
    reviews = ReviewDays(
        roots.lake, roots.evidence, roots.scored(DAYS, *catalogue).lineage, catalogue, load_policy()
    )
    assert set(reviews.standings(WEEK)) == {"model", "other"}
    plan = find_plan(roots.lake, "model")
    assert plan is not None
    assert plan.alpha == load_policy().alpha / 2
