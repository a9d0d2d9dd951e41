"""The weekly report: one record, published as JSON, Parquet, HTML and Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from replay_assets.candidates import Candidate
from replay_assets.contracts.agent_comparison import AgentComparison
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import (
    NOT_RUN,
    REPORT_VERSION,
    EvaluationReport,
    ReportedCandidate,
    ReportedMetric,
    ReportLanguage,
    ReportRow,
)
from replay_assets.contracts.gate_policy import GatePolicy, load_policy
from replay_assets.contracts.recommendation import Recommendation
from replay_assets.contracts.report_details import Flip, Rate, ReportLineage, TrendPoint
from replay_assets.contracts.request import NO_EVIDENCE
from replay_assets.contracts.score import INCUMBENT
from replay_assets.evaluation.report.candidates import reported_candidate
from replay_assets.evaluation.report.details import AnswerDetails
from replay_assets.evaluation.report.flips import flips_of
from replay_assets.evaluation.report.incidents import reported_incidents
from replay_assets.evaluation.report.leaks import leak_checks
from replay_assets.evaluation.report.render import render
from replay_assets.evaluation.report.slices import slices_of
from replay_assets.evaluation.report.summary import METRICS, constant_wins, rates_of
from replay_assets.evaluation.report.trend import points_of_rows
from replay_assets.evaluation.reviews import Standing
from replay_assets.evaluation.scored_days import CandidateScores, Title
from replay_assets.lake import Publication, assets
from replay_assets.lake.formats import arrow_table, encode_json
from replay_assets.statistics.routing import RULE

CODE_VERSION = "8"


@dataclass(frozen=True)
class Surroundings:
    """What a report has apart from scores.

    Attributes:
        unmet_labels: what no answer can meet in labels, with the incidents of each.
        standings: the decision on each candidate, and the progress of its review.
        not_ready: why runs that name no candidate leave some of them out.
        catalogue: the entries of the candidates.
        policy: the policy of new reviews.
        details: answers to incidents, and what was true of them.
        earlier: the points of earlier weeks' reports.
        last_promoted: the id of the candidate that was promoted last.
        lineage: what the report is made from.
        recommendations: the order of members for each route.
        agents: candidates that investigate, next to their single answers.
    """

    unmet_labels: Mapping[str, list[str]] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    not_ready: Mapping[str, str] = field(default_factory=dict)
    catalogue: Sequence[Candidate] = ()
    policy: GatePolicy = field(default_factory=load_policy)
    details: AnswerDetails = field(default_factory=AnswerDetails)
    earlier: Sequence[TrendPoint] = ()
    last_promoted: str | None = None
    lineage: ReportLineage = field(default_factory=ReportLineage)
    recommendations: tuple[Recommendation, ...] = ()
    agents: tuple[AgentComparison, ...] = ()


def build_report(
    week: str,
    incumbent: CandidateScores,
    candidates: Sequence[CandidateScores],
    titles: Mapping[str, Title],
    around: Surroundings | None = None,
) -> EvaluationReport:
    """Return the report of a week from the scores of every candidate that has a day in it.

    Args:
        week: the Monday that names the week.
        incumbent: what production did.
        candidates: every candidate of the catalogue.
        titles: what the pack says of each incident.
        around: everything else.
    """
    around = around or Surroundings()
    present = [one for one in candidates if any(state != "missing" for state in one.days.values())]
    blind = _without_evidence(around)
    # What is compared first; then what it is compared with.
    ranked = sorted(present, key=lambda one: (one.candidate_id in blind, one.baseline))
    reported = [incumbent, *ranked]
    parts = _candidates(reported, week, len(titles), around)
    shown = [one for one, part in zip(reported, parts, strict=True) if part.withheld is None]
    report = EvaluationReport(
        schema_version=REPORT_VERSION,
        week=week,
        last_day=days_of_week(week)[-1],
        candidates=parts,
        metrics=_metrics(_with_evidence(shown, around)),
        # A candidate that failed every day must not be missing from the report.
        not_replayed={
            one.candidate_id: around.not_ready.get(one.candidate_id, NOT_RUN)
            for one in candidates
            if one not in present
        },
        unmet_labels=dict(around.unmet_labels),
        incidents=reported_incidents(reported, titles, around.details),
        slices=tuple(slices_of(shown, titles, around.details.truths)),
        flips=tuple(_flips(shown, around)),
        leaks=tuple(leak_checks(shown, around.catalogue)),
        last_promoted=around.last_promoted,
        lineage=around.lineage,
        recommendations=around.recommendations,
        agents=around.agents,
        recommendation_rule=RULE,
    )
    own = points_of_rows(week, list(_rows(report)))
    return report.model_copy(update={"trend": (*around.earlier, *own)})


def _candidates(
    reported: Sequence[CandidateScores], week: str, incidents: int, around: Surroundings
) -> list[ReportedCandidate]:
    entries = {entry.id: entry for entry in around.catalogue}
    return [
        reported_candidate(
            one,
            # A control is asked a part of them.
            incidents=0 if entry is not None and entry.incidents_per_week else incidents,
            last_day=days_of_week(week)[-1],
            entry=entry,
            review=around.standings.get(one.candidate_id),
            minimum_answered=around.policy.minimum_answered,
        )
        for one in reported
        for entry in [entries.get(one.candidate_id)]
    ]


def _with_evidence(shown: Sequence[CandidateScores], around: Surroundings) -> list[CandidateScores]:
    """Return all sides except models that are asked without evidence."""
    blind = _without_evidence(around)
    return [one for one in shown if one.candidate_id not in blind]


def _without_evidence(around: Surroundings) -> set[str]:
    return {one.id for one in around.catalogue if one.prompt_variant == NO_EVIDENCE}


def _flips(shown: Sequence[CandidateScores], around: Surroundings) -> list[Flip]:
    """Return the flips against production and the last promoted; else against baselines."""
    compared = [
        one
        for one in _with_evidence(shown, around)
        if not one.baseline and one.candidate_id != INCUMBENT
    ]
    production = around.policy.compared_with == "incumbent"
    others = [
        one
        for one in shown
        if one.candidate_id == around.last_promoted
        or (one.candidate_id == INCUMBENT if production else one.baseline)
    ]
    return flips_of(compared, others)


def report_publication(
    report: EvaluationReport, *, inputs: Mapping[str, str], language: ReportLanguage = "en"
) -> Publication:
    """Return a report as a partition."""
    rows = arrow_table((row.model_dump() for row in _rows(report)), arrow_schema(ReportRow))
    return Publication(
        tables={assets.EVALUATION_REPORT.table: rows},
        files={
            assets.REPORT_FILE: encode_json(report.as_json()),
            assets.REPORT_HTML_FILE: render("report.html.j2", report, language).encode(),
            assets.REPORT_MARKDOWN_FILE: render("report.md.j2", report, language).encode(),
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


def on_common_incidents(candidates: Sequence[CandidateScores]) -> dict[str, dict[str, Rate]]:
    """Return rates over the incidents for which every replayed candidate has a score.

    Rates over different incidents can't show whether a constant answer does as well.
    """
    replayed = [one for one in candidates if one.scores]
    ids = [{score.incident_id for score in one.scores} for one in replayed]
    common = set.intersection(*ids) if ids else set()
    return {
        one.candidate_id: rates_of([score for score in one.scores if score.incident_id in common])
        for one in replayed
    }


def _metrics(candidates: Sequence[CandidateScores]) -> list[ReportedMetric]:
    constant = {one.candidate_id for one in candidates if one.constant}
    comparable = on_common_incidents(candidates) if constant else {}
    return [
        ReportedMetric(**dict(metric), constant_wins=constant_wins(comparable, metric, constant))
        for metric in METRICS
    ]


def _prices(one: ReportedCandidate) -> str | None:
    """Return the prices as text: the trend compares them."""
    if one.prices is None:
        return None
    return ", ".join(f"{name} {price:g}" for name, price in one.prices.items())


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
                p95_latency_ms=one.p95_latency_ms,
                cost_usd_per_incident=one.cost_usd_per_incident,
                grader=report.lineage.grading,
                policy=report.lineage.policy,
                prices=_prices(one),
                candidate_version=one.version,
            )
