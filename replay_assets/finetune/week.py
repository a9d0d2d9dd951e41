"""A week's evidence and incumbent scores, from the days on which both fit together."""

from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.addresses import Address
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.lake.labels import ASSET as LABELS
from replay_assets.lake.labels import graded_from_present
from replay_assets.lake.store import Store


@dataclass(frozen=True)
class ExportableWeek:
    """Evidence rows and scores of the usable days; `unusable_days` are missing or stale."""

    evidence: list[dict[str, Any]]
    scores: list[ReplayScore]
    inputs: dict[str, str]
    unusable_days: list[str]


def read_week(
    week: str, *, evidence: Store, labels: Store, lake: Store, vocabulary: Vocabulary
) -> ExportableWeek:
    """Read what the days of a week hold; a day whose scores are stale is left out and named."""
    digest = vocabulary_digest(vocabulary)
    rows: list[dict[str, Any]] = []
    scores: list[ReplayScore] = []
    inputs: dict[str, str] = {}
    unusable: list[str] = []
    for day in days_of_week(week):
        raw = evidence.find(Address("incident_evidence", day))
        graded = lake.find(Address("incumbent_scores", day))
        truth = labels.find(Address(LABELS, day))
        if (
            raw is None
            or graded is None
            or not graded_from_present(graded, raw=raw, truth=truth, vocabulary_digest=digest)
        ):
            unusable.append(day)
            continue
        rows += raw.rows("incident_evidence")
        scores += [ReplayScore.read(row) for row in graded.rows("incumbent_scores")]
        inputs |= {
            f"incident_evidence {day}": raw.digest,
            f"incumbent_scores {day}": graded.digest,
        }
    return ExportableWeek(rows, scores, inputs, unusable)
