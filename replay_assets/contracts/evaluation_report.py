"""A week's report as a record: the figures of each candidate, its verdict, and each incident.

`report.json` is this record; the HTML and Markdown files next to it show the same to people. It
contains grades, sanitized evidence and answers, and never free text of a label.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from replay_assets.contracts.agent_comparison import AgentComparison
from replay_assets.contracts.comparison import PairedComparison
from replay_assets.contracts.recommendation import Recommendation
from replay_assets.contracts.record import Part, Reader, Record
from replay_assets.contracts.report_details import (
    Flip,
    LeakCheck,
    Rate,
    ReportedAnswer,
    ReportedTruth,
    ReportLineage,
    Slice,
    TrendPoint,
)
from replay_assets.contracts.review import ReviewProgress
from replay_assets.contracts.score import IncidentGrades

REPORT_VERSION = "evaluation_report_v3"
REPORT_VERSION_2 = "evaluation_report_v2"

NOT_RUN = "no day of the week has results from it"

DayState = Literal["counted", "stale", "missing"]
Decision = Literal["PROMOTE", "HOLD", "INCONCLUSIVE"]
ReportLanguage = Literal["en", "zh-Hant"]
REPORT_LANGUAGES: tuple[ReportLanguage, ...] = ("en", "zh-Hant")
Better = Literal["higher", "lower"]


def from_version_2(record: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a report of version 2: no reviews, no unmet labels, no reasons in `not_replayed`."""
    candidates = [{"review": None, **one} for one in record.get("candidates", ())]
    return {
        **record,
        "candidates": candidates,
        "not_replayed": dict.fromkeys(record["not_replayed"], NOT_RUN),
        "unmet_labels": {},
        "schema_version": REPORT_VERSION,
    }


class Verdict(Part):
    """A decision and its reasons, the most important first."""

    decision: Decision
    reasons: tuple[str, ...]


class Metric(Part):
    """A yes/no question about every incident; `better` says whether a high or a low rate is good.

    `field` is the name of the grade that answers the question, if it is not the metric's name.
    `only_reserved` limits the question to scenario groups that are never exported for training.
    """

    name: str
    title: str
    better: Better
    field: str = ""
    only_reserved: bool = False

    @property
    def grade(self) -> str:
        """The name of the grade that answers the question."""
        return self.field or self.name


class ReportedMetric(Metric):
    """A metric of a week, and whether a constant answer does at least as well as every candidate.

    Such a metric can't show that a candidate understands incidents.
    """

    constant_wins: bool


class Figures(Part):
    """The figures of one candidate; latency and cost are None if they are not known.

    `metrics` has one rate per metric, by name. `costs_known` counts the requests whose cost is
    known.
    """

    candidate_id: str
    baseline: bool
    incidents: int
    groups: int
    outcomes: dict[str, int]
    grade_status: dict[str, int]
    metrics: dict[str, Rate]
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    cost_usd: float | None
    cost_usd_per_incident: float | None
    costs_known: int


class Denominators(Part):
    """How many requests of the week's packs ended in which way; repeats count separately.

    `scheduled` has all requests of the packs, also those of days that are missing or stale, which
    are `not_counted`. Broken, refused, truncated, rejected and missing answers (`iteration_limit`)
    count as wrong; failures of infrastructure, requests that the gate blocked and those not sent
    count neither way.
    `unlabelled` and `label_unusable` are answers that can't be graded: the incident has no label,
    or no answer could meet it.
    """

    scheduled: int
    not_counted: int
    answered: int
    contract_broken: int
    refused: int
    truncated: int
    iteration_limit: int = 0
    rejected: int
    infrastructure_failed: int
    refused_by_gate: int
    not_sent: int
    unlabelled: int
    label_unusable: int


class ReportedCandidate(Figures):
    """One candidate's week: its figures, its verdict, and the state of each day.

    The figures are those of the week, the verdict is that of the review with all its weeks. The
    incumbent and baselines have neither: candidates are compared with them.

    Attributes:
        version: digest of its model, endpoint, prompt and sampling; None for the incumbent.
        prompt_variant: how it is asked, such as `no_evidence`; None for the incumbent.
        denominators: how its requests ended.
        withheld: why no score is shown; None if it is.
        if_failed_wrong: the primary rate if all failed answers were wrong; None if none failed.
        if_failed_right: the same if all of them were right.
        repeats: answers per incident.
        every_repeat: incidents of which every repeat is right on the primary grade (pass^k); None
            with one answer per incident.
        paired: the differences in the review, as far as it is.
        prices: US dollars per million tokens at the end of the week; None if unpriced.
    """

    verdict: Verdict | None
    review: ReviewProgress | None
    days: dict[str, DayState]
    version: str | None = None
    prompt_variant: str | None = None
    denominators: Denominators | None = None
    withheld: str | None = None
    if_failed_wrong: float | None = None
    if_failed_right: float | None = None
    repeats: int = 1
    every_repeat: Rate | None = None
    paired: tuple[PairedComparison, ...] = ()
    prices: dict[str, float] | None = None

    @property
    def uncounted_days(self) -> dict[str, DayState]:
        """The days that are missing or stale."""
        return {day: state for day, state in self.days.items() if state != "counted"}


class ReportedIncident(Part):
    """One incident: its day, sanitized alert and evidence, and its grades by candidate.

    The grades of a candidate are None if it was not asked, or if its day does not count.
    `evidence` is cut; it has `evidence_characters` in the pack. `truth` is None without a label.
    """

    incident_id: str
    day: str
    alertname: str
    grades: dict[str, IncidentGrades | None]
    severity: str | None = None
    service: str | None = None
    evidence: str = ""
    evidence_characters: int = 0
    truth: ReportedTruth | None = None
    answers: dict[str, ReportedAnswer] = Field(default_factory=dict)


class EvaluationReport(Record):
    """A week's report. `candidates` lists the incumbent first, then candidates, then baselines.

    `not_replayed` has the candidates of the catalogue without a replayed day in the week, each with
    the reason.
    `unmet_labels` lists values of labels that no answer can give, with the incidents of each.
    `flips` has all regressions of a candidate before its improvements. `trend` has earlier weeks
    first, and this one last. `recommendations` has the order of members for each route of which a
    member has results in the days of the reviews, and `recommendation_rule` the rule of these.
    `agents` has the candidates that also investigate, next to their single answers.
    """

    VERSION: ClassVar[str] = REPORT_VERSION
    EARLIER: ClassVar[Mapping[str, Reader]] = {REPORT_VERSION_2: from_version_2}

    week: str
    last_day: str
    candidates: list[ReportedCandidate]
    metrics: list[ReportedMetric]
    not_replayed: dict[str, str]
    unmet_labels: dict[str, list[str]]
    incidents: list[ReportedIncident]
    slices: tuple[Slice, ...] = ()
    flips: tuple[Flip, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    leaks: tuple[LeakCheck, ...] = ()
    last_promoted: str | None = None
    lineage: ReportLineage = ReportLineage()
    recommendations: tuple[Recommendation, ...] = ()
    recommendation_rule: str = ""
    agents: tuple[AgentComparison, ...] = ()


class ReportRow(Part):
    """One metric of one candidate: a row of the table `evaluation_report`.

    The last six columns are those of the candidate's week: the trend of later reports reads them.
    """

    candidate_id: str
    baseline: bool
    verdict: Decision | None
    metric: str
    better: Better
    numerator: int
    denominator: int
    not_applicable: int
    rate: float | None
    low: float | None
    high: float | None
    constant_wins: bool
    p95_latency_ms: float | None
    cost_usd_per_incident: float | None
    grader: str | None
    policy: str | None
    prices: str | None
    candidate_version: str | None
