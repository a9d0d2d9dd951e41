"""One request of a pack: the only thing that a candidate may see of an incident."""

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from replay_assets.contracts.record import Part, Record

REQUEST_VERSION = "agent_nemotron_replay_request_v1"
CANDIDATE_ID = "nemotron"
"""The candidate that a pack of the original's form names in every request."""
CONTRACT_TUNED = "contract_tuned"
NO_EVIDENCE = "no_evidence"
"""The variant that leaves the evidence out: a model that does well all the same has seen a label,
or guesses. Chosen by a candidate, never by a pack."""
INCIDENT_FIELDS = ("incident_context", "source_metadata", "user_prompt")
"""The parts of a request that come from the incident: where a leak is looked for."""


class RequestMetadata(Part):
    """Flags that say what a request is; a pack of ours leaves the variant to the runner."""

    model_config = ConfigDict(extra="allow")

    request_only: Literal[True]
    not_replacement_evidence: Literal[True]
    candidate_variant_id: Literal["contract_tuned"] | None = None


class ReplayRequest(Record):
    """A sanitized, label-free chat request for one incident.

    A pack is the same for every candidate, byte for byte: ours omit `candidate_id` and the variant.
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
        """Return the request as plain JSON, without the fields that a pack leaves to the runner."""
        record = self.model_dump(mode="json", exclude={"metadata"})
        if record["candidate_id"] is None:
            del record["candidate_id"]
        return {**record, "metadata": self.metadata.model_dump(mode="json", exclude_none=True)}

    def asks_for(self, field: str) -> bool:
        """Return whether the response contract of this request requires an answer field."""
        return field in self.response_contract.get("required", ())
