"""A day's scores: one row per result of a candidate, or per incident for what production did."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.evidence import decision_of
from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.result import UNGRADED_OUTCOMES, ReplayResult
from replay_assets.contracts.score import (
    INCUMBENT,
    SCORE_VERSION,
    GradeStatus,
    ReplayScore,
    grade_columns,
)
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading.case import Case
from replay_assets.evaluation.grading.graders import grades_of, self_healing_score
from replay_assets.evaluation.grading.proposal import Proposal, read_proposal
from replay_assets.evaluation.grading.recorded import (
    TriedActions,
    incumbent_proposal,
    judged_wrong,
    tried_actions,
)
from replay_assets.evaluation.grading.root_cause import component_shares, keywords_named
from replay_assets.lake import Address, Publication
from replay_assets.lake.formats import arrow_table

CODE_VERSION = "5"
RESERVED_SHARE = 5
"""One of this many scenario groups is reserved for evaluation and never exported for training: a
model that was trained on the other groups can still be graded on incidents that are new to it."""

Labels = Mapping[str, IncidentLabel]
Rows = Iterable[Mapping[str, Any]]


def score_results(
    results: Sequence[ReplayResult],
    labels: Labels,
    repairs: Rows,
    *,
    vocabulary: Vocabulary,
    baseline: bool,
) -> list[ReplayScore]:
    """Return the scores of a candidate's results of one day, in their order."""
    tried = {
        incident: tried_actions(rows, vocabulary) for incident, rows in by_incident(repairs).items()
    }
    return [
        _score(
            Case(
                outcome=result.outcome,
                proposal=read_proposal(result.model_output, vocabulary)
                if result.outcome == "answered"
                else Proposal(),
                label=labels.get(result.incident_id),
                tried=tried.get(result.incident_id, TriedActions()),
                vocabulary=vocabulary,
            ),
            incident_id=result.incident_id,
            candidate_id=result.candidate_id,
            baseline=baseline,
            latency_ms=result.latency_ms,
            cost_usd=result.cost_usd,
            repeat=result.repeat,
        )
        for result in results
    ]


def score_incumbent(
    evidence: Rows, labels: Labels, repairs: Rows, *, vocabulary: Vocabulary
) -> list[ReplayScore]:
    """Return the scores of what production decided and did on one day, in the evidence's order.

    If a root cause can't be compared with the label, but the recorded session itself says that its
    diagnosis was wrong, it is graded as wrong.
    """
    recorded = by_incident(repairs)
    scores = []
    for row in evidence:
        incident = row["incident_id"]
        proposal = incumbent_proposal(row, recorded[incident], vocabulary)
        # Automation that repaired without a decision did something too.
        is_recorded = decision_of(row) or proposal.action_id is not None
        case = Case(
            outcome="recorded" if is_recorded else "not_recorded",
            proposal=proposal,
            label=labels.get(incident),
            tried=tried_actions(recorded[incident], vocabulary),
            vocabulary=vocabulary,
            judged_wrong=judged_wrong(row),
        )
        scores.append(
            _score(
                case,
                incident_id=incident,
                candidate_id=INCUMBENT,
                baseline=False,
                judged_wrong=case.judged_wrong,
                false_repair=case.label.false_repair if case.label is not None else None,
            )
        )
    return scores


def scores_publication(
    scores: Sequence[ReplayScore], address: Address, *, inputs: Mapping[str, str]
) -> Publication:
    """Return a day's scores as a partition."""
    return Publication(
        tables={
            address.asset: arrow_table(
                (score.as_json() for score in scores), arrow_schema(ReplayScore)
            )
        },
        inputs=inputs,
        facts={
            "scores": len(scores),
            "grade_status": dict(sorted(Counter(score.grade_status for score in scores).items())),
            "primary_right": sum(score.primary is True for score in scores),
            "primary_graded": sum(score.primary is not None for score in scores),
        },
        code_version=CODE_VERSION,
    )


def is_reserved(scenario_group: str) -> bool:
    """Return whether a scenario group is reserved for evaluation; the same in every week."""
    # Not hash(), which gives another number in each process.
    digest = hashlib.sha256(scenario_group.encode()).digest()
    return int.from_bytes(digest[:8], "big") % RESERVED_SHARE == 0


def by_incident(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Return rows by incident, in their order; an incident without rows has an empty list."""
    grouped: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["incident_id"]].append(row)
    return grouped


def _score(
    case: Case,
    *,
    incident_id: str,
    candidate_id: str,
    baseline: bool,
    judged_wrong: bool | None = None,
    false_repair: bool | None = None,
    latency_ms: float | None = None,
    cost_usd: float | None = None,
    repeat: int = 0,
) -> ReplayScore:
    grades = grades_of(case)
    precision, recall = component_shares(case)
    # Without a known group, an incident forms its own group, so that it is counted.
    group = ((case.label and case.label.scenario_group) or "").strip() or incident_id
    return ReplayScore(
        schema_version=SCORE_VERSION,
        incident_id=incident_id,
        candidate_id=candidate_id,
        baseline=baseline,
        scenario_group=group,
        reserved_for_evaluation=is_reserved(group),
        outcome=case.outcome,
        grade_status=_status_of(case),
        judged_wrong=judged_wrong,
        false_repair=false_repair,
        component_precision=precision,
        component_recall=recall,
        keywords_named=keywords_named(case),
        self_healing_score=self_healing_score(grades),
        latency_ms=latency_ms,
        cost_usd=cost_usd,
        repeat=repeat,
        **grade_columns(grades),
    )


def _status_of(case: Case) -> GradeStatus:
    if case.outcome in (*UNGRADED_OUTCOMES, "not_recorded"):
        return "not_graded"
    return "graded" if case.label is not None else "unlabelled"
