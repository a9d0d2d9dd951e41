"""Assets of the evaluation stage: daily scores of candidates and incumbent, weekly reports."""

from functools import partial

import dagster as dg

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.evaluation_report import EvaluationReport, ReportLanguage
from replay_assets.contracts.score import ReplayScore
from replay_assets.defs.jobs import follow_days
from replay_assets.defs.keys import inputs_of, key_of, sanitizing_version, tags_of
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata, bars, preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import AnswerVocabulary, OutboundSafeguards, Policy, Root
from replay_assets.evaluation import grading, masked_labels, report
from replay_assets.evaluation.day_scores import scores_of_day
from replay_assets.evaluation.grading import (
    GRADERS,
    score_incumbent,
    scores_publication,
)
from replay_assets.evaluation.masked_labels import (
    mask_labels,
    masked_publication,
)
from replay_assets.evaluation.report import report_of_week, report_publication, summary_markdown
from replay_assets.lake import Lineage, Published, assets
from replay_assets.lake.labels import labels_of
from replay_assets.sanitizing import RuleSet, rules_digest
from replay_assets.settings import read_secret

GROUP = "evaluation"
OWNERS = ["team:sre"]
MARKED = tuple(grader.name for grader in GRADERS if grader.mark)
GRADE_COLUMNS = ("incident_id", "outcome", "grade_status", *MARKED)


def build_daily(
    catalogue: Catalogue, partitions: Partitions, rules: RuleSet
) -> list[dg.AssetsDefinition]:
    """Return the assets of the stage that have daily partitions."""
    return [
        build_masked_labels(partitions, rules),
        *(build_scores(candidate, partitions) for candidate in catalogue),
        build_incumbent_scores(partitions),
    ]


def build_weekly(
    catalogue: Catalogue, partitions: Partitions, language: ReportLanguage
) -> list[dg.AssetsDefinition]:
    """Return the assets of the stage that have weekly partitions."""
    return [build_report_asset(catalogue, partitions, language)]


def build_masked_labels(partitions: Partitions, rules: RuleSet) -> dg.AssetsDefinition:
    """Return the asset that masks labels like the packs; its version depends on the rules."""

    @dg.asset(
        name=assets.MASKED_LABELS.name,
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        deps=inputs_of(assets.MASKED_LABELS),
        code_version=sanitizing_version(masked_labels.CODE_VERSION, rules),
    )
    def build(
        context: dg.AssetExecutionContext,
        evidence: Root,
        labels: Root,
        safeguards: OutboundSafeguards,
    ) -> dg.MaterializeResult[None]:
        """The day's labels; in their free text, values have the same pseudonyms as in the pack.

        A candidate has seen only pseudonyms, so only these can be compared with its answer. Stored
        under the labels root, once for all candidates.
        """
        lineage = Lineage(evidence=evidence, labels=labels, rules=rules_digest(safeguards.rules))

        def mask(day: str) -> Published:
            truth = labels_of(lineage.get(assets.INCIDENT_LABELS.at(day)))
            raw = lineage.get(assets.INCIDENT_EVIDENCE.at(day))
            masked = mask_labels(truth, raw, safeguards.rules)
            address = assets.MASKED_LABELS.at(day)
            inputs = lineage.inputs(address)
            return labels.publish(address, masked_publication(truth, masked, inputs=inputs))

        return materialize(context, mask)

    return build


def build_scores(candidate: Candidate, partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that grades one candidate's results."""

    @dg.asset(
        key=key_of(assets.REPLAY_SCORES, candidate.id),
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        deps=inputs_of(assets.REPLAY_SCORES, candidate.id),
        tags=tags_of(candidate),
        code_version=grading.CODE_VERSION,
    )
    def replay_scores(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        vocabulary: AnswerVocabulary,
        safeguards: OutboundSafeguards,
    ) -> dg.MaterializeResult[None]:
        """One row per result of the day: its answer, graded by the incident's label.

        Each grade has a reason. A grade is empty if its input was not recorded, or if it does not
        apply to the incident. Scores become stale when the day's results or labels change.
        """
        lineage = Lineage(
            lake=lake,
            evidence=evidence,
            labels=labels,
            vocabulary=vocabulary,
            rules=rules_digest(safeguards.rules),
        )

        def score(day: str) -> Published:
            address = assets.REPLAY_SCORES.at(day, candidate.id)
            return lake.publish(address, scores_of_day(candidate, address, lineage, vocabulary))

        return materialize(context, score, _grades)

    return replay_scores


def build_incumbent_scores(partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that grades the decisions made in production."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        deps=inputs_of(assets.INCUMBENT_SCORES),
        code_version=grading.CODE_VERSION,
    )
    def incumbent_scores(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        vocabulary: AnswerVocabulary,
    ) -> dg.MaterializeResult[None]:
        """One row per incident of the day: the decision made in production, graded by the label.

        The incumbent is the recorded coordinator and the actions that agents or automation
        executed; repairs by people are part of the outcome, not of the incumbent. A grade is empty,
        not wrong, if its input was not recorded.
        """
        lineage = Lineage(evidence=evidence, labels=labels, vocabulary=vocabulary)

        def score(day: str) -> Published:
            raw = lineage.get(assets.INCIDENT_EVIDENCE.at(day))
            truth = labels_of(lineage.find(assets.INCIDENT_LABELS.at(day)))
            scores = score_incumbent(
                raw.rows(assets.INCIDENT_EVIDENCE.table),
                truth,
                raw.rows(assets.RECORDED_REPAIRS),
                vocabulary=vocabulary,
            )
            address = assets.INCUMBENT_SCORES.at(day)
            inputs = lineage.inputs(address)
            return lake.publish(address, scores_publication(scores, address, inputs=inputs))

        return materialize(context, score, _grades)

    return incumbent_scores


def build_report_asset(
    catalogue: Catalogue, partitions: Partitions, language: ReportLanguage
) -> dg.AssetsDefinition:
    """Return the weekly report on every candidate that has results in the week."""
    score_keys = [key_of(assets.REPLAY_SCORES, candidate.id) for candidate in catalogue]
    candidates = {candidate.id: candidate.digest() for candidate in catalogue}
    lineage_of = partial(Lineage, candidates=candidates, language=language)

    @dg.asset(
        partitions_def=partitions.weekly,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"html", "parquet"},
        deps=[partitions.days(key) for key in (*score_keys, key_of(assets.INCUMBENT_SCORES))],
        automation_condition=follow_days(),
        code_version=report.CODE_VERSION,
    )
    def evaluation_report(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        vocabulary: AnswerVocabulary,
        policy: Policy,
        safeguards: OutboundSafeguards,
    ) -> dg.MaterializeResult[None]:
        """The week's verdict on each candidate, compared with production and the baselines.

        A verdict comes from the candidate's review: all its incidents up to the week, decided on at
        looks that were agreed when the review started.

        Uses the days that exist for each candidate. A day counts only if its scores are current:
        made from the present evidence, pack, candidate, results and labels. Others are listed as
        stale.
        """

        def report_on(week: str) -> Published:
            lineage = lineage_of(
                lake=lake, evidence=evidence, labels=labels, vocabulary=vocabulary, policy=policy
            )
            week_report = report_of_week(
                week,
                lake=lake,
                evidence=evidence,
                lineage=lineage,
                catalogue=catalogue,
                policy=policy,
                vocabulary=vocabulary,
                rules=safeguards.rules,
                not_ready={one.id: why for one in catalogue if (why := one.not_ready(read_secret))},
            )
            address = assets.EVALUATION_REPORT.at(week)
            inputs = lineage.inputs(address)
            return lake.publish(
                address, report_publication(week_report, inputs=inputs, language=language)
            )

        return materialize(context, report_on, partial(report_metadata, language=language))

    return evaluation_report


def report_metadata(published: Published, *, language: ReportLanguage) -> Metadata:
    """Return verdicts, figures and plots of a published report for the UI."""
    week = EvaluationReport.read(published.document(assets.REPORT_FILE))
    rates = {one.candidate_id: one.metrics["primary"].rate for one in week.candidates}
    shown = {name: round(100 * rate) for name, rate in rates.items() if rate is not None}
    return {
        "report": dg.MetadataValue.path(published.path_of(assets.REPORT_HTML_FILE)),
        "summary": dg.MetadataValue.md(summary_markdown(week, language)),
        "handled_right": bars(shown, "incidents handled correctly, %", zeros=True),
        **_numbers(week),
    }


def _numbers(week: EvaluationReport) -> dict[str, float]:
    """Return figures that Dagster plots over weeks; the key of a figure never changes."""
    figures: dict[str, float | None] = {}
    for one in week.candidates:
        primary, harm = one.metrics["primary"], one.metrics.get("harm")
        figures |= {
            f"primary_rate/{one.candidate_id}": primary.rate,
            f"primary_low/{one.candidate_id}": primary.low,
            f"primary_high/{one.candidate_id}": primary.high,
            f"harm_rate/{one.candidate_id}": harm.rate if harm else None,
            f"cost_usd_per_incident/{one.candidate_id}": one.cost_usd_per_incident,
            f"p95_latency_ms/{one.candidate_id}": one.p95_latency_ms,
        }
    # A figure that is unknown has no point in the plot: 0 would be a value.
    return {name: float(value) for name, value in figures.items() if value is not None}


def _grades(published: Published) -> Metadata:
    scores = [ReplayScore.read(row) for row in published.rows(published.address.asset)]
    marked = {name: sum(score.grade(name).value is True for score in scores) for name in MARKED}
    return {
        "preview": preview([score.as_json() for score in scores], GRADE_COLUMNS),
        "grades": bars(marked, f"grades that are true, of {len(scores)} rows"),
    }
