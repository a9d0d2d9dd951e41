"""What a report shows of single incidents, of parts of them, and of earlier weeks."""

from typing import Literal

from pydantic import Field

from replay_assets.contracts.record import Part

LeakState = Literal["leaks", "fine", "unknown"]
Dimension = Literal["scenario_group", "service", "severity", "language", "evidence_sufficiency"]


class Rate(Part):
    """A proportion with its 95 % Wilson interval; `rate` is None if no incident was applicable."""

    numerator: int
    denominator: int
    not_applicable: int
    rate: float | None
    low: float | None
    high: float | None


class ReportedGrade(Part):
    """A grade and the code of its reason."""

    value: bool | None
    reason: str


class ReportedAnswer(Part):
    """What was answered to an incident, and how it was graded; long texts are cut.

    Of the incumbent's decision there are only words of the vocabulary, and components with the
    placeholders of the incident's pack: its text is raw evidence.
    """

    outcome: str
    error: str | None = None
    category: str | None = None
    components: tuple[str, ...] = ()
    statement: str | None = None
    action: str | None = None
    proposed_action: str | None = None
    plan: tuple[str, ...] = ()
    risk_level: str | None = None
    asks_approval: bool | None = None
    grades: dict[str, ReportedGrade] = Field(default_factory=dict)


class ReportedTruth(Part):
    """Of an incident's label, the fields with a closed vocabulary, and its components.

    Components have the placeholders of the incident's pack. Free text stays under the labels root.
    """

    category: str | None
    components: tuple[str, ...]
    actions: tuple[str, ...]
    risk_level: str | None
    needs_approval: bool | None
    repair_expected: bool | None
    evidence_sufficiency: str | None


class Slice(Part):
    """The primary rate of each candidate in the incidents that have one value of a dimension."""

    dimension: Dimension
    value: str
    incidents: int
    rates: dict[str, Rate]


class Flip(Part):
    """An incident that a candidate and the other side handled differently."""

    candidate_id: str
    against: str
    kind: Literal["regression", "improvement"]
    incident_id: str


class TrendPoint(Part):
    """One candidate in one week: its figures, and what they depend on.

    `grader`, `policy`, `prices` and `version` differ between weeks if something other than the
    answers changed; each is None if that week's report does not say it.
    """

    week: str
    candidate_id: str
    rate: float | None
    low: float | None
    high: float | None
    harm: int
    harm_of: int
    p95_latency_ms: float | None
    cost_usd_per_incident: float | None
    grader: str | None
    policy: str | None
    prices: str | None
    version: str | None


class LeakCheck(Part):
    """A model that is asked without evidence, next to a constant answer.

    It should do no better than `bound`, the constant answer's rate and ten points; if it does,
    labels leak into prompts, or the metric does not need evidence.
    """

    candidate_id: str
    state: LeakState
    incidents: int
    rate: float | None
    constant_rate: float | None
    bound: float | None


class ReportLineage(Part):
    """What a report was made from: digests of packs by day, of the policy, and versions of code."""

    packs: dict[str, str] = Field(default_factory=dict)
    policy: str | None = None
    vocabulary: str | None = None
    grading: str | None = None
    self_healing: str | None = None
    report: str | None = None
