"""Assets of the evaluation stage: a day's scores for candidates and incumbent, a week's report."""

import json

import dagster as dg

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.defs.jobs import follow_days
from replay_assets.defs.metadata import Metadata, bars, data_version, partition_metadata, preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import AnswerVocabulary, Guards, Root
from replay_assets.evaluation import grading, report
from replay_assets.evaluation.grading import (
    GRADERS,
    publication_of,
    score_incumbent,
    score_results,
)
from replay_assets.evaluation.masked_labels import masked_labels, require_rules
from replay_assets.evaluation.report import build_report
from replay_assets.evaluation.scored_days import WeekReader
from replay_assets.lake.addresses import Address
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.lake.labels import labels_of
from replay_assets.lake.store import Published

GROUP = "evaluation"
OWNERS = ["team:sre"]
MARKED = tuple(grader.name for grader in GRADERS if grader.mark)
GRADE_COLUMNS = ("incident_id", "outcome", "grade_status", *MARKED)


def build_scores(candidate: Candidate, partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that grades one candidate's results."""
    results_key = dg.AssetKey(["replay_results", candidate.id])

    @dg.asset(
        key=dg.AssetKey(["replay_scores", candidate.id]),
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        deps=[results_key, "incident_labels", "incident_evidence"],
        tags={"candidate": candidate.id, "baseline": str(candidate.baseline).lower()},
        code_version=grading.CODE_VERSION,
    )
    def replay_scores(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        vocabulary: AnswerVocabulary,
        safeguards: Guards,
    ) -> dg.MaterializeResult[None]:
        """One row a result of the day: what the label says of this answer.

        A grade is null where nobody recorded what it needs, or where the question does not arise.
        Stale as soon as results or labels of the day change.
        """
        published = []
        for day in context.partition_keys:
            results = lake.get(Address("replay_results", day, candidate.id))
            raw = evidence.get(Address("incident_evidence", day))
            require_rules(lake.find(Address("request_pack", day)), safeguards.rules)
            truth, truth_partition = labels_of(labels, day)
            scores = score_results(
                [ReplayResult.read(one) for one in results.records("replay_results.jsonl")],
                masked_labels(truth, raw, safeguards.rules),
                raw.rows("recorded_repairs"),
                vocabulary=vocabulary,
                baseline=candidate.baseline,
            )
            inputs = _inputs(
                vocabulary,
                replay_results=results,
                incident_evidence=raw,
                incident_labels=truth_partition,
            )
            address = Address("replay_scores", day, candidate.id)
            publication = publication_of("replay_scores", scores, inputs=inputs)
            published.append(lake.publish(address, publication))
        return _graded(published, "replay_scores")

    return replay_scores


def build_incumbent_scores(partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that grades what production did."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        deps=["incident_evidence", "incident_labels"],
        code_version=grading.CODE_VERSION,
    )
    def incumbent_scores(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        vocabulary: AnswerVocabulary,
    ) -> dg.MaterializeResult[None]:
        """One row an incident of the day: what the label says of production's own decision.

        The incumbent is the recorded coordinator and what agents or automation executed; what
        people did by hand is the outcome. What was not recorded is null, never wrong.
        """
        published = []
        for day in context.partition_keys:
            raw = evidence.get(Address("incident_evidence", day))
            truth, truth_partition = labels_of(labels, day)
            scores = score_incumbent(
                raw.rows("incident_evidence"),
                truth,
                raw.rows("recorded_repairs"),
                vocabulary=vocabulary,
            )
            inputs = _inputs(vocabulary, incident_evidence=raw, incident_labels=truth_partition)
            address = Address("incumbent_scores", day)
            publication = publication_of("incumbent_scores", scores, inputs=inputs)
            published.append(lake.publish(address, publication))
        return _graded(published, "incumbent_scores")

    return incumbent_scores


def build_report_asset(catalogue: Catalogue, partitions: Partitions) -> dg.AssetsDefinition:
    """Return the weekly report on every candidate that has a day in the week."""
    scores = [dg.AssetKey(["replay_scores", candidate.id]) for candidate in catalogue]

    @dg.asset(
        partitions_def=partitions.weekly,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"html", "parquet"},
        deps=[partitions.days(key) for key in (*scores, dg.AssetKey("incumbent_scores"))],
        automation_condition=follow_days(),
        code_version=report.CODE_VERSION,
    )
    def evaluation_report(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        vocabulary: AnswerVocabulary,
    ) -> dg.MaterializeResult[None]:
        """A week's verdict on each candidate, against what production did and the baselines.

        Reads whichever candidates' days exist. A day counts only if its scores were made from what
        now exists: evidence, pack, candidate, results, labels; others are listed as stale.
        """
        published = []
        for week in context.partition_keys:
            reader = WeekReader(lake, evidence, labels, vocabulary, week)
            candidates = [reader.candidate(candidate) for candidate in catalogue]
            week_report = build_report(week, reader.incumbent(), candidates, reader.titles)
            address = Address("evaluation_report", week, grain="week")
            published.append(lake.publish(address, week_report.publication()))
        return dg.MaterializeResult(
            metadata=_verdicts(published), data_version=data_version(published)
        )

    return evaluation_report


def _verdicts(published: list[Published]) -> Metadata:
    document = json.loads(published[-1].file("report.json"))
    rows = [
        {"candidate": one["candidate_id"], **one["verdict"], "why": one["verdict"]["reasons"][0]}
        for one in document["candidates"]
        if one["verdict"]
    ]
    handled_right = {
        one["candidate_id"]: round(100 * (one["metrics"]["primary"]["rate"] or 0))
        for one in document["candidates"]
    }
    return {
        **partition_metadata(published),
        "report": dg.MetadataValue.path(published[-1].path_of("report.html")),
        "verdict": preview(rows, ("candidate", "decision", "why")),
        "handled_right": bars(handled_right, "incidents handled right, %"),
    }


def _inputs(vocabulary: Vocabulary, **partitions: Published | None) -> dict[str, str]:
    digests = {name: one.digest for name, one in partitions.items() if one is not None}
    return {**digests, "vocabulary": vocabulary_digest(vocabulary)}


def _graded(published: list[Published], table: str) -> dg.MaterializeResult[None]:
    scores = [ReplayScore.read(row) for row in published[-1].rows(table)]
    marked = {name: sum(score.grade(name).value is True for score in scores) for name in MARKED}
    return dg.MaterializeResult(
        metadata={
            **partition_metadata(published),
            "preview": preview([score.as_json() for score in scores], GRADE_COLUMNS),
            "grades": bars(marked, f"incidents of {len(scores)}"),
        },
        data_version=data_version(published),
    )
