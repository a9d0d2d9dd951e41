"""How an endpoint is asked for JSON: with a schema if it supports one, else less strictly.

An endpoint that does not support a form says so under many statuses and in many words. What sounds
like it is tried: the form is at fault if a weaker one is answered. This is learned once per run,
and by a rerun from the calls of the run before.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from replay_assets.candidates import Candidate
from replay_assets.inference.call import Completion, ResponseMode
from replay_assets.lake.digests import canonical

LONGEST_STRING = 400
LONGEST_LIST = 12
"""Without limits in a schema, a small model never ends its strings, and each answer is cut off."""
FormatOutcome = Literal["response_format_refused", "response_format_failed"]
_MODES: tuple[ResponseMode, ...] = ("json_schema", "json_object", "none")
"""From the strictest to the weakest, which can't be rejected."""
_ABOUT_OTHERS = frozenset({401, 402, 403, 407, 408, 409, 413, 424, 425, 429, 498, 499})
"""Statuses of 4xx that are about account, size or load, whatever the text is."""
_FORM = re.compile(
    r"response[ _.-]?(?:format|schema|mime)|json[ _-]?(?:schema|object|mode|format|output)"
    r"|\bschemas?\b|structured[ _-]?(?:output|generation|decoding|response)"
    r"|\bgrammar\b|xgrammar|llguidance"
    r"|(?:guided|constrained)[ _-]?(?:json|decod|generat|grammar)|\boutlines\b|text\.format"
    r"|output[ _.-]?(?:format|config)|(?:invalid|required for) format|requested parameters"
    r"|additionalProperties|\b(?:min|max)(?:Items|Length)\b|structural[ _]tag|format[- ]?enforcer"
    # The last are Gemini's only words for a schema that it does not take.
    r"|输出格式|contains an invalid argument",
    re.IGNORECASE,
)
"""The words of endpoints, engines and gateways for the form of an answer."""
_FAILED = re.compile(
    r"json_validate_failed|failed_generation|failed to generate json"
    r"|did not (?:output|return|produce) valid json"
    r"|generated.{0,40}(?:does not|doesn't|not) (?:match|conform|valid)",
    re.IGNORECASE,
)
"""Words for one answer that did not keep the form: another request may be answered in it."""
_UNSUPPORTED = re.compile(
    r"support|implement|un(?:known|expected|recogni[sz]ed)|invalid|required"
    r"|not (?:allowed|enabled|available|permitted)|fail(?:ed|ure)? (?:to|in) ?(?:pars|compil|init)",
    re.IGNORECASE,
)
"""A 5xx must say this too: else it is a fault that may pass."""


class ResponseFormat:
    """The form requested from an endpoint: the configured one, unless the endpoint rejected it."""

    def __init__(self, candidate: Candidate) -> None:
        wanted = candidate.response_format
        self._modes = _MODES[0 if wanted == "auto" else _MODES.index(wanted) :]
        self._learned: set[ResponseMode] = set()
        self._suspected: set[ResponseMode] = set()

    @property
    def rejected(self) -> tuple[ResponseMode, ...]:
        """The forms that the endpoint has rejected so far."""
        return tuple(mode for mode in self._modes if mode in self._learned | self._suspected)

    def mode(
        self, schema: Mapping[str, Any] | None, rejected: Collection[ResponseMode] = ()
    ) -> ResponseMode:
        """Return the form to request now, other than those that were rejected for this request.

        Without a schema, `json_schema` is not possible.
        """
        for mode in self._modes:
            if mode == "json_schema" and schema is None:
                continue
            if mode not in self._learned and mode not in self._suspected and mode not in rejected:
                return mode
        return "none"

    def suspect(self, mode: ResponseMode) -> None:
        """Request a weaker form from now on, until it is clear whether that one was at fault."""
        self._suspected.add(mode)

    def learn(self, modes: Iterable[ResponseMode]) -> None:
        """Request none of the suspected ones again: without them, the request was answered."""
        self._learned.update(self._suspected.intersection(modes))

    def learn_from(self, kept: Completion, *, schema: Mapping[str, Any] | None) -> None:
        """Learn from the form of an answer that is kept: all stricter ones were rejected."""
        answered = kept.response_mode
        if answered == self._modes[0] or answered not in self._modes:
            return
        if not any(attempt.outcome == "response_format_failed" for attempt in kept.attempts):
            stricter = self._modes[: self._modes.index(answered)]
            self._learned.update(
                mode for mode in stricter if mode != "json_schema" or schema is not None
            )

    def clear(self, modes: Iterable[ResponseMode]) -> None:
        """Request these forms again: without them, the request was rejected too."""
        self._suspected.difference_update(modes)


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


def rejected_format(status: int, text: str) -> FormatOutcome | None:
    """Return whether a response may reject the form, not the request; None if it does not."""
    if status < 400 or status in _ABOUT_OTHERS:
        return None
    if _FAILED.search(text) is not None:
        return "response_format_failed"
    if _FORM.search(text) is None or (status >= 500 and _UNSUPPORTED.search(text) is None):
        return None
    return "response_format_refused"


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
