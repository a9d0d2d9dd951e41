"""How an endpoint is asked for JSON: by a schema where it has that, as any object else, or not.

An endpoint that refuses a form says so in a 400 that names `response_format`; nothing else changes
the form. It is learned once a run.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from replay_assets.candidates.candidate import Candidate
from replay_assets.inference.call.completion import ResponseMode
from replay_assets.lake.digests import canonical

LONGEST_STRING = 400
LONGEST_LIST = 12
"""A small model under a schema without bounds never ends its strings: each answer would be cut."""
_LESS: dict[ResponseMode, ResponseMode] = {"json_schema": "json_object", "json_object": "none"}


class ResponseFormat:
    """The form that an endpoint is asked for: what was wanted, less what it has refused."""

    def __init__(self, candidate: Candidate) -> None:
        wanted = candidate.response_format
        self._mode: ResponseMode = "json_schema" if wanted == "auto" else wanted
        self.refused: list[ResponseMode] = []
        """The forms that the endpoint has refused so far."""

    def mode(self, schema: Mapping[str, Any] | None) -> ResponseMode:
        """Return the form to ask for now; without a schema at hand none can be asked for."""
        return "json_object" if self._mode == "json_schema" and schema is None else self._mode

    def refuse(self, mode: ResponseMode) -> None:
        """Ask for less from now on, once, however many calls were under way."""
        if mode in _LESS and mode not in self.refused:
            self.refused.append(mode)
            self._mode = _LESS[mode]


def end_of_body(mode: ResponseMode, schema: Mapping[str, Any] | None) -> bytes:
    """Return how the body of a request ends: with what it says of the form, if anything."""
    if mode == "none":
        return b"}"
    if mode == "json_object" or schema is None:
        return b',"response_format":{"type":"json_object"}}'
    return _end_once(_Same(schema))


@dataclass(frozen=True, eq=False)
class _Same:
    """A schema known again by being the same object: a run asks for one or two."""

    schema: Mapping[str, Any]

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.schema is other.schema


def schema_digest(schema: Mapping[str, Any] | None) -> str | None:
    """Return the SHA-256 of a schema, taken once; null for none."""
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
    """Tell whether a response refuses the form and not the request."""
    return status == 400 and "response_format" in text


def bounded(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON schema whose every string and list has an end."""
    if isinstance(schema, list):
        return [bounded(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    whole = {name: _bounded_member(name, item) for name, item in schema.items()}
    kinds = whole.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "string" in kinds and not whole.keys() & {"maxLength", "enum", "const", "format"}:
        whole["maxLength"] = LONGEST_STRING
    if "array" in kinds:
        whole.setdefault("maxItems", LONGEST_LIST)
    return whole


def _bounded_member(name: str, item: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Descend into what holds schemas: a property may be called `type` itself."""
    if name in ("properties", "$defs", "definitions", "patternProperties"):
        return {key: bounded(one) for key, one in item.items()}
    if name in ("items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties"):
        return bounded(item)
    return item
