"""Finds the requests that the sending gate would block, before anything is sent."""

from replay_assets.candidates import Candidate
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import Question, SendingGate, refusals_of
from replay_assets.replay.pack_reading import PackLine
from replay_assets.replay.prompts import conversation


def refusal_of(
    line: PackLine, candidate: Candidate, *, vocabulary: Vocabulary, gate: SendingGate
) -> str | None:
    """Return a request's line and the rules that block it; None if it may be sent."""
    messages = conversation(line.request, line.variant(candidate.variant_id), vocabulary)
    found = refusals_of(Question(messages), candidate, gate)
    return f"line {line.number}, {line.request.incident_id}: {', '.join(found)}" if found else None
