"""A week's evidence and incumbent scores, from the days on which both are current."""

from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.score import ReplayScore
from replay_assets.lake import Lineage, assets


@dataclass(frozen=True)
class ExportableWeek:
    """Evidence rows and scores of the usable days; `unusable_days` are missing or stale."""

    evidence: list[dict[str, Any]]
    scores: list[ReplayScore]
    inputs: dict[str, str]
    unusable_days: list[str]


def read_week(week: str, lineage: Lineage) -> ExportableWeek:
    """Read the days of a week; a day without current scores is excluded and named."""
    export = assets.SFT_EXPORT.at(week)
    usable = lineage.usable_days(export)
    rows: list[dict[str, Any]] = []
    scores: list[ReplayScore] = []
    for day in usable:
        rows += lineage.get(assets.INCIDENT_EVIDENCE.at(day)).rows(assets.INCIDENT_EVIDENCE.table)
        graded = lineage.get(assets.INCUMBENT_SCORES.at(day)).rows(assets.INCUMBENT_SCORES.table)
        scores += [ReplayScore.read(row) for row in graded]
    unusable = [day for day in days_of_week(week) if day not in usable]
    return ExportableWeek(rows, scores, lineage.inputs(export), unusable)
