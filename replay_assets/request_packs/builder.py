"""Builds a day's request pack from raw evidence: sanitize, write the prompts, check, return."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.contracts.request import (
    INCIDENT_FIELDS,
    REQUEST_VERSION,
    ReplayRequest,
    RequestMetadata,
)
from replay_assets.contracts.self_grading import HELD_OUT_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import LabelLeakError, ResidualSecretError
from replay_assets.lake import Address, Published, Store
from replay_assets.lake.assets import AUDIT_FILE, INCIDENT_EVIDENCE, PACK_FILE, TOOL_OUTPUT_FILE
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.lake.formats import encode_json
from replay_assets.lake.jsonl import encode_line
from replay_assets.request_packs.audit import Audit
from replay_assets.request_packs.prompts import (
    PROMPT_VERSION,
    response_contract,
    system_prompt,
    user_prompt,
)
from replay_assets.sanitizing import (
    RULES_VERSION,
    TOOL_OUTPUT,
    OutboundPolicy,
    RawIncident,
    find_label_leaks,
    incidents_of,
    redacted_errors,
    sanitize_incident,
)

CODE_VERSION = f"prompt{PROMPT_VERSION}.rules{RULES_VERSION}"


@dataclass(frozen=True)
class RequestPack:
    """A day's requests in order of the evidence, its recorded tool output, and an audit of both."""

    requests: list[ReplayRequest]
    tool_output: list[dict[str, Any]]
    audit: Audit

    def publish(self, store: Store, address: Address, *, inputs: Mapping[str, str]) -> Published:
        """Write the pack as a partition."""
        with store.writing(address) as partition:
            pack, tool_output = partition.jsonl(PACK_FILE), partition.jsonl(TOOL_OUTPUT_FILE)
            for request in self.requests:
                pack.write(request.as_json())
            for output in self.tool_output:
                tool_output.write(output)
            audit = self.audit.document(pack.sha256(), tool_output.sha256())
            partition.file(AUDIT_FILE, encode_json(audit))
            return partition.publish(
                inputs=inputs,
                facts={
                    "requests": pack.records,
                    "tool_outputs": tool_output.records,
                    "masked_values": self.audit.masked_values,
                },
                code_version=CODE_VERSION,
            )


def build_pack(
    rows: Iterable[Mapping[str, Any]],
    messages: Iterable[Mapping[str, Any]],
    *,
    day: str,
    vocabulary: Vocabulary,
    policy: OutboundPolicy | None = None,
    audit_key: str | None = None,
) -> RequestPack:
    """Return the pack of a day.

    Args:
        rows: the day's evidence, in its order; only `PACK_COLUMNS` are read.
        messages: the recorded messages of the day's coordinator sessions.
        day: ISO day that names the run.
        vocabulary: included completely in every request's instructions.
        policy: the sanitizing rules, and the keys and canaries that must not remain.
        audit_key: the key of the audit's hashes; without a key they are None.

    Raises:
        LabelLeakError: a request would contain a field that grades its answer.
        ResidualSecretError: sanitized text still contains a strict match, a key or a canary.
        SanitizingFailedError: sanitizing a text raised an error; the message does not show it.
    """
    policy = policy or OutboundPolicy()
    audit = Audit(policy.rules, audit_key)
    pack = RequestPack(requests=[], tool_output=[], audit=audit)
    instructions = system_prompt(vocabulary)
    for raw in incidents_of(rows, messages):
        # Messages of unexpected errors may quote raw text, and Dagster's events would keep them.
        with redacted_errors(raw.incident_id):
            clean = sanitize_incident(raw, policy.rules)
            audit.add(raw, clean)
            request = _request(
                clean.incident, day=day, instructions=instructions, vocabulary=vocabulary
            )
            outputs = _outputs(clean.incident)
            _refuse_leaks(request, outputs, policy)
        pack.requests.append(request)
        pack.tool_output.extend(outputs)
    return pack


def _request(
    incident: RawIncident, *, day: str, instructions: str, vocabulary: Vocabulary
) -> ReplayRequest:
    return ReplayRequest(
        schema_version=REQUEST_VERSION,
        run_id=f"replay-{day}",
        incident_id=incident.incident_id,
        system_prompt=instructions,
        user_prompt=user_prompt(
            alertname=incident.alertname,
            severity=incident.severity,
            labels=incident.labels,
            evidence=incident.evidence_summary,
        ),
        incident_context={
            "alertname": incident.alertname,
            "severity": incident.severity,
            "labels": incident.labels,
        },
        source_metadata={
            "source_table": INCIDENT_EVIDENCE.name,
            "evidence_id": incident.id,
            "evidence_kind": incident.evidence_kind,
            "collected_at": incident.collected_at.isoformat(),
            "evidence_schema_version": incident.schema_version,
            "prompt_version": PROMPT_VERSION,
            "sanitizing_rules_version": RULES_VERSION,
            "vocabulary_digest": vocabulary_digest(vocabulary),
        },
        response_contract=response_contract(),
        metadata=RequestMetadata(request_only=True, not_replacement_evidence=True),
    )


def _outputs(incident: RawIncident) -> list[dict[str, Any]]:
    """Return what the session's tools returned before it changed the system, with their calls."""
    return [
        RecordedCall(
            incident_id=incident.incident_id,
            **{name: value for name, value in output.items() if name != "after_change"},
        ).model_dump()
        for output in incident.outputs
        if not output["after_change"]
    ]


def _refuse_leaks(
    request: ReplayRequest, outputs: list[dict[str, Any]], policy: OutboundPolicy
) -> None:
    record = request.as_json()
    seen = {**{name: record[name] for name in INCIDENT_FIELDS}, TOOL_OUTPUT: outputs}
    if leaks := find_label_leaks(seen, {}, HELD_OUT_FIELDS):
        raise LabelLeakError(
            f"incident {request.incident_id}: the request would contain {'; '.join(leaks[:5])}. "
            "Nothing was written. Remove the field from the evidence at its source."
        )
    found = [
        f"{rule} in {name}"
        for name, part in seen.items()
        for rule in policy.findings(encode_line(part))
    ]
    if found:
        raise ResidualSecretError(
            f"incident {request.incident_id}: after sanitizing it still contains "
            f"{', '.join(found)}. Nothing was written. Add your own rule (REPLAY_RULES); if a "
            "shipped rule finds what it should have masked, please report it."
        )
