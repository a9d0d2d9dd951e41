"""Controls: a candidate asked again without evidence, for a few incidents of each week.

If a control does well, a label has leaked into prompts, or the grades do not need evidence. It is
an entry of the catalogue like the others, so it is replayed, graded and reported like them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from replay_assets.candidates.candidate import LONGEST_ID, Candidate

NO_EVIDENCE: Final = "no_evidence"
"""The prompt variant of a control. The contract of requests has the word too, but this package
does not need that contract, and a stage that asks no packs does not load it."""
INCIDENTS_PER_WEEK = 30
"""Enough to see ten points more than a constant answer, and cheap: these prompts are short."""


def with_controls(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the candidates, each followed by its control if `no_evidence` is set."""
    for candidate in candidates:
        yield candidate
        if candidate.no_evidence:
            yield control_of(candidate)


def objection_to(candidate: Candidate) -> tuple[str, str] | None:
    """Return the field that asks for an impossible control and what is wrong, or None."""
    blind = candidate.prompt_variant == NO_EVIDENCE
    if candidate.no_evidence and (blind or candidate.baseline or candidate.role is not None):
        return "no_evidence", "is for a model that is replayed with evidence; remove it"
    if candidate.no_evidence and len(candidate.control_id) > LONGEST_ID:
        return "id", (
            f"is too long for no_evidence, which adds the candidate {candidate.control_id}: an id "
            f"has at most {LONGEST_ID} characters"
        )
    if candidate.incidents_per_week is not None and not blind:
        return "incidents_per_week", (
            f"needs prompt_variant: {NO_EVIDENCE}, because a verdict is about all incidents"
        )
    return None


def control_of(candidate: Candidate) -> Candidate:
    """Return the control of a candidate: the same entry, asked without evidence."""
    return candidate.model_copy(
        update={
            "id": candidate.control_id,
            "prompt_variant": NO_EVIDENCE,
            "no_evidence": False,
            "agent": False,
            "incidents_per_week": INCIDENTS_PER_WEEK,
            "repeats": 1,
            "trained_on": (),
        }
    )


def asked_incidents(candidate: Candidate, day: str, incident_ids: Sequence[str]) -> Sequence[str]:
    """Return the incidents of a day's pack that a candidate is asked, in the pack's order.

    These are all of them, unless `incidents_per_week` is set. Then each day has an even share of
    the week, so that no day depends on packs that do not exist yet: of 30 incidents, 4 or 5. If
    there are more, those with the lowest hash are asked: the same ones in every run.
    """
    if candidate.incidents_per_week is None:
        return incident_ids
    weekday = date.fromisoformat(day).weekday()
    until, before = (candidate.incidents_per_week * days // 7 for days in (weekday + 1, weekday))
    chosen = set(sorted(incident_ids, key=_hash)[: until - before])
    return [one for one in incident_ids if one in chosen]


def _hash(incident_id: str) -> str:
    return hashlib.sha256(incident_id.encode()).hexdigest()
