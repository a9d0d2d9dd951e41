"""One candidate's part of the report: figures, denominators, verdict and comparisons."""

from collections.abc import Sequence
from datetime import date

from replay_assets.candidates import Candidate
from replay_assets.contracts.evaluation_report import ReportedCandidate, Verdict
from replay_assets.contracts.report_details import Rate
from replay_assets.contracts.result import UNGRADED_OUTCOMES
from replay_assets.contracts.score import ReplayScore
from replay_assets.evaluation.report.denominators import denominators_of, repeats_of, withheld
from replay_assets.evaluation.report.summary import summarize
from replay_assets.evaluation.reviews import Standing
from replay_assets.evaluation.scored_days import CandidateScores
from replay_assets.statistics import rate_of


def reported_candidate(
    one: CandidateScores,
    *,
    incidents: int,
    last_day: str,
    entry: Candidate | None,
    review: Standing | None,
    minimum_answered: float,
) -> ReportedCandidate:
    """Return a candidate's part of the report.

    Args:
        one: its scores of the week.
        incidents: how many incidents the packs of the week have.
        last_day: the last day of the week.
        entry: its entry in the catalogue; None for the incumbent.
        review: the state of its review; None if it has none.
        minimum_answered: the share of answered requests below which no score is shown.
    """
    why = withheld(one.repeats, minimum_answered)
    figures = summarize(one.candidate_id, one.scores, baseline=one.baseline)
    if why is not None:
        figures = figures.model_copy(update={"metrics": _hidden(figures.metrics)})
    wrong, right = (None, None) if why is not None else _if_failed(one.scores)
    verdict = review and Verdict(decision=review.decision, reasons=review.reasons)
    prices = entry and entry.prices_on(date.fromisoformat(last_day))
    return ReportedCandidate(
        **dict(figures),
        verdict=verdict,
        review=review and review.progress,
        days=dict(one.days),
        version=entry and entry.digest(),
        prompt_variant=entry and entry.prompt_variant,
        denominators=denominators_of(one.repeats, incidents),
        withheld=why,
        if_failed_wrong=wrong,
        if_failed_right=right,
        repeats=repeats_of(one.repeats),
        every_repeat=None if why is not None else _every_repeat(one.repeats),
        paired=review.paired if review else (),
        prices=prices
        and prices.model_dump(
            include={"input", "output", "cached", "reasoning"}, exclude_none=True
        ),
    )


def _hidden(metrics: dict[str, Rate]) -> dict[str, Rate]:
    return {
        name: rate_of([None] * (one.denominator + one.not_applicable))
        for name, one in metrics.items()
    }


def _if_failed(scores: Sequence[ReplayScore]) -> tuple[float | None, float | None]:
    """Return the primary rate if all failed answers were wrong, and if they were right."""
    failed = sum(score.outcome in UNGRADED_OUTCOMES for score in scores)
    graded = [score.primary for score in scores if score.primary is not None]
    if not failed:
        return None, None
    total = len(graded) + failed
    return round(sum(graded) / total, 6), round((sum(graded) + failed) / total, 6)


def _every_repeat(scores: Sequence[ReplayScore]) -> Rate | None:
    """Return of how many incidents all repeats are right: pass^k; None with one repeat."""
    if repeats_of(scores) == 1:
        return None
    found: dict[str, bool | None] = {}
    for score in scores:
        before = found.get(score.incident_id, True)
        known = before is not None and score.primary is not None
        found[score.incident_id] = before and score.primary if known else None
    return rate_of(list(found.values()))
