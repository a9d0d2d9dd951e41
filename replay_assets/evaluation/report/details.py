"""Reads what the report shows of single incidents: answers, and the closed part of labels."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from replay_assets.contracts.answer import RISK_LEVELS
from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.report_details import ReportedAnswer, ReportedTruth
from replay_assets.contracts.score import INCUMBENT
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading.recorded import incumbent_proposal
from replay_assets.evaluation.grading.scoring import by_incident
from replay_assets.evaluation.masked_decisions import components_under_the_map
from replay_assets.evaluation.scored_days import CandidateScores, ScoredDays
from replay_assets.lake import Lineage, assets
from replay_assets.lake.labels import labels_of
from replay_assets.sanitizing import RuleSet, sanitize_text

EVIDENCE_CHARACTERS = 4000
TEXT_CHARACTERS = 400
NAME_CHARACTERS = 100
MOST_STEPS = 12
MOST_NAMES = 8
"""Limits of what is shown of one incident: a page of 500 must open in a browser."""
SUFFICIENCY = ("sufficient", "partial", "insufficient")
"""The known values of the label's field; a source may have others, which are free text."""
NOT_SHOWN = "…"
"""In place of a component that is not in the evidence and that sanitizing would mask."""


@dataclass(frozen=True)
class AnswerDetails:
    """The answers to incidents by candidate and incident, and what was true of them."""

    answers: Mapping[tuple[str, str], ReportedAnswer] = field(default_factory=dict)
    truths: Mapping[str, ReportedTruth] = field(default_factory=dict)


def read_details(
    days: ScoredDays, candidates: list[CandidateScores], vocabulary: Vocabulary, rules: RuleSet
) -> AnswerDetails:
    """Return the details of the incidents of some days.

    Args:
        days: the days, with the title of each incident.
        candidates: the scores of every candidate; only days that count are read.
        vocabulary: the closed vocabulary of labels and answers.
        rules: the sanitizing rules in use, for names in the decisions of production.
    """
    answers = {
        (one.candidate_id, incident): answer
        for one in candidates
        for incident, answer in _answers(days, one, vocabulary, rules)
    }
    return AnswerDetails(answers, dict(_truths(days, vocabulary)))


def _answers(
    days: ScoredDays, one: CandidateScores, vocabulary: Vocabulary, rules: RuleSet
) -> Iterator[tuple[str, ReportedAnswer]]:
    for day in (day for day, state in one.days.items() if state == "counted"):
        if one.candidate_id == INCUMBENT:
            found = _recorded(days.lineage, day, vocabulary, rules)
        else:
            results = days.lineage.get(assets.REPLAY_RESULTS.at(day, one.candidate_id))
            found = {
                row["incident_id"]: _answered(row, vocabulary)
                for row in results.records(assets.RESULTS_FILE)
                if row.get("repeat", 0) == 0
            }
        for incident, answer in found.items():
            if days.is_listed(incident, day):
                yield incident, answer


def _answered(result: Mapping[str, Any], vocabulary: Vocabulary) -> ReportedAnswer:
    output, outcome = result["model_output"], result["outcome"]
    if outcome != "answered":
        return ReportedAnswer(outcome=outcome, error=_cut(result.get("error")))
    cause = output.get("root_cause")
    cause = cause if isinstance(cause, dict) else {}
    plan = output.get("action_plan")
    asks = output.get("requires_human_approval")
    return ReportedAnswer(
        outcome=outcome,
        category=_cut(cause.get("category"), NAME_CHARACTERS),
        components=_names(cause.get("components")),
        statement=_cut(cause.get("statement")),
        action=_cut(output.get("action_id"), NAME_CHARACTERS),
        proposed_action=_cut(output.get("proposed_action")),
        plan=tuple(str(_cut(step)) for step in plan[:MOST_STEPS]) if isinstance(plan, list) else (),
        risk_level=_cut(output.get("risk_level"), NAME_CHARACTERS),
        asks_approval=asks if isinstance(asks, bool) else None,
    )


def _recorded(
    lineage: Lineage, day: str, vocabulary: Vocabulary, rules: RuleSet
) -> dict[str, ReportedAnswer]:
    """Return the decisions that production recorded.

    Of each, there are words of the vocabulary, and components with the pack's placeholders.
    """
    raw = lineage.get(assets.INCIDENT_EVIDENCE.at(day))
    rows = raw.rows(assets.INCIDENT_EVIDENCE.table)
    repairs = by_incident(raw.rows(assets.RECORDED_REPAIRS))
    components = components_under_the_map(rows, lineage, day, rules)
    found = {}
    for row in rows:
        one = incumbent_proposal(row, repairs[row["incident_id"]], vocabulary)
        found[row["incident_id"]] = ReportedAnswer(
            outcome="recorded" if one.action_text or one.category else "not_recorded",
            category=one.category,
            components=_public(components.get(row["incident_id"], ())),
            action=one.action_id,
            risk_level=one.risk_level if one.risk_level in RISK_LEVELS else None,
            asks_approval=one.asks_approval,
        )
    return found


def _truths(days: ScoredDays, vocabulary: Vocabulary) -> Iterator[tuple[str, ReportedTruth]]:
    for day in days.days:
        address = assets.MASKED_LABELS.at(day)
        # Labels that this machine may not read, or that changed, are not shown.
        if not days.lineage.state(address).is_current:
            continue
        for incident, label in labels_of(days.lineage.find(address)).items():
            if days.is_listed(incident, day):
                yield incident, truth_of(label, vocabulary)


def truth_of(label: IncidentLabel, vocabulary: Vocabulary) -> ReportedTruth:
    """Return the part of a masked label that a report may show."""
    sufficiency = (label.evidence_sufficiency or "").strip().lower()
    return ReportedTruth(
        category=vocabulary.category_named(label.root_cause_category),
        components=_public(sorted(label.components(vocabulary) or ())),
        actions=tuple(sorted(label.accepted_actions(vocabulary))),
        risk_level=label.risk_level if label.risk_level in RISK_LEVELS else None,
        needs_approval=label.requires_human_approval,
        repair_expected=label.repair_expected,
        evidence_sufficiency=sufficiency if sufficiency in SUFFICIENCY else None,
    )


def _public(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of components as the report may show them.

    A value that is not in the evidence, such as an address, has no placeholder: it is not shown.
    """
    return _names([one if sanitize_text(one) == one else NOT_SHOWN for one in names])


def _names(values: object) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else []
    return tuple(str(one)[:NAME_CHARACTERS] for one in listed[:MOST_NAMES])


def _cut(value: object, characters: int = TEXT_CHARACTERS) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= characters else text[: characters - 1] + "…"
