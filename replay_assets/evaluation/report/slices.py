"""The primary rate in parts of the incidents: by scenario group, service, severity and others."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from replay_assets.contracts.report_details import Dimension, ReportedTruth, Slice
from replay_assets.evaluation.scored_days import CandidateScores, Title
from replay_assets.parsing.language import is_chinese
from replay_assets.statistics.rates import rate_from_counts

ENOUGH = 20
"""Incidents below which a slice shows its interval and says nothing else."""
UNKNOWN = "—"


def slices_of(
    candidates: Sequence[CandidateScores],
    titles: Mapping[str, Title],
    truths: Mapping[str, ReportedTruth],
) -> list[Slice]:
    """Return the slices, the largest of each dimension first.

    Args:
        candidates: the scores of every candidate whose scores are shown.
        titles: what the pack says of each incident.
        truths: what the label says of it.
    """
    groups = {one.incident_id: one.scenario_group for each in candidates for one in each.scores}
    members: dict[tuple[Dimension, str], list[str]] = defaultdict(list)
    for incident, title in titles.items():
        for key in _keys(title, groups.get(incident, UNKNOWN), truths.get(incident)):
            members[key].append(incident)
    primary = {
        one.candidate_id: {score.incident_id: score.primary for score in one.scores}
        for one in candidates
    }
    found = [
        Slice(
            dimension=dimension,
            value=value,
            incidents=len(incidents),
            rates={
                name: rate_from_counts(*_counts(incidents, answers))
                for name, answers in primary.items()
            },
        )
        for (dimension, value), incidents in members.items()
    ]
    order = get_args(Dimension)
    return sorted(found, key=lambda s: (order.index(s.dimension), -s.incidents, s.value))


def _keys(title: Title, group: str, truth: ReportedTruth | None) -> Iterator[tuple[Dimension, str]]:
    yield "scenario_group", group
    yield "service", title.service or UNKNOWN
    yield "severity", title.severity or UNKNOWN
    yield "language", "zh" if is_chinese(title.evidence or title.alertname) else "en"
    yield "evidence_sufficiency", (truth.evidence_sufficiency if truth else None) or UNKNOWN


def _counts(incidents: Sequence[str], answers: Mapping[str, bool | None]) -> tuple[int, int, int]:
    """Return how many incidents are right, graded, and neither."""
    found = [answers.get(one) for one in incidents]
    missing = found.count(None)
    return found.count(True), len(found) - missing, missing
