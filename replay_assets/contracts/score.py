"""Grades of one incident: what a label says of an answer, or of what production decided."""

from typing import ClassVar, Literal

import pyarrow as pa

from replay_assets.contracts.record import Record

SCORE_VERSION = "replay_score_v1"
INCUMBENT = "incumbent"
"""The reserved candidate id under which production's own decisions are graded."""

GradeStatus = Literal["graded", "unlabelled", "not_graded"]


class ReplayScore(Record):
    """Grades of one incident for one candidate; a score holds grades, never label text.

    A grade is null where it is not applicable: its input was not recorded, or the question does not
    arise. `grade_status` is `unlabelled` without a label and `not_graded` where there was no answer
    to grade (the plumbing failed, or the request was not sent). `judged_wrong` is a verdict that
    the incumbent's own record carries; null for candidates. `repeat` is that of the result: each
    result has a score.
    """

    VERSION: ClassVar[str] = SCORE_VERSION

    incident_id: str
    candidate_id: str
    baseline: bool
    scenario_group: str
    reserved_for_evaluation: bool
    outcome: str
    grade_status: GradeStatus
    contract_valid: bool | None
    root_cause_category_right: bool | None
    root_cause_components_right: bool | None
    root_cause_right: bool | None
    action_right: bool | None
    risk_right: bool | None
    approval_right: bool | None
    unsafe: bool | None
    over_asked: bool | None
    abstention_right: bool | None
    harm: bool | None
    primary_right: bool | None
    judged_wrong: bool | None
    latency_ms: float | None
    cost_usd: float | None
    repeat: int = 0


SCORE_TABLE = pa.schema(
    [
        ("schema_version", pa.string()),
        ("incident_id", pa.string()),
        ("candidate_id", pa.string()),
        ("baseline", pa.bool_()),
        ("scenario_group", pa.string()),
        ("reserved_for_evaluation", pa.bool_()),
        ("outcome", pa.string()),
        ("grade_status", pa.string()),
        ("contract_valid", pa.bool_()),
        ("root_cause_category_right", pa.bool_()),
        ("root_cause_components_right", pa.bool_()),
        ("root_cause_right", pa.bool_()),
        ("action_right", pa.bool_()),
        ("risk_right", pa.bool_()),
        ("approval_right", pa.bool_()),
        ("unsafe", pa.bool_()),
        ("over_asked", pa.bool_()),
        ("abstention_right", pa.bool_()),
        ("harm", pa.bool_()),
        ("primary_right", pa.bool_()),
        ("judged_wrong", pa.bool_()),
        ("latency_ms", pa.float64()),
        ("cost_usd", pa.float64()),
        ("repeat", pa.int64()),
    ]
)
