"""The leak detector: how well the same model does without any evidence."""

from collections.abc import Iterable, Mapping, Sequence

from replay_assets.candidates import Candidate
from replay_assets.contracts.report_details import LeakCheck, LeakState
from replay_assets.contracts.request import NO_EVIDENCE
from replay_assets.evaluation.scored_days import CandidateScores

ALLOWED = 0.10
"""How much better than a constant answer a model without evidence may be."""


def leak_checks(
    candidates: Sequence[CandidateScores], entries: Iterable[Candidate]
) -> list[LeakCheck]:
    """Return one check per candidate that is asked without evidence."""
    blind = {entry.id for entry in entries if entry.prompt_variant == NO_EVIDENCE}
    constant = next((_primary(one) for one in candidates if one.constant and one.scores), {})
    return [_check(one, constant) for one in candidates if one.candidate_id in blind]


def _check(one: CandidateScores, constant: Mapping[str, bool]) -> LeakCheck:
    found = _primary(one)
    common = found.keys() & constant.keys()
    rate, other = None, None
    state: LeakState = "unknown"
    if common:
        rate = sum(found[incident] for incident in common) / len(common)
        other = sum(constant[incident] for incident in common) / len(common)
        # Rounded, because 0.3 - 0.2 is not 0.1 in binary.
        state = "fine" if round(rate - other, 9) < ALLOWED else "leaks"
    return LeakCheck(
        candidate_id=one.candidate_id,
        state=state,
        incidents=len(common),
        rate=None if rate is None else round(rate, 6),
        constant_rate=None if other is None else round(other, 6),
        bound=None if other is None else round(other + ALLOWED, 6),
    )


def _primary(one: CandidateScores) -> dict[str, bool]:
    return {s.incident_id: s.primary for s in one.scores if s.primary is not None}
