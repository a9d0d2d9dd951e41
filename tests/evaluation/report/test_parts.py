"""Parts of the report: slices, flips, leaks, the trend, and the details of incidents."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from replay_assets.candidates import Candidate
from replay_assets.contracts.report_details import ReportedTruth, TrendPoint
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.report.details import truth_of
from replay_assets.evaluation.report.flips import flips_of
from replay_assets.evaluation.report.leaks import leak_checks
from replay_assets.evaluation.report.page_tables import (
    changes_by_week,
    slice_state,
    trend_by_candidate,
)
from replay_assets.evaluation.report.pictures import Point, pareto, trend_picture
from replay_assets.evaluation.report.shown import with_reasons
from replay_assets.evaluation.report.slices import slices_of
from replay_assets.evaluation.report.trend import earlier_weeks
from replay_assets.evaluation.report.words import words_in
from replay_assets.evaluation.scored_days import CandidateScores, Title
from replay_assets.lake import Publication, Store, assets
from replay_assets.statistics import rate_of
from tests.evaluation.records import label, score

DAY = "2026-09-21"
VOCABULARY = load_vocabulary()


def of(name: str, answers: dict[str, bool | None], *, constant: bool = False) -> CandidateScores:
    """A candidate's scores by incident."""
    found: list[ReplayScore] = [score(one, primary=right) for one, right in answers.items()]
    return CandidateScores(name, constant, constant, found, {DAY: "counted"})


def point(week: str, **changes: Any) -> TrendPoint:
    fields: dict[str, Any] = {
        "week": week, "candidate_id": "model", "rate": 0.5, "low": 0.3, "high": 0.7, "harm": 0,
        "harm_of": 9, "p95_latency_ms": 90.0, "cost_usd_per_incident": None, "grader": "4",
        "policy": "p", "prices": None, "version": "v",
    }  # fmt: skip
    return TrendPoint(**{**fields, **changes})


def test_incidents_are_counted_in_every_dimension():
    titles = {
        "a": Title(DAY, "Alert", "critical", "shop", "Disk full on node"),
        "b": Title(DAY, "Alert", "warning", "shop", "節點磁碟已滿，服務無法啟動"),
    }
    truth = ReportedTruth(
        category=None, components=(), actions=(), risk_level=None, needs_approval=None,
        repair_expected=None, evidence_sufficiency="partial",
    )  # fmt: skip
    found = slices_of([of("model", {"a": True, "b": False})], titles, {"a": truth})
    counted = {(one.dimension, one.value): one.rates["model"].numerator for one in found}
    assert counted == {
        ("scenario_group", "a"): 1,
        ("scenario_group", "b"): 0,
        ("service", "shop"): 1,
        ("severity", "critical"): 1,
        ("severity", "warning"): 0,
        ("language", "en"): 1,
        ("language", "zh"): 0,
        ("evidence_sufficiency", "partial"): 1,
        ("evidence_sufficiency", "—"): 0,
    }


def test_a_small_slice_has_its_interval_and_no_word():
    whole = rate_of([True] * 90 + [False] * 10)
    assert slice_state(rate_of([False] * 19), whole) == "slice_few"
    assert slice_state(rate_of([False] * 20), whole) == "slice_lower"
    assert slice_state(rate_of([True] * 18 + [False] * 2), whole) == "slice_same"
    assert slice_state(rate_of([None]), whole) == "slice_none"


def test_every_regression_comes_before_the_improvements():
    before = of("incumbent", {"a": False, "b": True, "c": True, "d": None, "e": True})
    after = of("model", {"a": True, "b": False, "c": True, "d": False, "e": False})
    found = [(one.kind, one.incident_id) for one in flips_of([after], [before, after])]
    assert found == [("regression", "b"), ("regression", "e"), ("improvement", "a")]


def test_a_model_that_does_well_without_evidence_is_reported():
    entry = Candidate(id="blind", model="m", base_url="http://h/v1", prompt_variant="no_evidence")
    constant = of("constant", {f"i{n}": n < 2 for n in range(10)}, constant=True)
    for right, state in ((2, "fine"), (3, "leaks")):
        blind = of("blind", {f"i{n}": n < right for n in range(10)})
        (found,) = leak_checks([blind, constant], [entry])
        assert (found.state, found.incidents, found.bound) == (state, 10, 0.3)
    (found,) = leak_checks([of("blind", {"other": True}), constant], [entry])
    assert (found.state, found.incidents) == ("unknown", 0)


def test_the_trend_names_what_else_changed_between_weeks():
    points = [point("2026-09-21"), point("2026-09-28", grader="5", prices="input 1")]
    weeks = trend_by_candidate(points)["model"]
    assert [one.changes for one in weeks] == [(), ("grader", "prices")]


def test_reports_of_an_earlier_release_are_in_the_trend(tmp_path: Path):
    """Their table has no columns for latency, prices and versions."""
    lake = Store(str(tmp_path))
    row = {"candidate_id": "model", "metric": "primary", "rate": 0.5, "low": 0.2, "high": 0.8}
    content = Publication(tables={"evaluation_report": pa.Table.from_pylist([row])})
    lake.publish(assets.EVALUATION_REPORT.at("2026-09-14"), content)
    (found,) = earlier_weeks(lake, "2026-09-28")
    assert (found.week, found.rate, found.grader, found.harm_of) == ("2026-09-14", 0.5, None, 0)


def test_of_a_label_only_the_closed_fields_and_components_are_shown():
    found = truth_of(
        label(
            expected_root_cause="FREE TEXT",
            required_keywords=["FREE TEXT"],
            root_cause_category="FREE TEXT",
            acceptable_actions=["restart_workload", "FREE TEXT"],
            risk_level="FREE TEXT",
            evidence_sufficiency="FREE TEXT",
            scenario_group="FREE TEXT",
            environment="FREE TEXT",
            root_cause_component="<IP_PRIV_1> / web",
        ),
        VOCABULARY,
    )
    assert "FREE TEXT" not in str(found)
    assert found.actions == ("restart_workload",)
    assert len(found.components) == 2


def test_the_picture_of_the_trend_marks_the_week_of_a_change():
    points = [point("2026-09-21"), point("2026-09-28", policy="q"), point("2026-10-05", policy="q")]
    assert changes_by_week(trend_by_candidate(points)) == {"2026-09-28": ["policy"]}
    picture = trend_picture(points, title="Trend <b>", changes={"2026-09-28": "policy & prices"})
    assert "policy &amp; prices" in picture
    assert 'aria-label="Trend &lt;b&gt;"' in picture


def test_names_in_a_picture_never_overlap():
    found = [Point(f"model-{n}", 0.02, 0.0, 0.3, float(n), False) for n in range(8)]
    picture = pareto(found, title="t", axis="USD", unknown="unpriced")
    lines = sorted(
        float(y) for y in re.findall(r'<text class="name" x="[\d.]+" y="([\d.]+)"', picture)
    )
    assert len(lines) == 8
    assert min(b - a for a, b in pairwise(lines)) >= 15


def test_a_candidate_has_one_mark_in_every_picture_and_no_other_one_has_it() -> None:
    """Also if a picture lacks some of them, and for more candidates than there are colours."""
    names = [f"candidate-{number}" for number in range(12)]

    def marks(shown: list[str]) -> list[tuple[str, str]]:
        points = [Point(one, 0.5, 0.4, 0.6, 1.0, False) for one in shown]
        picture = pareto(points, title="t", axis="USD", unknown="unpriced", order=names)
        # The first of two marks: the second one is next to the name.
        found = re.findall(r'<(\w+) class="mark ([\w ]+)"[^>]*?(?: points="([^"]*)")?/>', picture)
        return [(colour, f"{form} {ends}") for form, colour, ends in found[::2]]

    assert len(set(marks(names))) == 12
    assert marks(names[7:9]) == marks(names)[7:9]


def test_the_picture_shows_both_ends_of_a_long_name() -> None:
    """The names of a candidate and its control differ at the end."""
    name = "a-model-with-a-very-long-name"
    points = [Point(one, 0.5, 0.4, 0.6, 1.0, False) for one in (name, f"{name}-no-evidence")]
    picture = pareto(points, title="t", axis="USD", unknown="unpriced")
    assert ">a-model-wit…y-long-name<" in picture
    assert ">a-model-wit…no-evidence<" in picture


def test_candidates_that_were_not_run_for_one_reason_are_listed_together() -> None:
    """Several need the same key."""
    reasons = {"a": "KEY is not set", "b": "not scheduled", "c": "KEY is not set"}
    assert with_reasons(reasons, words_in("en")) == "a, c (KEY is not set); b (not scheduled)"
