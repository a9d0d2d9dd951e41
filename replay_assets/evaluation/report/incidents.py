"""The incidents of a week: evidence, answers with their grades, and what was true of each."""

from collections.abc import Mapping, Sequence
from functools import cache

from replay_assets.contracts.evaluation_report import ReportedIncident
from replay_assets.contracts.report_details import ReportedAnswer, ReportedGrade
from replay_assets.contracts.score import IncidentGrades, ReplayScore
from replay_assets.evaluation.grading import GRADERS
from replay_assets.evaluation.report.details import Details
from replay_assets.evaluation.scored_days import CandidateScores, Title

MARKED = tuple(one.name for one in GRADERS if one.mark)
COLUMNS = tuple((one.name, f"{one.name}_reason") for one in GRADERS)


def reported_incidents(
    candidates: Sequence[CandidateScores], titles: Mapping[str, Title], details: Details
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
    grades = {name: getattr(score, name) for name in MARKED}
    return IncidentGrades(outcome=score.outcome, grade_status=score.grade_status, **grades)


def _answer(score: ReplayScore, answer: ReportedAnswer | None) -> ReportedAnswer:
    """Return an answer with its grades; without its text if that was not read."""
    grades = {
        name: _reported(getattr(score, name), getattr(score, reason)) for name, reason in COLUMNS
    }
    answer = answer or ReportedAnswer(outcome=score.outcome)
    return answer.model_copy(update={"grades": grades})


@cache
def _reported(value: bool | None, reason: str) -> ReportedGrade:
    """Return a grade as the report has it; there are few different ones."""
    return ReportedGrade(value=value, reason=reason)
