"""A day's scores: one row a result, for a candidate's results or for what production did."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.result import UNGRADED_OUTCOMES, ReplayResult
from replay_assets.contracts.score import INCUMBENT, SCORE_TABLE, SCORE_VERSION, ReplayScore
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import (
    NOTHING_GRADED,
    Grades,
    Proposal,
    TriedActions,
    folded,
    grade,
    grade_broken,
)
from replay_assets.evaluation.recorded import (
    decision_of,
    incumbent_proposal,
    judged_wrong,
    tried_actions,
)
from replay_assets.lake.formats import table_of
from replay_assets.lake.store import Publication

CODE_VERSION = "1"
RESERVED_SHARE = 5
"""One scenario group in this many is kept for evaluation and never exported for training."""

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
    """Grade a candidate's results of one day, in their order."""
    tried = {
        incident: tried_actions(rows, vocabulary) for incident, rows in by_incident(repairs).items()
    }
    return [
        _score(
            incident_id=result.incident_id,
            candidate_id=result.candidate_id,
            baseline=baseline,
            outcome=result.outcome,
            label=labels.get(result.incident_id),
            contract_valid=None
            if result.outcome in UNGRADED_OUTCOMES
            else result.outcome == "answered",
            grades=_grades_of(
                result,
                labels.get(result.incident_id),
                tried.get(result.incident_id, TriedActions()),
                vocabulary,
            ),
            latency_ms=result.latency_ms,
            cost_usd=result.cost_usd,
            repeat=result.repeat,
        )
        for result in results
    ]


def score_incumbent(
    evidence: Rows, labels: Labels, repairs: Rows, *, vocabulary: Vocabulary
) -> list[ReplayScore]:
    """Grade what production decided and did on one day, in the evidence's order.

    Where the recorded session carries its own verdict that the diagnosis was wrong, that counts for
    an incident whose root cause could not be compared otherwise.
    """
    recorded = by_incident(repairs)
    scores = []
    for row in evidence:
        incident = row["incident_id"]
        label = labels.get(incident)
        proposal = incumbent_proposal(row, recorded[incident], vocabulary)
        grades = grade(proposal, label, tried_actions(recorded[incident], vocabulary), vocabulary)
        if grades["root_cause_right"] is None and judged_wrong(row):
            grades["root_cause_right"] = False
        scores.append(
            _score(
                incident_id=incident,
                candidate_id=INCUMBENT,
                baseline=False,
                outcome="recorded" if decision_of(row) else "not_recorded",
                label=label,
                contract_valid=None,
                grades=grades,
                judged_wrong=judged_wrong(row),
            )
        )
    return scores


def publication_of(
    table: str, scores: Sequence[ReplayScore], *, inputs: Mapping[str, str]
) -> Publication:
    """Return a day's scores as a partition."""
    return Publication(
        tables={table: table_of((score.as_json() for score in scores), SCORE_TABLE)},
        inputs=inputs,
        facts={
            "scores": len(scores),
            "grade_status": dict(sorted(Counter(score.grade_status for score in scores).items())),
            "primary_right": sum(score.primary_right is True for score in scores),
            "primary_graded": sum(score.primary_right is not None for score in scores),
        },
        code_version=CODE_VERSION,
    )


def is_reserved(scenario_group: str) -> bool:
    """Tell whether a scenario group is kept for evaluation; the same in every week."""
    digest = hashlib.sha256(scenario_group.encode()).digest()
    return int.from_bytes(digest[:8], "big") % RESERVED_SHARE == 0


def by_incident(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Group rows by incident, keeping their order; an unknown incident has none."""
    grouped: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["incident_id"]].append(row)
    return grouped


def _grades_of(
    result: ReplayResult, label: IncidentLabel | None, tried: TriedActions, vocabulary: Vocabulary
) -> Grades:
    if result.outcome in UNGRADED_OUTCOMES:
        return dict(NOTHING_GRADED)
    if result.outcome != "answered":
        return grade_broken(label)
    return grade(_proposal(result.model_output, vocabulary), label, tried, vocabulary)


def _proposal(answer: Mapping[str, Any], vocabulary: Vocabulary) -> Proposal:
    cause = answer.get("root_cause")
    action_id = answer.get("action_id")
    action = vocabulary.action(action_id) if action_id is not None else None
    return Proposal(
        category=cause["category"] if cause else None,
        components=folded(cause["components"]) if cause else None,
        action_id=action_id,
        risk_level=answer["risk_level"],
        asks_approval=answer["requires_human_approval"],
        mutates=action.mutates if action is not None else None,
    )


def _score(
    *,
    incident_id: str,
    candidate_id: str,
    baseline: bool,
    outcome: str,
    label: IncidentLabel | None,
    contract_valid: bool | None,
    grades: Grades,
    judged_wrong: bool | None = None,
    latency_ms: float | None = None,
    cost_usd: float | None = None,
    repeat: int = 0,
) -> ReplayScore:
    # An incident without a known group stands for itself.
    group = (label.scenario_group if label is not None else None) or incident_id
    not_graded = outcome in (*UNGRADED_OUTCOMES, "not_recorded")
    return ReplayScore(
        schema_version=SCORE_VERSION,
        incident_id=incident_id,
        candidate_id=candidate_id,
        baseline=baseline,
        scenario_group=group,
        reserved_for_evaluation=is_reserved(group),
        outcome=outcome,
        grade_status="not_graded"
        if not_graded
        else ("graded" if label is not None else "unlabelled"),
        contract_valid=contract_valid,
        judged_wrong=judged_wrong,
        latency_ms=latency_ms,
        cost_usd=cost_usd,
        repeat=repeat,
        **grades,
    )
