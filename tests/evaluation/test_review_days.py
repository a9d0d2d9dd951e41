"""Which candidates of a catalogue are under review, and which of their answers count."""

import json
from pathlib import Path

import pytest

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.training_manifest import TRAINING_VERSION, TrainingManifest
from replay_assets.errors import ConfigurationError
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


def test_an_incident_that_a_member_was_trained_on_is_not_compared(tmp_path: Path) -> None:
    """As in its review: the member would look better than it is."""
    manifest = TrainingManifest(
        schema_version=TRAINING_VERSION,
        export_id="export",
        incident_ids=("inc-1",),
        scenario_groups=(),
        clusters={},
    )
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest.as_json()), "utf-8")
    trained = MODEL.model_copy(update={"trained_on": (str(path),)})
    roots = empty(tmp_path)
    for day, incident in zip(DAYS, ("inc-1", "inc-2"), strict=False):
        roots.publish_day(day, incident=incident)
    catalogue = Catalogue((trained,))
    reviews = ReviewDays(
        roots.lake, roots.evidence, roots.scored(DAYS, trained).lineage, catalogue, load_policy()
    )
    days = reviews.covered(WEEK)
    assert [one.incident_id for one in reviews.unseen(MODEL, days)] == ["inc-1", "inc-2"]
    assert [one.incident_id for one in reviews.unseen(trained, days)] == ["inc-2"]


def test_a_manifest_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """Without it, incidents that the model was trained on would count."""
    trained = MODEL.model_copy(update={"trained_on": ("files/gone/manifest.json",)})
    roots = empty(tmp_path)
    roots.publish_day(DAYS[0], incident="inc-1")
    lineage = roots.scored(DAYS, trained).lineage
    reviews = ReviewDays(roots.lake, roots.evidence, lineage, Catalogue((trained,)), load_policy())
    with pytest.raises(
        ConfigurationError, match=r"trained_on: .*gone/manifest.json does not exist"
    ):
        reviews.standings(WEEK)
