"""How an endpoint is asked for JSON: with a schema if it supports one, else less strictly.

An endpoint that does not support a form answers with a 400 that names `response_format`; nothing
else changes the form. This is learned once per run.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from replay_assets.candidates import Candidate
from replay_assets.inference.call.completion import ResponseMode
from replay_assets.lake.digests import canonical

LONGEST_STRING = 400
LONGEST_LIST = 12
"""Without limits in a schema, a small model never ends its strings, and each answer is cut off."""
_LESS: dict[ResponseMode, ResponseMode] = {"json_schema": "json_object", "json_object": "none"}


class ResponseFormat:
    """The form requested from an endpoint: the configured one, unless the endpoint rejected it."""

    def __init__(self, candidate: Candidate) -> None:
        wanted = candidate.response_format
        self._mode: ResponseMode = "json_schema" if wanted == "auto" else wanted
        self.refused: list[ResponseMode] = []
        """The forms that the endpoint has rejected so far."""

    def mode(self, schema: Mapping[str, Any] | None) -> ResponseMode:
        """Return the form to request now; without a schema, `json_schema` is not possible."""
        return "json_object" if self._mode == "json_schema" and schema is None else self._mode

    def refuse(self, mode: ResponseMode) -> None:
        """Request a weaker form from now on; several calls in flight count as one rejection."""
        if mode in _LESS and mode not in self.refused:
            self.refused.append(mode)
            self._mode = _LESS[mode]


def end_of_body(mode: ResponseMode, schema: Mapping[str, Any] | None) -> bytes:
    """Return the end of a request's body, which contains the response format, if any."""
    if mode == "none":
        return b"}"
    if mode == "json_object" or schema is None:
        return b',"response_format":{"type":"json_object"}}'
    return _end_once(_Same(schema))


@dataclass(frozen=True, eq=False)
class _Same:
    """A schema compared by identity, so that it can be a cache key: a run uses one or two."""

    schema: Mapping[str, Any]

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.schema is other.schema


def schema_digest(schema: Mapping[str, Any] | None) -> str | None:
    """Return the SHA-256 of a schema, computed once; None if there is no schema."""
    return None if schema is None else _digest_once(_Same(schema))


@lru_cache(maxsize=16)
def _digest_once(same: _Same) -> str:
    return hashlib.sha256(canonical(same.schema)).hexdigest()


@lru_cache(maxsize=16)
def _end_once(same: _Same) -> bytes:
    form = {"name": "answer", "strict": True, "schema": bounded(same.schema)}
    format_asked = {"type": "json_schema", "json_schema": form}
    return b',"response_format":%b}' % msgspec.json.encode(format_asked)


def names_response_format(status: int, text: str) -> bool:
    """Return whether a response rejects the form, not the request."""
    return status == 400 and "response_format" in text


def bounded(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON schema in which every string and list has a maximum length."""
    if isinstance(schema, list):
        return [bounded(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    whole = {name: _bounded_member(name, item) for name, item in schema.items()}
    kinds = whole.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    # A choice needs no limit, and a limit that the schema has stays as it is.
    if "string" in kinds and not whole.keys() & {"maxLength", "enum", "const", "format"}:
        whole["maxLength"] = LONGEST_STRING
    if "array" in kinds:
        whole.setdefault("maxItems", LONGEST_LIST)
    return whole


def _bounded_member(name: str, item: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Handle a member that contains schemas; note that a property may be named `type`."""
    if name in ("properties", "$defs", "definitions", "patternProperties"):
        return {key: bounded(one) for key, one in item.items()}
    if name in ("items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties"):
        return bounded(item)
    return item
