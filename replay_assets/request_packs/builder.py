"""Builds a day's request pack from raw evidence: sanitize, phrase, look once more, hand over."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from replay_assets.contracts.request import (
    INCIDENT_FIELDS,
    REQUEST_VERSION,
    ReplayRequest,
    RequestMetadata,
)
from replay_assets.contracts.self_grading import HELD_OUT_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import LabelLeakError, ResidualSecretError
from replay_assets.lake.digests import vocabulary_digest
from replay_assets.lake.formats import encode_json, encode_jsonl, json_line
from replay_assets.lake.store import Publication
from replay_assets.request_packs.audit import Audit
from replay_assets.request_packs.prompts import (
    PROMPT_VERSION,
    response_contract,
    system_prompt,
    user_prompt,
)
from replay_assets.sanitizing import IncidentSanitizer, find_label_leaks
from replay_assets.sanitizing.engine import gate_findings
from replay_assets.sanitizing.rules import RULES_VERSION

CODE_VERSION = f"prompt{PROMPT_VERSION}.rules{RULES_VERSION}"
PACK_FILE = "request_pack.jsonl"
TOOL_OUTPUT_FILE = "recorded_tool_output.jsonl"
AUDIT_FILE = "audit.json"

PACK_COLUMNS = (
    "id",
    "incident_id",
    "alertname",
    "labels",
    "severity",
    "evidence_summary",
    "evidence_kind",
    "collected_at",
    "schema_version",
)
"""The columns of evidence that a pack may read: no decision, no repair, no outcome."""


@dataclass(frozen=True)
class RawIncident:
    """What a pack may know of an incident. There is no field for an outcome or a label."""

    id: str
    incident_id: str
    alertname: str | None
    labels: dict[str, Any]
    severity: str | None
    evidence_summary: str
    evidence_kind: str | None
    collected_at: datetime
    schema_version: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return the incident of an evidence row; other columns are not looked at."""
        labels = json.loads(row["labels"] or "null") or {}
        return cls(**{**{name: row[name] for name in PACK_COLUMNS}, "labels": labels})


@dataclass(frozen=True)
class RequestPack:
    """A day's requests in the evidence's order, its recorded tool output, and the audit of both."""

    requests: list[ReplayRequest]
    tool_output: list[dict[str, Any]]
    audit: Audit

    def publication(self, *, inputs: Mapping[str, str]) -> Publication:
        """Return the pack as files."""
        pack = encode_jsonl(request.as_json() for request in self.requests)
        tool_output = encode_jsonl(self.tool_output)
        return Publication(
            files={
                PACK_FILE: pack,
                TOOL_OUTPUT_FILE: tool_output,
                AUDIT_FILE: encode_json(self.audit.document(pack, tool_output)),
            },
            inputs=inputs,
            facts={
                "requests": len(self.requests),
                "tool_outputs": len(self.tool_output),
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
) -> RequestPack:
    """Return the pack of a day.

    Args:
        rows: the day's evidence, in its order; only `PACK_COLUMNS` are read.
        messages: the recorded messages of the day's coordinator sessions.
        day: ISO day that names the run.
        vocabulary: stands whole in every request's instructions.

    Raises:
        LabelLeakError: a request would carry a field that grades its answer.
        ResidualSecretError: sanitized text still trips a strict rule.
    """
    audit = Audit()
    requests: list[ReplayRequest] = []
    tool_output: list[dict[str, Any]] = []
    outputs: dict[str, list[Mapping[str, Any]]] = {}
    for message in messages:
        if message["role"] == "tool":
            outputs.setdefault(message["incident_id"], []).append(message)
    instructions = system_prompt(vocabulary)
    for incident in map(RawIncident.of, rows):
        recorded = outputs.get(incident.incident_id, [])
        clean, clean_outputs = sanitize_incident(incident, recorded, audit)
        request = _request(clean, day=day, instructions=instructions, vocabulary=vocabulary)
        _refuse_leaks(request, clean_outputs)
        requests.append(request)
        tool_output += clean_outputs
    return RequestPack(requests=requests, tool_output=tool_output, audit=audit)


def sanitize_incident(
    incident: RawIncident, recorded: list[Mapping[str, Any]], audit: Audit
) -> tuple[RawIncident, list[dict[str, Any]]]:
    """Sanitize an incident and its tool output under one map, in a fixed order of fields."""
    sanitizer = IncidentSanitizer()
    fields: dict[str, Any] = {}
    for name in ("alertname", "severity", "labels", "evidence_summary", "evidence_kind"):
        with audit.field(name, sanitizer):
            fields[name] = sanitizer.value(getattr(incident, name))
    with audit.field("tool_output", sanitizer):
        outputs = [
            {
                "incident_id": incident.incident_id,
                "session_id": message["session_id"],
                "position": message["position"],
                "tool_call_id": message["tool_call_id"],
                "content": sanitizer.value(message["content"]),
            }
            for message in recorded
        ]
    swept = {**vars(incident), **sanitizer.sweep(fields)}
    for output in outputs:
        output["content"] = sanitizer.sweep(output["content"])
    return RawIncident(**swept), outputs


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
            "source_table": "incident_evidence",
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


def _refuse_leaks(request: ReplayRequest, outputs: list[dict[str, Any]]) -> None:
    record = request.as_json()
    seen = {name: record[name] for name in INCIDENT_FIELDS}
    if leaks := find_label_leaks({**seen, "tool_output": outputs}, {}, HELD_OUT_FIELDS):
        raise LabelLeakError(
            f"incident {request.incident_id}: the request would carry {'; '.join(leaks[:5])}. "
            "Nothing was written. Take the field out of the evidence at its source."
        )
    if found := gate_findings(json_line([seen, outputs])):
        raise ResidualSecretError(
            f"incident {request.incident_id}: after sanitizing, rule {', '.join(found)} still "
            "finds a value. Nothing was written; this is a fault of the rules, please report it."
        )
