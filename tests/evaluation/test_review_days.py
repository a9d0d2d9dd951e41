"""Which candidates of a catalogue are under review, and which of their answers count."""

import json
from pathlib import Path

import pytest

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.training_manifest import TRAINING_VERSION, TrainingManifest
from replay_assets.errors import ConfigurationError, DamagedFileError
from replay_assets.evaluation.review_days import ReviewDays
from replay_assets.lake import Address, Published, Store
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
        roots.lake, roots.evidence, roots.scored(DAYS, *catalogue).reader, catalogue, load_policy()
    )
    assert set(reviews.standings(WEEK)) == {"model", "other"}
    plan = find_plan(roots.lake, "model")
    assert plan is not None
    assert plan.alpha == load_policy().alpha / 2


def test_the_order_of_routes_covers_the_days_of_the_reviews(tmp_path: Path) -> None:
    """A historic review begins with the oldest evidence, two weeks before this one."""
    roots = empty(tmp_path)
    for day in ("2026-09-08", DAYS[0]):
        roots.publish_day(day, incident=f"inc-{day}")
    catalogue = Catalogue((MODEL,))
    reader = roots.scored(DAYS, MODEL).reader
    reviews = ReviewDays(roots.lake, roots.evidence, reader, catalogue, load_policy())
    days = reviews.covered(WEEK)
    assert (days.days[0], days.days[-1]) == ("2026-09-07", DAYS[-1])
    assert len(reviews.unseen(MODEL, days)) == 2


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
        roots.lake, roots.evidence, roots.scored(DAYS, trained).reader, catalogue, load_policy()
    )
    days = reviews.covered(WEEK)
    assert [one.incident_id for one in reviews.unseen(MODEL, days)] == ["inc-1", "inc-2"]
    assert [one.incident_id for one in reviews.unseen(trained, days)] == ["inc-2"]


def test_a_manifest_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """Without it, incidents that the model was trained on would count."""
    trained = MODEL.model_copy(update={"trained_on": ("files/gone/manifest.json",)})
    roots = empty(tmp_path)
    roots.publish_day(DAYS[0], incident="inc-1")
    reader = roots.scored(DAYS, trained).reader
    reviews = ReviewDays(roots.lake, roots.evidence, reader, Catalogue((trained,)), load_policy())
    with pytest.raises(
        ConfigurationError, match=r"trained_on: .*gone/manifest.json does not exist"
    ):
        reviews.standings(WEEK)


def test_a_manifest_that_was_changed_is_named(tmp_path: Path) -> None:
    """An incident that is missing from it would count as a test."""
    path = tmp_path / f"manifest.{'0' * 16}.json"
    path.write_text("{}", "utf-8")
    trained = MODEL.model_copy(update={"trained_on": (str(path),)})
    roots = empty(tmp_path)
    roots.publish_day(DAYS[0], incident="inc-1")
    reader = roots.scored(DAYS, trained).reader
    reviews = ReviewDays(roots.lake, roots.evidence, reader, Catalogue((trained,)), load_policy())
    with pytest.raises(DamagedFileError, match=rf"{path.name} was changed.*in trained_on"):
        reviews.standings(WEEK)


def test_plans_and_days_are_read_once_for_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report needs them for its verdicts and for the order of routes; a store may be far away."""
    read: list[str] = []
    find, days_of = Store.find, Store.days_of

    def found(store: Store, address: Address) -> Published | None:
        read.append(address.asset)
        return find(store, address)

    def listed(store: Store, asset: str, candidate: str | None = None) -> list[str]:
        read.append(asset)
        return days_of(store, asset, candidate)

    roots = empty(tmp_path)
    catalogue = Catalogue((MODEL, OTHER))
    first, second = (roots.scored(DAYS, *catalogue).reader for _ in range(2))
    reviews = ReviewDays(roots.lake, roots.evidence, first, catalogue, load_policy())
    reviews.standings(WEEK)
    monkeypatch.setattr(Store, "find", found)
    monkeypatch.setattr(Store, "days_of", listed)
    again = ReviewDays(roots.lake, roots.evidence, second, catalogue, load_policy())
    again.standings(WEEK)
    again.covered(WEEK)
    assert [read.count(one) for one in ("reviews/model", "reviews/other")] == [1, 1]
    assert read.count("incident_evidence") == 1
