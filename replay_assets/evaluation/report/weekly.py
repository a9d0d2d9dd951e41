"""The report of a week, from what the lake has of it."""

from collections.abc import Mapping
from functools import partial

from replay_assets.candidates import Catalogue
from replay_assets.contracts.calendar import days_of_week
from replay_assets.contracts.evaluation_report import EvaluationReport
from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.contracts.report_details import ReportLineage
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation import grading
from replay_assets.evaluation.grading.graders import SELF_HEALING_VERSION
from replay_assets.evaluation.report.agents import agent_comparisons
from replay_assets.evaluation.report.build import CODE_VERSION, Surroundings, build_report
from replay_assets.evaluation.report.details import EVIDENCE_CHARACTERS, read_details
from replay_assets.evaluation.report.recommendations import recommendations_of
from replay_assets.evaluation.report.trend import earlier_weeks
from replay_assets.evaluation.review_days import ReviewDays
from replay_assets.evaluation.scored_days import DayReader, ScoredDays
from replay_assets.lake import Lineage, Store, assets
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.sanitizing import RuleSet


def report_of_week(
    week: str,
    *,
    lake: Store,
    evidence: Store,
    lineage: Lineage,
    catalogue: Catalogue,
    policy: GatePolicy,
    vocabulary: Vocabulary,
    rules: RuleSet,
    not_ready: Mapping[str, str],
) -> EvaluationReport:
    """Return the report of a week.

    Args:
        week: the Monday that names the week.
        lake: has the scores, and keeps the plans of reviews.
        evidence: its days are the history that a historic review covers.
        lineage: decides which days count.
        catalogue: every candidate that is graded, with its agent if it has one.
        policy: what new reviews keep.
        vocabulary: of the answers.
        rules: the sanitizing rules in use.
        not_ready: why runs that name no candidate leave some of them out.
    """
    of_week = days_of_week(week)
    reader = DayReader(lineage, dict.fromkeys(of_week, EVIDENCE_CHARACTERS))
    days = ScoredDays(reader, of_week)
    incumbent = days.incumbent()
    candidates = [days.candidate(candidate) for candidate in catalogue]
    reviews = ReviewDays(lake, evidence, reader, catalogue, policy)
    around = Surroundings(
        unmet_labels=days.unmet_labels(vocabulary),
        standings=reviews.standings(week),
        not_ready=not_ready,
        catalogue=list(catalogue),
        policy=policy,
        details=read_details(days, [incumbent, *candidates], vocabulary, rules),
        earlier=earlier_weeks(lake, week),
        last_promoted=reviews.promoted.id if reviews.promoted else None,
        lineage=_lineage(days, policy, vocabulary),
        recommendations=recommendations_of(
            partial(reviews.unseen, days=reviews.covered(week)), catalogue
        ),
        agents=agent_comparisons(days, candidates, catalogue),
    )
    return build_report(week, incumbent, candidates, days.titles, around)


def _lineage(days: ScoredDays, policy: GatePolicy, vocabulary: Vocabulary) -> ReportLineage:
    packs = {day: days.lineage.find(assets.REQUEST_PACK.at(day)) for day in days.days}
    return ReportLineage(
        packs={day: pack.digest for day, pack in packs.items() if pack is not None},
        policy=policy.digest(),
        vocabulary=vocabulary_digest(vocabulary),
        grading=grading.CODE_VERSION,
        self_healing=SELF_HEALING_VERSION,
        report=CODE_VERSION,
    )
