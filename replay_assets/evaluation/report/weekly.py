"""The report of a week, from what the lake has of it."""

from collections.abc import Mapping

from replay_assets.candidates import Catalogue
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.report.build import build_report
from replay_assets.evaluation.review_days import ReviewDays
from replay_assets.evaluation.scored_days import ScoredDays
from replay_assets.lake import Lineage, Store


def report_of_week(
    week: str,
    *,
    lake: Store,
    evidence: Store,
    lineage: Lineage,
    catalogue: Catalogue,
    policy: GatePolicy,
    vocabulary: Vocabulary,
    not_ready: Mapping[str, str],
) -> EvaluationReport:
    """Return the report of a week.

    Args:
        week: the Monday that names the week.
        lake: has the scores, and keeps the plans of reviews.
        evidence: its days are the history that a historic review covers.
        lineage: decides which days count.
        catalogue: every candidate.
        policy: what new reviews keep.
        vocabulary: of the answers.
        not_ready: why runs that name no candidate leave some of them out.
    """
    days = ScoredDays(lineage, days_of_week(week))
    return build_report(
        week,
        days.incumbent(),
        [days.candidate(candidate) for candidate in catalogue],
        days.titles,
        unmet_labels=days.unmet_labels(vocabulary),
        standings=ReviewDays(lake, evidence, lineage, catalogue, policy).standings(week),
        not_ready=not_ready,
        catalogue=catalogue,
        policy=policy,
    )
