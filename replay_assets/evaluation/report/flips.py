"""Incidents that a candidate and what it is compared with handled differently."""

from collections.abc import Iterator, Sequence

from replay_assets.contracts.report_details import Flip
from replay_assets.evaluation.scored_days import CandidateScores


def flips_of(
    candidates: Sequence[CandidateScores], others: Sequence[CandidateScores]
) -> list[Flip]:
    """Return the flips of each candidate: every regression first, then the improvements."""
    return [
        flip
        for one in candidates
        for other in others
        if other.candidate_id != one.candidate_id
        for flip in _flips(one, other)
    ]


def _flips(one: CandidateScores, other: CandidateScores) -> Iterator[Flip]:
    before = {score.incident_id: score.primary for score in other.scores}
    pairs = [(score, before.get(score.incident_id)) for score in one.scores]
    for kind, right_before in (("regression", True), ("improvement", False)):
        for score, was in pairs:
            if was is right_before and score.primary is (not right_before):
                yield Flip.model_validate(
                    {
                        "candidate_id": one.candidate_id,
                        "against": other.candidate_id,
                        "kind": kind,
                        "incident_id": score.incident_id,
                    }
                )
