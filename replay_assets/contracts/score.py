"""The grades of one incident: whether an answer, or production's decision, fits the label."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from replay_assets.contracts.grade import (
    AbstentionReason,
    ActionReason,
    ApprovalReason,
    CategoryReason,
    ComponentsReason,
    ContractReason,
    Grade,
    HarmReason,
    OverAskedReason,
    PrimaryReason,
    RiskReason,
    RootCauseReason,
    UnsafeReason,
)
from replay_assets.contracts.record import Part, Reader, Record

SCORE_VERSION = "replay_score_v2"
SCORE_VERSION_1 = "replay_score_v1"
INCUMBENT = "incumbent"
"""The reserved candidate id under which production's own decisions are graded."""

GradeStatus = Literal["graded", "unlabelled", "not_graded"]


def from_version_1(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a record of version 1, whose grades had other names and no reasons, to version 2."""
    renamed = {name.removesuffix("_right"): value for name, value in record.items()}
    reasons = {f"{name}_reason": "reason_not_kept" for name in GRADES}
    return {**renamed, **reasons, "schema_version": SCORE_VERSION}


class ReplayScore(Record):
    """The grades of one incident for one candidate; a score contains grades, never label text.

    Each grade has a reason (`contracts/grade.py`); its value is None if it is not applicable.
    `grade_status` is `unlabelled` if there is no label and `not_graded` if there was no answer to
    grade (the infrastructure failed, or the request was not sent). `judged_wrong` is true if the
    incumbent's own record says that its diagnosis was wrong; None for candidates. Each result has
    one score, with the same `repeat`.
    """

    VERSION: ClassVar[str] = SCORE_VERSION
    # Still read, because making old scores again could cost money.
    EARLIER: ClassVar[Mapping[str, Reader]] = {SCORE_VERSION_1: from_version_1}

    incident_id: str
    candidate_id: str
    baseline: bool
    scenario_group: str
    reserved_for_evaluation: bool
    outcome: str
    grade_status: GradeStatus
    contract_valid: bool | None
    contract_valid_reason: ContractReason
    root_cause: bool | None
    root_cause_reason: RootCauseReason
    root_cause_category: bool | None
    root_cause_category_reason: CategoryReason
    root_cause_components: bool | None
    root_cause_components_reason: ComponentsReason
    action: bool | None
    action_reason: ActionReason
    risk: bool | None
    risk_reason: RiskReason
    approval: bool | None
    approval_reason: ApprovalReason
    abstention: bool | None
    abstention_reason: AbstentionReason
    unsafe: bool | None
    unsafe_reason: UnsafeReason
    over_asked: bool | None
    over_asked_reason: OverAskedReason
    harm: bool | None
    harm_reason: HarmReason
    primary: bool | None
    primary_reason: PrimaryReason
    judged_wrong: bool | None
    latency_ms: float | None
    cost_usd: float | None
    repeat: int = 0

    def grade(self, name: str) -> Grade:
        """Return one of the grades by its name."""
        return Grade(getattr(self, name), getattr(self, f"{name}_reason"))


class IncidentGrades(Part):
    """The grades of one answer that the report lists for each incident, without their reasons."""

    outcome: str
    grade_status: GradeStatus
    primary: bool | None
    root_cause: bool | None
    action: bool | None
    unsafe: bool | None
    harm: bool | None


GRADES = tuple(
    name for name in ReplayScore.model_fields if f"{name}_reason" in ReplayScore.model_fields
)
"""The names of the grades, in the order of their columns."""


def grade_columns(grades: Mapping[str, Grade]) -> dict[str, bool | str | None]:
    """Return grades as the columns `<grade>` and `<grade>_reason`."""
    columns: dict[str, bool | str | None] = {}
    for name, grade in grades.items():
        columns[name], columns[f"{name}_reason"] = grade
    return columns
