"""Reads which incidents of the lake must not be trained on, and what they look like."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from replay_assets.contracts.calendar import monday_of
from replay_assets.contracts.review import ReviewPlan
from replay_assets.contracts.score import ReplayScore
from replay_assets.finetune.duplicates.fingerprints import (
    combined,
    fingerprints_of,
    fingerprints_of_incidents,
)
from replay_assets.finetune.evidence_rows import EvidenceRows
from replay_assets.finetune.reserved import (
    OPEN_REVIEW,
    RESERVED_GROUP,
    Reserved,
    ReservedIncident,
)
from replay_assets.finetune.rows import Row
from replay_assets.lake import Lineage, assets
from replay_assets.sanitizing import RuleSet


class OpenReview(NamedTuple):
    """A review without a decision: it holds the incidents from one week to another, inclusive."""

    candidate_id: str
    first_week: str
    last_week: str

    def holds(self, day: str) -> bool:
        """Return whether the review decides on the incidents of a day."""
        return self.first_week <= monday_of(day) <= self.last_week


def open_reviews(lineage: Lineage, candidates: Iterable[str]) -> list[OpenReview]:
    """Return the reviews of some candidates that hold incidents.

    A historic review is closed when the report of its only look is made, a forward review by the
    report of its last look or of one that decides. The review of a candidate that is no longer in
    the catalogue can't end, so it holds nothing.
    """
    plans = {one: lineage.review_of(one) for one in candidates}
    return [
        OpenReview(one, plan.start, plan.looks[-1])
        for one, plan in sorted(plans.items())
        if plan is not None and plan.looks and not _is_closed(lineage, plan)
    ]


def _is_closed(lineage: Lineage, plan: ReviewPlan) -> bool:
    for look in plan.looks:
        report = lineage.find(assets.EVALUATION_REPORT.at(look))
        if report is None:
            continue
        rows = report.rows(assets.EVALUATION_REPORT.table)
        found = [row for row in rows if row["candidate_id"] == plan.candidate_id]
        # A candidate that was never replayed is in no report; a report on an earlier version of it
        # decides nothing.
        of_version = all(row["candidate_version"] == plan.candidate_version for row in found)
        decided = any(row["verdict"] not in (None, "INCONCLUSIVE") for row in found)
        if of_version and (decided or look == plan.looks[-1]):
            return True
    return False


@dataclass
class ReservedReader:
    """Reads the reserved incidents of days, also of other weeks: copies of them are refused too.

    Attributes:
        lineage: the lake, for one operation.
        days: the days to read.
        rules: the sanitizing rules, so that the texts are masked as those of rows are.
        candidates: the candidates whose reviews may hold incidents.
    """

    lineage: Lineage
    days: Sequence[str]
    rules: RuleSet | None = None
    candidates: Sequence[str] = ()
    _incidents: dict[str, ReservedIncident] = field(default_factory=dict)
    _unanswered: list[tuple[str, str, str, str]] = field(default_factory=list)

    def read(self) -> Reserved:
        """Return the reserved incidents."""
        answered = fingerprints_of(self._rows())
        return Reserved(
            self._incidents, combined([answered, fingerprints_of_incidents(self._unanswered)])
        )

    def _rows(self) -> Iterator[Row]:
        make = EvidenceRows(rules=self.rules)
        for day in self.days:
            # Stale ones too: what was reserved stays so until its day is graded again.
            graded = self.lineage.find(assets.INCUMBENT_SCORES.at(day))
            evidence = self.lineage.find(assets.INCIDENT_EVIDENCE.at(day))
            if graded is None or evidence is None:
                continue
            read = map(ReplayScore.read, graded.rows(assets.INCUMBENT_SCORES.table))
            holding = [one.candidate_id for one in self._reviews if one.holds(day)]
            why = f"{OPEN_REVIEW}: {', '.join(holding)}"
            scores = {
                score.incident_id: (score, RESERVED_GROUP if score.reserved_for_evaluation else why)
                for score in read
                if score.reserved_for_evaluation or holding
            }
            if not scores:
                continue
            for row in evidence.rows(assets.INCIDENT_EVIDENCE.table):
                if (found := scores.get(row["incident_id"])) is not None:
                    yield from self._reserve(make, row, *found)

    @cached_property
    def _reviews(self) -> list[OpenReview]:
        return open_reviews(self.lineage, self.candidates)

    def _reserve(
        self, make: EvidenceRows, row: Mapping[str, Any], score: ReplayScore, why: str
    ) -> Iterator[Row]:
        incident, group = row["incident_id"], score.scenario_group
        self._incidents[incident] = ReservedIncident(incident, group, why)
        looks_like = make.looks_like(row, score)
        if isinstance(looks_like, str):
            self._unanswered.append((incident, group, looks_like, ""))
        else:
            yield looks_like
