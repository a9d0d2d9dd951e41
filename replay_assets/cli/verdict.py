"""A candidate's verdict with everything that it was made from."""

from typing import Any

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.calendar import days_between, days_of_week, monday_of
from replay_assets.contracts.evaluation_report import EvaluationReport, Verdict
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.promotion import PROMOTION_VERSION, Promotion
from replay_assets.contracts.review import ReviewProgress
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.errors import ConfigurationError, NotMaterializedError
from replay_assets.evaluation.review_days import publish_promotion
from replay_assets.evaluation.reviews import is_reviewed
from replay_assets.lake import Lineage, Published, Store, assets
from replay_assets.settings import Settings, read_variable


def verdict_of(settings: Settings, week: str, candidate_id: str) -> dict[str, Any]:
    """Return the verdict on a candidate in a week's report, as JSON.

    Raises:
        ConfigurationError: the week or the candidate is not one that can have a verdict.
        NotMaterializedError: there is no report, or the candidate has no replayed day in it.
    """
    week = _monday(week)
    catalogue = Catalogue.load(settings.candidates, read_variable).graded
    candidate = _candidate(catalogue, candidate_id)
    report = Store(settings.lake).get(assets.EVALUATION_REPORT.at(week))
    content = EvaluationReport.read(report.document(assets.REPORT_FILE))
    verdict, review = _verdict_and_review(content, candidate)
    return {
        "candidate": candidate_id,
        "candidate_version": candidate.digest(),
        "week": week,
        "decision": verdict.decision,
        "reasons": list(verdict.reasons),
        "figures": review.figures,
        "review": review.model_dump(mode="json", exclude={"figures"}),
        "policy_digest": review.policy_digest,
        "report_digest": report.digest,
        "stale": _stale(settings, catalogue, report),
        **_digests(settings, review, week, candidate_id),
    }


def record_promotion(settings: Settings, week: str, found: dict[str, Any]) -> None:
    """Keep a PROMOTE as the last one."""
    promotion = Promotion(
        schema_version=PROMOTION_VERSION,
        candidate_id=found["candidate"],
        candidate_version=found["candidate_version"],
        week=_monday(week),
        policy_digest=found["policy_digest"],
    )
    publish_promotion(Store(settings.lake), promotion)


def _monday(week: str) -> str:
    try:
        monday = monday_of(week)
    except ValueError:
        monday = ""
    if not monday or monday != week:
        near = f" (its week is named {monday})" if monday else ""
        raise ConfigurationError(f"--week {week!r} is not a Monday such as 2026-09-28{near}")
    return week


def _candidate(catalogue: Catalogue, candidate_id: str) -> Candidate:
    candidate = catalogue.get(candidate_id)
    if candidate.baseline:
        raise ConfigurationError(
            f"{candidate_id} is a baseline: candidates are compared with it, and it has no verdict"
        )
    if not is_reviewed(candidate):
        raise ConfigurationError(
            f"{candidate_id} is asked without evidence: it shows whether labels leak, and has no "
            "verdict"
        )
    return candidate


def _verdict_and_review(
    report: EvaluationReport, candidate: Candidate
) -> tuple[Verdict, ReviewProgress]:
    """Return a candidate's verdict in a report, and the review in which it was reached.

    Raises:
        NotMaterializedError: it has none, or is of another version of the candidate.
    """
    name, week = candidate.id, report.week
    again = f"Run replay-assets backfill --candidate {name} for that week."
    found = next((one for one in report.candidates if one.candidate_id == name), None)
    if found is None or found.verdict is None or found.review is None:
        raise NotMaterializedError(
            f"the report of the week {week} has no verdict on {name}: no day of it was replayed. "
            f"{again}"
        )
    if not found.incidents:
        days = ", ".join(f"{day} {state}" for day, state in found.uncounted_days.items())
        why = f"not counted: {days}" if days else "the week has no incident"
        raise NotMaterializedError(
            f"the report of the week {week} has no answer of {name}, so no verdict: {why}."
        )
    if found.version is not None and found.version != candidate.digest():
        raise NotMaterializedError(
            f"the report of the week {week} is about another version of {name}: its model, "
            f"endpoint, prompt or sampling has changed since. {again}"
        )
    return found.verdict, found.review


def _stale(settings: Settings, catalogue: Catalogue, report: Published) -> str | None:
    """Return why a report is not made from what is there now; None if it is."""
    lineage = Lineage(
        lake=Store(settings.lake),
        evidence=Store(settings.evidence),
        labels=Store(settings.labels),
        vocabulary=load_vocabulary(settings.vocabulary),
        candidates={one.id: one.digest() for one in catalogue},
        policy=load_policy(settings.policy),
        language=settings.report_language,
    )
    return lineage.state(report.address).reason or None


def _digests(
    settings: Settings, review: ReviewProgress, week: str, candidate_id: str
) -> dict[str, dict[str, str]]:
    """Return the digests of packs, results and labels by day, of all weeks of the review."""
    last = days_of_week(min(review.ended or week, week))[-1]
    days = days_between(min(review.start, last), last)
    lake, labels = Store(settings.lake), Store(settings.labels)
    sources = {
        "packs": (lake, assets.REQUEST_PACK),
        "results": (lake, assets.REPLAY_RESULTS),
        "labels": (labels, assets.INCIDENT_LABELS),
    }
    return {
        name: {
            day: found.digest
            for day in days
            if (found := store.find(asset.at(day, candidate_id))) is not None
        }
        for name, (store, asset) in sources.items()
    }
