"""One request of a pack: the only thing that a candidate may see of an incident."""

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from replay_assets.contracts.record import Part, Record

REQUEST_VERSION = "agent_nemotron_replay_request_v1"
CANDIDATE_ID = "nemotron"
"""The candidate in every request of a pack in the original system's form."""
CONTRACT_TUNED = "contract_tuned"
NO_EVIDENCE = "no_evidence"
"""The variant without evidence: a model that still does well has seen a label, or guesses. A
candidate chooses it, never a pack."""
INCIDENT_FIELDS = ("incident_context", "source_metadata", "user_prompt")
"""The parts of a request that come from the incident: they are searched for leaks."""


class RequestMetadata(Part):
    """Flags that say what a request is; our packs name no variant, so the runner chooses it."""

    model_config = ConfigDict(extra="allow")

    request_only: Literal[True]
    not_replacement_evidence: Literal[True]
    candidate_variant_id: Literal["contract_tuned"] | None = None


class ReplayRequest(Record):
    """A sanitized, label-free chat request for one incident.

    A pack is the same for every candidate, byte for byte, so our packs omit `candidate_id` and the
    variant.
    """

    VERSION: ClassVar[str] = REQUEST_VERSION

    candidate_id: str | None = None
    run_id: str
    incident_id: str
    system_prompt: str
    user_prompt: str
    incident_context: dict[str, Any]
    source_metadata: dict[str, Any]
    response_contract: dict[str, Any]
    metadata: RequestMetadata

    def as_json(self) -> dict[str, Any]:
        """Return the request as plain JSON, without the fields that our packs omit."""
        record = self.model_dump(mode="json", exclude={"metadata"})
        if record["candidate_id"] is None:
            del record["candidate_id"]
        return {**record, "metadata": self.metadata.model_dump(mode="json", exclude_none=True)}
