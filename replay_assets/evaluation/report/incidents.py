"""The incidents of a week: evidence, answers with their grades, and what was true of each."""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from replay_assets.contracts.evaluation_report import ReportedIncident
from replay_assets.contracts.report_details import ReportedAnswer, ReportedGrade
from replay_assets.contracts.score import GradeStatus, IncidentGrades, ReplayScore
from replay_assets.evaluation.grading import GRADERS
from replay_assets.evaluation.report.details import AnswerDetails
from replay_assets.evaluation.scored_days import CandidateScores, Title

MARKED = tuple(one.name for one in GRADERS if one.mark)
Columns = tuple[Any, ...]
"""The values and reasons of all grades of a score, in turn."""
_marked_of = attrgetter(*MARKED)
_columns_of = attrgetter(*(name for one in GRADERS for name in (one.name, f"{one.name}_reason")))


def reported_incidents(
    candidates: Sequence[CandidateScores], titles: Mapping[str, Title], details: AnswerDetails
) -> list[ReportedIncident]:
    """Return one entry per incident, in the order of titles."""
    scores = {
        (one.candidate_id, score.incident_id): score for one in candidates for score in one.scores
    }
    names = [one.candidate_id for one in candidates]
    return [
        ReportedIncident(
            incident_id=incident,
            day=title.day,
            alertname=title.alertname,
            severity=title.severity,
            service=title.service,
            evidence=title.evidence,
            evidence_characters=title.characters,
            truth=details.truths.get(incident),
            grades={name: _grades(scores.get((name, incident))) for name in names},
            answers={
                name: _answer(score, details.answers.get((name, incident)))
                for name in names
                if (score := scores.get((name, incident))) is not None
            },
        )
        for incident, title in titles.items()
    ]


def _grades(score: ReplayScore | None) -> IncidentGrades | None:
    if score is None:
        return None
    return _incident_grades(score.outcome, score.grade_status, *_marked_of(score))


@cache
def _incident_grades(outcome: str, status: GradeStatus, *marked: bool | None) -> IncidentGrades:
    """Return the grades of an incident; there are few different ones."""
    grades = dict(zip(MARKED, marked, strict=True))
    return IncidentGrades(outcome=outcome, grade_status=status, **grades)


def _answer(score: ReplayScore, answer: ReportedAnswer | None) -> ReportedAnswer:
    """Return an answer with its grades; without its text if that was not read."""
    if answer is None:
        return _answer_without_text(score.outcome, _columns_of(score))
    return answer.model_copy(update={"grades": _reported(_columns_of(score))})


@cache
def _answer_without_text(outcome: str, columns: Columns) -> ReportedAnswer:
    return ReportedAnswer(outcome=outcome, grades=_reported(columns))


@cache
def _reported(columns: Columns) -> dict[str, ReportedGrade]:
    """Return grades as the report has them; there are few different ones."""
    return {
        one.name: ReportedGrade(value=value, reason=reason)
        for one, value, reason in zip(GRADERS, columns[::2], columns[1::2], strict=True)
    }
