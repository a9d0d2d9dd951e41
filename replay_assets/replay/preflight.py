"""What the gate would refuse of a pack, told before anything is sent."""

from replay_assets.candidates.candidate import Candidate
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference.chat.gate import SendingGate
from replay_assets.inference.chat.protocol import chat_body
from replay_assets.replay.pack_reading import PackSource, read_pack
from replay_assets.replay.prompts import conversation


def refusals_in(
    source: PackSource, candidate: Candidate, *, vocabulary: Vocabulary, gate: SendingGate
) -> list[str]:
    """Return one line a request that would be refused: where it stands, and the rules it trips."""
    refused = []
    for line in read_pack(source, candidate_id=candidate.id).lines():
        messages = conversation(line.request, line.variant(candidate.variant_id), vocabulary)
        body, end = chat_body(candidate, messages, mode="json_object", schema=None)
        if found := gate.refusals(body, end=end):
            refused.append(f"line {line.number}, {line.request.incident_id}: {', '.join(found)}")
    return refused
