"""What must not pass in either direction: strict rules, keys in use and canaries, in any form.

Pure functions; the client and the pack builder call them and decide what a finding means.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from replay_assets.sanitizing.detect.json_texts import read_string, strings_in, texts_in
from replay_assets.sanitizing.detect.matching import (
    EngineName,
    Scanner,
    default_engine,
    uncached_scanner,
)
from replay_assets.sanitizing.detect.rules import RuleSet, shipped
from replay_assets.sanitizing.detect.spans import Span
from replay_assets.sanitizing.pseudonyms.pseudonym_map import PLACEHOLDER_BYTES, forms, replaced

MASK = "<MASKED_0>"
_BETWEEN = "\n\0\n"
"""What parts two texts that are searched as one: part of no value."""
MOST_REMEMBERED, LONGEST_REMEMBERED = 1024, 8192
"""Strings known to be clean, and bytes of one; a run's bodies share some hundred."""
LONGEST_REACH = 256
"""How far a value may reach into the end of a body; none reaches over its first braces."""
SHORTEST_GUARDED = 6
"""A key or canary shorter than this would be found in any text; none is."""


def strict_findings(text: str, *, rules: RuleSet | None = None) -> list[str]:
    """Return the ids of the strict rules that a text still trips: none in what may be sent."""
    data = text.encode("utf-8", "surrogatepass")
    return (rules or shipped()).strict_ids(data)


class Known:
    """What was found clean under one set of rules, keys and canaries, and need not be looked at.

    Strings that stand in every body of a run, as its system prompt does, and the end that its
    bodies have in common: the schema of their answers.
    """

    def __init__(self) -> None:
        self._strings: set[bytes] = set()
        self._end = b""

    def own_part(self, raw: bytes, end: bytes) -> bytes:
        """Return a body less its end, where that is known; else the body."""
        return raw[: -len(end)] if end and end == self._end and raw.endswith(end) else raw

    def add_end(self, end: bytes) -> None:
        """Remember the end of a body that nothing was found in."""
        self._end = end

    def unknown(self, strings: Sequence[bytes]) -> list[bytes]:
        """Return the strings that nobody has looked at yet."""
        return [string for string in strings if string not in self._strings]

    def add(self, strings: Sequence[bytes]) -> None:
        """Remember strings that nothing was found in; all are forgotten where they grow many."""
        if len(self._strings) + len(strings) > MOST_REMEMBERED:
            self._strings.clear()
        self._strings.update(one for one in strings if len(one) <= LONGEST_REMEMBERED)


def gate_findings(
    body: str | bytes,
    *,
    secrets: Sequence[str] = (),
    canaries: Sequence[str] = (),
    rules: RuleSet | None = None,
    known: Known | None = None,
    end: bytes = b"",
) -> list[str]:
    r"""Return what must not leave in a JSON body: in its bytes, and in each key and text of it.

    Both, because an escape hides a boundary: in `\n4111…` the card seems to follow a letter.

    Args:
        body: the body as it would be sent.
        secrets: keys in use; also found escaped and in base64.
        canaries: planted values that must never be seen outside; found in the same forms.
        rules: the deployment's rules; default the shipped ones.
        known: what need not be looked at again; only ever hand one in with the same secrets,
            canaries and rules.
        end: what the body ends with as others do: members of its object, from a comma on. Looked at
            with the first body; with others as far as something that begins before may reach.

    Returns:
        Ids of strict rules, `api_key_in_use`, `canary`; empty if the body may be sent.

    Raises:
        ValueError: if the body is no JSON, so that a caller who fails closed refuses it.
    """
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    rules, known = rules or shipped(), known or Known()
    own = known.own_part(raw, end)
    strings = strings_in(raw if own is raw else own + b"}")
    looked_at = known.unknown(strings)
    texts = _BETWEEN.join(map(read_string, looked_at)).encode("utf-8", "surrogatepass")
    # Escapes and colours in the bytes are read in the texts: not twice.
    raw = raw if own is raw else own + end[:LONGEST_REACH]
    found = rules.strict_ids(texts, raw=raw)
    everything = _guard((*secrets, *canaries), default_engine())
    if everything is not None and (everything.search(raw) or everything.search(texts)):
        for name, values in (("api_key_in_use", secrets), ("canary", canaries)):
            guard = _guard(tuple(values), default_engine())
            if guard is not None and (guard.search(raw) or guard.search(texts)):
                found.append(name)
    if not found:
        known.add(looked_at)
        # A deployment's pattern may reach as far as it likes.
        if raw.endswith(end) and not rules.own:
            known.add_end(end)
    return list(dict.fromkeys(found))


def is_clean(
    value: Any,  # noqa: ANN401 - any JSON value
    *,
    secrets: Sequence[str] = (),
    rules: RuleSet | None = None,
) -> bool:
    """Tell in one look whether cleaning would leave a JSON value as it is; if unsure, it is not."""
    rules = rules or shipped()
    texts = texts_in(value)
    if len(texts) > 1 and rules.own:
        return False  # a deployment's pattern may ask for the start or the end of a text
    data = _BETWEEN.join(texts).encode("utf-8", "surrogatepass")
    guard = _guard(tuple(secrets), default_engine())
    return (guard is None or guard.search(data) is None) and not rules.strict_ids(data)


def clean_answer(text: str, *, secrets: Sequence[str] = (), rules: RuleSet | None = None) -> str:
    """Return what came back from an endpoint, less keys in any form and strict findings."""
    data = text.encode("utf-8", "surrogatepass")
    for value in secrets:
        for form in _guarded_forms(value):
            data = data.replace(form, MASK.encode())
    for _ in range(4):
        spans = _strict_spans(data, rules or shipped())
        if not spans:
            break
        data = replaced(data, [(span.start, span.end, MASK) for span in spans])
    return data.decode("utf-8", "surrogatepass")


def mask_strict(value: Any, *, rules: RuleSet | None = None) -> Any:  # noqa: ANN401 - any JSON value
    """Return what came back from outside, less whatever a strict rule finds in its texts."""
    if isinstance(value, Mapping):
        return {name: mask_strict(item, rules=rules) for name, item in value.items()}
    if isinstance(value, list):
        return [mask_strict(item, rules=rules) for item in value]
    return clean_answer(value, rules=rules) if isinstance(value, str) else value


def _strict_spans(data: bytes, rules: RuleSet) -> list[Span]:
    return [
        span
        for span in rules.strict_spans(data)
        if not PLACEHOLDER_BYTES.fullmatch(data[span.start : span.end])
    ]


@lru_cache(maxsize=16)
def _guard(values: tuple[str, ...], engine: EngineName) -> Scanner | None:
    """Return one search for every spelling of some values; null where there is none to look for."""
    spelled = {form for value in values for form in _guarded_forms(value)}
    if not spelled:
        return None
    return uncached_scanner(b"|".join(map(re.escape, sorted(spelled))), engine)


@lru_cache(maxsize=64)
def _guarded_forms(value: str) -> tuple[bytes, ...]:
    """Return the spellings of a key or canary, longest first; none of one that is too short."""
    if len(value) < SHORTEST_GUARDED:
        return ()
    hexadecimal = value.encode("utf-8", "surrogatepass").hex()
    spelled = tuple(form for form, _ in forms(value))
    return (hexadecimal.encode(), hexadecimal.upper().encode(), *spelled)
