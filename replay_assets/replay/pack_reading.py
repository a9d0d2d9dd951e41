"""Reading a pack: every line is checked before anything is sent; one finding stops all of it."""

import json
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.request import (
    CANDIDATE_ID,
    CONTRACT_TUNED,
    INCIDENT_FIELDS,
    ReplayRequest,
)
from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.errors import ContractError
from replay_assets.lake.formats import json_line
from replay_assets.sanitizing import find_label_leaks


@dataclass(frozen=True)
class PackLine:
    """A request and the line of the pack that it stands on, counted from 1."""

    number: int
    request: ReplayRequest

    def variant(self, of_candidate: str | None) -> str | None:
        """Return the prompt variant to use: the request's own, where a pack names its candidate."""
        if self.request.candidate_id is None:
            return of_candidate
        return self.request.metadata.candidate_variant_id


@dataclass(frozen=True)
class Pack:
    """The lines of a pack, or the findings that keep it from being sent."""

    lines: list[PackLine]
    findings: list[str]


def read_pack(content: bytes, *, candidate_id: str) -> Pack:
    """Read and check a pack for one candidate."""
    lines: list[PackLine] = []
    findings: list[str] = []
    for number, text in enumerate(content.decode("utf-8", "replace").split("\n"), start=1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
            # What can't be written as UTF-8 JSON again can't be sent: NaN, half surrogate pairs.
            json_line(record).encode()
        except (ValueError, RecursionError):
            findings.append(f"request_schema_mismatch:line_{number}")
            continue
        codes = findings_of(record, candidate_id)
        findings += [f"{code}:line_{number}" for code in codes]
        if not codes:
            lines.append(PackLine(number, ReplayRequest.read(record)))
    return Pack(lines=lines, findings=findings)


def findings_of(record: Any, candidate_id: str) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return the codes of what is wrong with a request; none where it may be sent."""
    if not isinstance(record, dict):
        return ["request_schema_mismatch"]
    metadata = record.get("metadata")
    flags = metadata if isinstance(metadata, dict) else {}
    codes = []
    if record.get("candidate_id") not in (None, CANDIDATE_ID, candidate_id):
        codes.append("request_candidate_mismatch")
    if flags.get("request_only") is not True:
        codes.append("request_not_request_only")
    if flags.get("not_replacement_evidence") is not True:
        codes.append("request_missing_not_replacement_evidence")
    if flags.get("candidate_variant_id") not in (None, CONTRACT_TUNED):
        codes.append("request_unknown_candidate_variant")
    if find_label_leaks(
        {name: record.get(name) for name in INCIDENT_FIELDS}, {}, SELF_GRADING_FIELDS
    ):
        codes.append("request_self_grading_leak")
    if not codes and not _has_form(record):
        codes.append("request_schema_mismatch")
    return codes


def _has_form(record: dict[str, Any]) -> bool:
    """Tell whether a record reads as a request whose response contract can be asked for."""
    try:
        contract = ReplayRequest.read(record).response_contract
    except ContractError:
        return False
    required, fields = contract.get("required") or [], contract.get("fields") or {}
    return (
        isinstance(required, list)
        and all(isinstance(name, str) for name in required)
        and isinstance(fields, dict)
    )
