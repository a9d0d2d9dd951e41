"""The weekly report: one record, published as JSON, Parquet, HTML and Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from replay_assets.candidates import Candidate
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import (
    NOT_RUN,
    REPORT_VERSION,
    EvaluationReport,
    Figures,
    ReportedIncident,
    ReportedMetric,
    ReportLanguage,
    ReportRow,
)
from replay_assets.contracts.gate_policy import GatePolicy, load_policy
from replay_assets.contracts.score import IncidentGrades, ReplayScore
from replay_assets.evaluation.grading import GRADERS
from replay_assets.evaluation.report.candidates import reported_candidate
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.report.summary import METRICS, constant_wins, summarize
from replay_assets.evaluation.reviews import Standing
from replay_assets.evaluation.scored_days import CandidateScores, Title
from replay_assets.lake import Publication, assets
from replay_assets.lake.formats import arrow_table, encode_json

CODE_VERSION = "5"


def build_report(
    week: str,
    incumbent: CandidateScores,
    candidates: Sequence[CandidateScores],
    titles: Mapping[str, Title],
    *,
    unmet_labels: Mapping[str, list[str]] | None = None,
    standings: Mapping[str, Standing] | None = None,
    not_ready: Mapping[str, str] | None = None,
    catalogue: Iterable[Candidate] = (),
    policy: GatePolicy | None = None,
) -> EvaluationReport:
    """Return the report of a week from the scores of every candidate that has a day in it.

    Args:
        week: the Monday that names the week.
        incumbent: what production did.
        candidates: every candidate of the catalogue.
        titles: the day and the alert name of each incident.
        unmet_labels: what no answer can meet in labels, with the incidents of each.
        standings: the decision on each candidate, and the progress of its review.
        not_ready: why runs that name no candidate leave some of them out.
        catalogue: the entries of the candidates.
        policy: the policy of new reviews; the shipped one if None.
    """
    entries = {entry.id: entry for entry in catalogue}
    policy = policy or load_policy()
    last_day = days_of_week(week)[-1]
    present = [one for one in candidates if any(state != "missing" for state in one.days.values())]
    reported = [incumbent, *sorted(present, key=lambda one: one.baseline)]
    return EvaluationReport(
        schema_version=REPORT_VERSION,
        week=week,
        last_day=last_day,
        candidates=[
            reported_candidate(
                one,
                incidents=len(titles),
                last_day=last_day,
                entry=entries.get(one.candidate_id),
                review=(standings or {}).get(one.candidate_id),
                minimum_answered=policy.minimum_answered,
            )
            for one in reported
        ],
        metrics=_metrics(reported),
        # A candidate that failed every day must not be missing from the report.
        not_replayed={
            one.candidate_id: (not_ready or {}).get(one.candidate_id, NOT_RUN)
            for one in candidates
            if one not in present
        },
        unmet_labels=dict(unmet_labels or {}),
        incidents=_incidents(reported, titles),
    )


def report_publication(report: EvaluationReport, *, inputs: Mapping[str, str]) -> Publication:
    """Return a report as a partition."""
    rows = arrow_table((row.model_dump() for row in _rows(report)), arrow_schema(ReportRow))
    return Publication(
        tables={assets.EVALUATION_REPORT.table: rows},
        files={
            assets.REPORT_FILE: encode_json(report.as_json()),
            assets.REPORT_HTML_FILE: render("report.html.j2", report).encode(),
            assets.REPORT_MARKDOWN_FILE: render("report.md.j2", report).encode(),
        },
        inputs=inputs,
        facts={
            "verdicts": {
                one.candidate_id: one.verdict.decision for one in report.candidates if one.verdict
            },
            "incidents": len(report.incidents),
        },
        code_version=CODE_VERSION,
    )


def summary_markdown(report: EvaluationReport, language: ReportLanguage = "en") -> str:
    """Return verdicts and metric table as Markdown, for the metadata of the asset."""
    return render("parts/summary.md.j2", report, language)


def on_common_incidents(candidates: Sequence[CandidateScores]) -> dict[str, Figures]:
    """Return figures over the incidents for which every replayed candidate has a score.

    Rates over different incidents can't show whether a constant answer does as well.
    """
    replayed = [one for one in candidates if one.scores]
    ids = [{score.incident_id for score in one.scores} for one in replayed]
    common = set.intersection(*ids) if ids else set()
    return {
        one.candidate_id: summarize(
            one.candidate_id,
            [score for score in one.scores if score.incident_id in common],
            baseline=one.baseline,
        )
        for one in replayed
    }


def _metrics(candidates: Sequence[CandidateScores]) -> list[ReportedMetric]:
    comparable = on_common_incidents(candidates)
    constant = {one.candidate_id for one in candidates if one.constant}
    return [
        ReportedMetric(**dict(metric), constant_wins=constant_wins(comparable, metric, constant))
        for metric in METRICS
    ]


def _incidents(
    candidates: Sequence[CandidateScores], titles: Mapping[str, Title]
) -> list[ReportedIncident]:
    """Return one entry per incident: the grades of each candidate's answer, without label text."""
    graded = {
        (one.candidate_id, score.incident_id): _incident_grades(score)
        for one in candidates
        for score in one.scores
    }
    names = [one.candidate_id for one in candidates]
    return [
        ReportedIncident(
            incident_id=incident,
            day=title.day,
            alertname=title.alertname,
            grades={name: graded.get((name, incident)) for name in names},
        )
        for incident, title in titles.items()
    ]


def _incident_grades(score: ReplayScore) -> IncidentGrades:
    grades = {one.name: score.grade(one.name).value for one in GRADERS if one.mark}
    return IncidentGrades(outcome=score.outcome, grade_status=score.grade_status, **grades)


def _rows(report: EvaluationReport) -> Iterator[ReportRow]:
    for one in report.candidates:
        for metric in report.metrics:
            yield ReportRow(
                candidate_id=one.candidate_id,
                baseline=one.baseline,
                verdict=one.verdict.decision if one.verdict else None,
                metric=metric.name,
                better=metric.better,
                constant_wins=metric.constant_wins,
                **dict(one.metrics[metric.name]),
            )
