"""What is checked before anything is sent: the vocabulary of a pack, and what the gate blocks."""

from collections.abc import Callable

from replay_assets.candidates import Candidate
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import ConfigurationError
from replay_assets.inference import Question, SendingGate, findings_of
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.replay.pack_reading import Pack, PackLine
from replay_assets.replay.prompts import conversation


def blocked_by_gate(
    line: PackLine, candidate: Candidate, *, vocabulary: Vocabulary, gate: SendingGate
) -> str | None:
    """Return a request's line and the rules that block it; None if it may be sent."""
    by_variant = {line.variant(one.variant_id): one for one in reversed(candidate.members)}
    found: dict[str, None] = {}
    for variant, member in by_variant.items():
        messages = conversation(line.request, variant, vocabulary)
        found.update(dict.fromkeys(findings_of(Question(messages), member, gate)))
    return f"line {line.number}, {line.request.incident_id}: {', '.join(found)}" if found else None


def warn_if_blocked(
    warn: Callable[[str], None],
    candidate: Candidate,
    vocabulary: Vocabulary,
    gate: SendingGate,
    line: PackLine,
) -> None:
    """Call `warn` with what the gate would block of a request, if anything."""
    if (blocked := blocked_by_gate(line, candidate, vocabulary=vocabulary, gate=gate)) is not None:
        warn(blocked)


def require_vocabulary(pack: Pack, vocabulary: Vocabulary) -> None:
    """Check that a pack was built with this vocabulary.

    Raises:
        ConfigurationError: it was not.
    """
    ours = vocabulary_digest(vocabulary)
    for theirs, number in pack.vocabularies.items():
        # Its ids would be unknown here, and every answer that uses them wrong.
        if theirs != ours:
            raise ConfigurationError(
                f"line {number}: the pack was built with another vocabulary "
                f"({theirs[:12]}…, ours is {ours[:12]}…). Set REPLAY_VOCABULARY to that file, "
                "or build the pack again."
            )
