"""A candidate's part of the report, and how it is written."""

from typing import Any

import pytest

from replay_assets.candidates import Candidate
from replay_assets.contracts.evaluation_report import REPORT_VERSION_2, EvaluationReport
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.result import OUTCOMES
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.report import Surroundings, build_report
from replay_assets.evaluation.report.denominators import denominators_of
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.reviews import Sides, Standing, plan_review, standing_of
from replay_assets.evaluation.scored_days import CandidateScores, Title
from tests.contracts.examples import REPORT
from tests.evaluation.gate.test_review import half, mostly, never, rows
from tests.evaluation.records import score

WEEK = "2026-09-21"
MODEL = Candidate(id="model", model="m", base_url="http://localhost:1/v1")
CONSTANT = Candidate(
    id="constant-baseline", model="constant-baseline", base_url="embedded://baselines/v1"
)
LOST = {"outcome": "infrastructure_failure", "grade_status": "not_graded", "primary": None}


def scores_of(name: str, found: list[ReplayScore], *, baseline: bool = False) -> CandidateScores:
    return CandidateScores(name, baseline, baseline, found, {WEEK: "counted"})


def reviewed() -> Standing:
    """A historic review of 60 incidents."""
    plan = plan_review(MODEL, load_policy(), week=WEEK, days=[WEEK], under_review=1)
    sides = Sides(rows(60, mostly), rows(60, half), {"constant-baseline": rows(60, never)})
    return standing_of(plan, WEEK, lambda last: sides)


def report_of(*found: ReplayScore, **changes: Any) -> EvaluationReport:
    """The report of a week with a model and a baseline."""
    titles = {one.incident_id: Title(WEEK, "Alert") for one in found}
    right = [score(name) for name in titles]
    return build_report(
        WEEK,
        scores_of("incumbent", []),
        [scores_of("model", list(found)), scores_of("constant-baseline", right, baseline=True)],
        titles,
        Surroundings(**{"catalogue": [MODEL, CONSTANT], **changes}),
    )


def test_every_request_is_counted_once_by_its_outcome():
    found = denominators_of([score(f"i{n}", outcome=one) for n, one in enumerate(OUTCOMES)], 11)
    assert (found.scheduled, found.not_counted) == (11, 2)
    apart = {"scheduled", "not_counted", "unlabelled", "label_unusable"}
    ended = found.model_dump(exclude=apart)
    assert list(ended.values()) == [1] * len(OUTCOMES)


def test_labels_that_cannot_be_used_are_counted():
    found = denominators_of(
        [
            score("a", grade_status="unlabelled", primary=None),
            score("b", primary=None, primary_reason="unanswerable_label"),
            score("c"),
        ],
        3,
    )
    assert (found.unlabelled, found.label_unusable, found.answered) == (1, 1, 3)


def test_no_score_is_printed_if_too_few_requests_were_answered():
    """A rate over the few that were answered says nothing about the model."""
    report = report_of(*(score(f"i{n}", **(LOST if n else {})) for n in range(10)))
    model = report.candidates[1]
    assert model.withheld == (
        "10.0 % of 10 requests were answered; the policy needs 98.0 %, so no score is shown"
    )
    assert {one.rate for one in model.metrics.values()} == {None}
    for name in ("report.html.j2", "report.md.j2"):
        assert "10.0 % of 10 requests were answered" in render(name, report)
        assert "not shown" in render(name, report)


def test_failed_answers_give_both_ends_of_the_primary_rate():
    found = [score(f"i{n}", **(LOST if n == 0 else {})) for n in range(100)]
    model = report_of(*found).candidates[1]
    assert model.withheld is None
    assert (model.if_failed_wrong, model.if_failed_right) == (0.99, 1.0)


def test_incidents_of_which_every_repeat_is_right_are_counted():
    found = [score("a", repeat=0), score("a", repeat=1), score("b", repeat=0)]
    found.append(score("b", repeat=1, primary=False))
    report = report_of(*found)
    model = report.candidates[1]
    assert "| Right in all 2 answers (primary grade) |" in render("report.md.j2", report)
    assert model.repeats == 2
    assert model.every_repeat is not None
    assert (model.every_repeat.numerator, model.every_repeat.denominator) == (1, 2)


@pytest.mark.parametrize("template", ["report.html.j2", "report.md.j2"])
def test_a_verdict_has_all_reasons_its_review_and_its_policy(template: str):
    review = reviewed()
    report = report_of(score(), standings={"model": review})
    text = render(template, report)
    assert review.decision == "PROMOTE"
    for words in (
        *review.reasons,
        "Historic review, one look over the past",
        "60 incidents of",
        f"Policy {review.progress.policy_digest[:12]}",
        review.progress.says,
    ):
        assert words in text
    assert report.candidates[1].paired == review.paired
    assert [one.name for one in review.paired] == ["incumbent", "constant-baseline"]
    assert "would have done harm" in text


def test_a_baseline_gets_no_verdict_word():
    text = render("report.html.j2", report_of(score(), standings={"model": reviewed()}))
    assert text.count('<div class="verdict') == 1
    assert "candidates are compared with them: incumbent, constant-baseline." in text


def test_a_report_of_the_earlier_release_is_still_read():
    """It has no reviews, comparisons, slices or details of incidents."""
    record = REPORT.as_json() | {"schema_version": REPORT_VERSION_2}
    added = EvaluationReport.model_fields.keys() - {"schema_version", "week", "last_day",
        "candidates", "metrics", "not_replayed", "incidents"}  # fmt: skip
    for name in added:
        del record[name]
    before = ("candidate_id", "baseline", "incidents", "groups", "outcomes", "grade_status",
              "metrics", "p50_latency_ms", "p95_latency_ms", "cost_usd", "cost_usd_per_incident",
              "costs_known", "verdict", "days")  # fmt: skip
    record["candidates"] = [{name: one[name] for name in before} for one in record["candidates"]]
    record["incidents"] = [
        {name: one[name] for name in ("incident_id", "day", "alertname", "grades")}
        for one in record["incidents"]
    ]
    record["not_replayed"] = ["other"]
    report = EvaluationReport.read(record)
    assert report.candidates[0].metrics == REPORT.candidates[0].metrics
    assert "nemotron-mini" in render("report.html.j2", report)
