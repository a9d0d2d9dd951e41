"""A week's report as a record: the figures of each candidate, its verdict, and each incident.

`report.json` is this record; the HTML and Markdown files next to it show the same to people. It
contains grades and sanitized alert names, and never free text of a label.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from replay_assets.contracts.record import Part, Reader, Record
from replay_assets.contracts.review import ReviewProgress
from replay_assets.contracts.score import IncidentGrades

REPORT_VERSION = "evaluation_report_v3"
REPORT_VERSION_2 = "evaluation_report_v2"

NOT_RUN = "no day of the week has results from it"

DayState = Literal["counted", "stale", "missing"]
Decision = Literal["PROMOTE", "HOLD", "INCONCLUSIVE"]
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


class Rate(Part):
    """A proportion with its 95 % Wilson interval; `rate` is None if no incident was applicable."""

    numerator: int
    denominator: int
    not_applicable: int
    rate: float | None
    low: float | None
    high: float | None


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


class ReportedCandidate(Figures):
    """One candidate's week: its figures, its verdict, and the state of each day.

    The figures are those of the week, the verdict is that of the review with all its weeks. The
    incumbent and baselines have neither: candidates are compared with them.
    """

    verdict: Verdict | None
    review: ReviewProgress | None
    days: dict[str, DayState]

    @property
    def uncounted_days(self) -> dict[str, DayState]:
        """The days that are missing or stale."""
        return {day: state for day, state in self.days.items() if state != "counted"}


class ReportedIncident(Part):
    """One incident: its day, its sanitized alert name, and its grades by candidate.

    The grades of a candidate are None if it was not asked, or if its day does not count.
    """

    incident_id: str
    day: str
    alertname: str
    grades: dict[str, IncidentGrades | None]


class EvaluationReport(Record):
    """A week's report. `candidates` lists the incumbent first, then candidates, then baselines.

    `not_replayed` has the candidates of the catalogue without a replayed day in the week, each with
    the reason.
    `unmet_labels` lists values of labels that no answer can give, with the incidents of each.
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


class ReportRow(Part):
    """One metric of one candidate: a row of the table `evaluation_report`."""

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
