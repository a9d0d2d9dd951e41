"""Reading a pack: every line is checked before anything is sent; one finding stops the run."""

import codecs
import hashlib
import io
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from upath import UPath

from replay_assets.contracts.request import (
    CANDIDATE_ID,
    CONTRACT_TUNED,
    INCIDENT_FIELDS,
    ReplayRequest,
)
from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.errors import ContractError
from replay_assets.lake import VerifiedFile
from replay_assets.lake.digests import ListDigest
from replay_assets.sanitizing import find_label_leaks

PackSource = bytes | Path | UPath | VerifiedFile
"""A pack's content, or its file."""
Readable = tuple[ReplayRequest, dict[str, Any]]
"""A request, and its JSON value."""


@dataclass(frozen=True)
class PackLine:
    """A request and its line number in the pack, counted from 1."""

    number: int
    request: ReplayRequest

    def variant(self, of_candidate: str | None) -> str | None:
        """Return the prompt variant: of the request if it names a candidate, else the given one."""
        if self.request.candidate_id is None:
            return of_candidate
        return self.request.metadata.candidate_variant_id


@dataclass(frozen=True)
class Pack:
    """A pack that was read once: its findings, counts and digests.

    `requests` counts all lines, also bad ones. The lines are read from `source` each time they are
    needed, because the requests of a quarter of a year do not fit into memory.
    """

    source: PackSource = field(repr=False)
    findings: list[str]
    requests: int
    digest: str
    bad_lines: frozenset[int]
    sha256: str
    vocabularies: dict[str, int] = field(default_factory=dict)
    """The digests of vocabularies in the requests, each with the number of its first line."""

    def lines(self) -> Iterator[PackLine]:
        """Yield the requests that may be sent, in the pack's order.

        Raises:
            ContractError: at the end, if the source has changed since it was checked.
        """
        sha256 = hashlib.sha256()
        for number, line in _lines(self.source, sha256):
            if number not in self.bad_lines:
                yield PackLine(number, ReplayRequest.read(_decoded(line)))
        if sha256.hexdigest() != self.sha256:
            raise ContractError(
                "the pack was changed while it was replayed; nothing was published. Run the same "
                "again: the answers so far are kept."
            )


def read_pack(
    source: PackSource,
    *,
    candidate_id: str,
    inspect: Callable[[PackLine], None] | None = None,
) -> Pack:
    """Check every line of a pack for one candidate; `inspect` is called with each valid line."""
    findings: list[str] = []
    bad_lines: set[int] = set()
    requests, vocabularies = 0, dict[str, int]()
    digest, sha256 = ListDigest(), hashlib.sha256()
    for number, line in _lines(source, sha256):
        requests += 1
        codes, found = _checked(line, candidate_id)
        findings += [f"{code}:line_{number}" for code in codes]
        if found is None:
            bad_lines.add(number)
            continue
        request, content = found
        digest.add(content)
        if (named := content["source_metadata"].get("vocabulary_digest")) is not None:
            vocabularies.setdefault(str(named), number)
        if inspect is not None:
            inspect(PackLine(number, request))
    return Pack(
        source,
        findings,
        requests,
        digest.end(),
        frozenset(bad_lines),
        sha256.hexdigest(),
        vocabularies,
    )


def only_incidents(source: PackSource, incident_ids: AbstractSet[str]) -> bytes:
    """Return the lines of a valid pack that are about some incidents, unchanged."""
    lines = (line for _, line in _lines(source, hashlib.sha256()))
    return b"".join(line for line in lines if _decoded(line)["incident_id"] in incident_ids)


def _lines(source: PackSource, sha256: "hashlib._Hash") -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1; hash all of them."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            sha256.update(line)
            # Editors on Windows put it before the first request.
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            # Decoded too, because `bytes.strip` removes ASCII spaces only.
            if line.startswith(b"{") or (line.strip() and line.decode("utf-8", "replace").strip()):
                yield number, line


def _decoded(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return a line's value, after replacing bytes that are not valid UTF-8.

    NaN and half surrogate pairs are errors, because they can't be sent as JSON.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return msgspec.json.decode(line)
    except UnicodeDecodeError:
        return msgspec.json.decode(line.decode("utf-8", "replace"))


def _checked(line: bytes, candidate_id: str) -> tuple[list[str], Readable | None]:
    """Return the codes of a line's errors, or its request if there are none."""
    try:
        record = _decoded(line)
    except (ValueError, RecursionError):
        return ["request_schema_mismatch"], None
    if not isinstance(record, dict):
        return ["request_schema_mismatch"], None
    codes = _findings(record, candidate_id)
    if codes:
        return codes, None
    found = _readable(record)
    return ["request_schema_mismatch"] if found is None else [], found


def _findings(record: dict[str, Any], candidate_id: str) -> list[str]:
    """Return the codes of reasons not to send a record, even if it is not a valid request."""
    metadata = record.get("metadata")
    flags = metadata if isinstance(metadata, dict) else {}
    codes = []
    if record.get("candidate_id") not in (None, CANDIDATE_ID, candidate_id):
        codes.append("request_candidate_mismatch")
    # `is not True`, because a flag of another type must not count as set.
    if flags.get("request_only") is not True:
        codes.append("request_not_request_only")
    if flags.get("not_replacement_evidence") is not True:
        codes.append("request_missing_not_replacement_evidence")
    if flags.get("candidate_variant_id") not in (None, CONTRACT_TUNED):
        codes.append("request_unknown_candidate_variant")
    # Not in the response contract, which may list these fields in order to forbid them.
    if find_label_leaks(
        {name: record.get(name) for name in INCIDENT_FIELDS}, {}, SELF_GRADING_FIELDS
    ):
        codes.append("request_self_grading_leak")
    return codes


def _readable(record: dict[str, Any]) -> Readable | None:
    """Return a record's request; None if the record or its response contract is invalid."""
    try:
        request = ReplayRequest.read(record)
        content = request.as_json()
    except (ContractError, ValueError):  # ValueError: nested deeper than can be written
        return None
    contract = content["response_contract"]
    required, fields = contract.get("required") or [], contract.get("fields") or {}
    can_be_asked_for = (
        isinstance(required, list)
        and all(isinstance(name, str) for name in required)
        and isinstance(fields, dict)
    )
    return (request, content) if can_be_asked_for else None
