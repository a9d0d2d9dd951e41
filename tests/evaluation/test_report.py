"""The weekly report, from scores in a real lake."""

import json
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.calendar import days_of_week
from replay_assets.evaluation.report import build_report
from replay_assets.evaluation.scoring import publication_of
from replay_assets.evaluation.week import candidate_week, incumbent_week, pack_titles
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Publication, Store
from tests.evaluation.records import score

WEEK = "2026-09-21"
DAYS = days_of_week(WEEK)


@pytest.fixture
def lake(tmp_path: Path) -> Store:
    """A lake with a whole week of one candidate, one incident a day."""
    lake = Store(str(tmp_path / "lake"))
    for day in DAYS:
        publish_day(lake, day)
    return lake


@pytest.fixture
def evidence(tmp_path: Path) -> Store:
    """Raw evidence of the same week."""
    root = Store(str(tmp_path / "evidence"))
    for day in DAYS:
        root.publish(Address("incident_evidence", day), Publication(files={"a.json": b"{}"}))
    return root


def publish_day(lake: Store, day: str, *, alert: str = "Web<Down>") -> None:
    """Publish a pack, its results and their scores, each made from the one before."""
    request = {"incident_id": f"inc-{day}", "incident_context": {"alertname": alert}}
    line = json.dumps(request).encode() + b"\n"
    pack = lake.publish(
        Address("request_pack", day), Publication(files={"request_pack.jsonl": line})
    )
    results = lake.publish(
        Address("replay_results", day, "model"), Publication(inputs={"request_pack": pack.digest})
    )
    graded = publication_of(
        "replay_scores",
        [score(f"inc-{day}", candidate_id="model")],
        inputs={"replay_results": results.digest},
    )
    lake.publish(Address("replay_scores", day, "model"), graded)


def test_a_whole_week_is_counted(lake: Store, evidence: Store) -> None:
    """Seven days, seven incidents, one verdict."""
    report = report_of(lake, evidence)
    assert report["candidates"][1]["metrics"]["primary_right"]["denominator"] == 7
    assert set(report["candidates"][1]["days"].values()) == {"counted"}


def test_a_day_scored_from_other_results_is_stale(lake: Store, evidence: Store) -> None:
    """Results were made again and not scored again: that day must not be reported as if."""
    pack = lake.get(Address("request_pack", DAYS[2]))
    lake.publish(
        Address("replay_results", DAYS[2], "model"),
        Publication(files={"x.json": b"[1]"}, inputs={"request_pack": pack.digest}),
    )
    found = report_of(lake, evidence)["candidates"][1]
    assert found["days"][DAYS[2]] == "stale"
    assert found["metrics"]["primary_right"]["denominator"] == 6


def test_a_day_replayed_from_another_pack_is_stale(lake: Store, evidence: Store) -> None:
    """The pack changed after the replay."""
    lake.publish(Address("request_pack", DAYS[0]), Publication(files={"request_pack.jsonl": b""}))
    assert report_of(lake, evidence)["candidates"][1]["days"][DAYS[0]] == "stale"


def test_text_of_an_incident_cannot_become_markup(lake: Store, evidence: Store) -> None:
    """Alert names come from outside."""
    html = rendered(lake, evidence, "report.html")
    assert "Web&lt;Down&gt;" in html
    assert "Web<Down>" not in html


def test_the_same_scores_give_the_same_bytes(lake: Store, evidence: Store) -> None:
    """A report can be made again and compared."""
    for name in ("report.html", "report.md", "report.json"):
        assert rendered(lake, evidence, name) == rendered(lake, evidence, name)


def test_a_week_without_any_day_is_a_report_all_the_same(tmp_path: Path) -> None:
    """Nothing to report is said, not raised."""
    empty = Store(str(tmp_path / "empty"))
    report = report_of(empty, empty)
    assert [one["candidate_id"] for one in report["candidates"]] == ["incumbent"]
    assert "No candidate has a replayed day" in rendered(empty, empty, "report.md")


def publication(lake: Store, evidence: Store) -> Publication:
    """The report of the week as it would be published."""
    incumbent = incumbent_week(lake, evidence, WEEK)
    candidates = [candidate_week(lake, name, WEEK) for name in ("model", "other")]
    return build_report(WEEK, incumbent, candidates, pack_titles(lake, WEEK)).publication()


def rendered(lake: Store, evidence: Store, name: str) -> str:
    """One file of the report."""
    return publication(lake, evidence).files[name].decode()


def report_of(lake: Store, evidence: Store) -> dict[str, Any]:
    """The report's figures."""
    figures: dict[str, Any] = json.loads(rendered(lake, evidence, "report.json"))
    return figures
