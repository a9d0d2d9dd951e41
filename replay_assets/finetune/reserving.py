"""Reads which incidents of the lake must not be trained on, and what they look like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from replay_assets.contracts.score import ReplayScore
from replay_assets.finetune.duplicates.fingerprints import (
    combined,
    fingerprints_of,
    fingerprints_of_incidents,
)
from replay_assets.finetune.evidence_rows import EvidenceRows
from replay_assets.finetune.reserved import RESERVED_GROUP, Reserved, ReservedIncident
from replay_assets.finetune.rows import Row
from replay_assets.lake import Lineage, assets
from replay_assets.sanitizing import RuleSet


@dataclass
class ReservedReader:
    """Reads the reserved incidents of days, also of other weeks: copies of them are refused too.

    Attributes:
        lineage: the lake, for one operation.
        days: the days to read; one whose scores are not current is left out.
        rules: the sanitizing rules, so that the texts are masked as those of rows are.
    """

    lineage: Lineage
    days: Sequence[str]
    rules: RuleSet | None = None
    _incidents: dict[str, ReservedIncident] = field(default_factory=dict)
    _unanswered: list[tuple[str, str, str]] = field(default_factory=list)

    def read(self) -> Reserved:
        """Return the reserved incidents."""
        answered = fingerprints_of(self._rows())
        return Reserved(
            self._incidents, combined([answered, fingerprints_of_incidents(self._unanswered)])
        )

    def _rows(self) -> Iterator[Row]:
        make = EvidenceRows(rules=self.rules)
        for day in self.lineage.usable(assets.SFT_EXPORT, self.days):
            scores = {
                score.incident_id: score
                for score in map(
                    ReplayScore.read,
                    self.lineage.get(assets.INCUMBENT_SCORES.at(day)).rows(
                        assets.INCUMBENT_SCORES.table
                    ),
                )
                if score.reserved_for_evaluation
            }
            if not scores:
                continue
            evidence = self.lineage.get(assets.INCIDENT_EVIDENCE.at(day))
            for row in evidence.rows(assets.INCIDENT_EVIDENCE.table):
                if (score := scores.get(row["incident_id"])) is not None:
                    yield from self._reserve(make, row, score)

    def _reserve(
        self, make: EvidenceRows, row: Mapping[str, Any], score: ReplayScore
    ) -> Iterator[Row]:
        incident, group = row["incident_id"], score.scenario_group
        self._incidents[incident] = ReservedIncident(incident, group, RESERVED_GROUP)
        looks_like = make.looks_like(row, score)
        if isinstance(looks_like, str):
            self._unanswered.append((incident, group, looks_like))
        else:
            yield looks_like
