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
    DryRunReason,
    Grade,
    HarmReason,
    OverAskedReason,
    OverNamedReason,
    PrimaryReason,
    RepairReason,
    RiskReason,
    RootCauseReason,
    UnsafeReason,
)
from replay_assets.contracts.record import Part, Reader, Record

SCORE_VERSION = "replay_score_v3"
SCORE_VERSION_1 = "replay_score_v1"
SCORE_VERSION_2 = "replay_score_v2"
INCUMBENT = "incumbent"
"""The reserved candidate id under which production's own decisions are graded."""
AGENT_SUFFIX = "-agent"
"""The reserved ending of a candidate's id as an agent: it is graded as another candidate."""

GradeStatus = Literal["graded", "unlabelled", "not_graded"]


def from_version_1(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a record of version 1, whose grades had other names and no reasons, to version 2."""
    renamed = {name.removesuffix("_right"): value for name, value in record.items()}
    reasons = {f"{name}_reason": "reason_not_kept" for name in GRADES}
    return from_version_2({**renamed, **reasons})


def from_version_2(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a record of version 2, which had fewer grades and no shares, to version 3."""
    added = dict.fromkeys(ADDED_IN_VERSION_3)
    reasons = {f"{name}_reason": "reason_not_kept" for name in GRADES if name in added}
    return {**added, **reasons, **record, "schema_version": SCORE_VERSION}


class ReplayScore(Record):
    """The grades of one incident for one candidate; a score contains grades, never label text.

    Each grade has a reason (`contracts/grade.py`); its value is None if it is not applicable.
    `grade_status` is `unlabelled` if there is no label and `not_graded` if there was no answer to
    grade (the infrastructure failed, or the request was not sent). Each result has one score, with
    the same `repeat`.

    `judged_wrong` is true if the incumbent's own record says that its diagnosis was wrong, and
    `false_repair` if a repair is recorded that did not fix the incident or made it worse; both are
    None for candidates. `component_precision` and `component_recall` are the shares of named
    components that are at fault, and of those at fault that are named. `keywords_named` is the
    share of the label's key words in the statement, for information only. `self_healing_score` is a
    weighted share of what is right (`grading/graders.py`).
    """

    VERSION: ClassVar[str] = SCORE_VERSION
    # Still read, because making old scores again could cost money.
    EARLIER: ClassVar[Mapping[str, Reader]] = {
        SCORE_VERSION_1: from_version_1,
        SCORE_VERSION_2: from_version_2,
    }

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
    over_named: bool | None
    over_named_reason: OverNamedReason
    action: bool | None
    action_reason: ActionReason
    repair_success: bool | None
    repair_success_reason: RepairReason
    tool_dry_run_pass: bool | None
    tool_dry_run_pass_reason: DryRunReason
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
    false_repair: bool | None
    component_precision: float | None
    component_recall: float | None
    keywords_named: float | None
    self_healing_score: float | None
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
ADDED_IN_VERSION_3 = (
    "over_named",
    "repair_success",
    "tool_dry_run_pass",
    "false_repair",
    "component_precision",
    "component_recall",
    "keywords_named",
    "self_healing_score",
)


def grade_columns(grades: Mapping[str, Grade]) -> dict[str, bool | str | None]:
    """Return grades as the columns `<grade>` and `<grade>_reason`."""
    columns: dict[str, bool | str | None] = {}
    for name, grade in grades.items():
        columns[name], columns[f"{name}_reason"] = grade
    return columns
