"""Search for strict rules, keys in use and canaries in requests and in responses.

Pure functions; the client and the pack builder call them and decide what to do with a finding.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from replay_assets.sanitizing.detect import (
    EngineName,
    RuleSet,
    Scanner,
    Span,
    default_engine,
    read_string,
    shipped,
    strings_in,
    texts_in,
    uncached_scanner,
)
from replay_assets.sanitizing.pseudonyms import PLACEHOLDER_BYTES, forms, replaced

MASK = "<MASKED_0>"
_BETWEEN = "\n\0\n"
"""Separates texts that are searched as one; no value contains it."""
MOST_REMEMBERED, LONGEST_REMEMBERED = 1024, 8192
"""The most strings remembered as clean, and the most bytes of one; bodies share a few hundred."""
LONGEST_REACH = 256
"""How many bytes a value may reach into the end of a body; its first braces stop any value."""
SHORTEST_GUARDED = 6
"""A shorter key or canary would be found in any text, so it is not searched for."""


def strict_findings(text: str, *, rules: RuleSet | None = None) -> list[str]:
    """Return the ids of the strict rules that match a text; empty if the text may be sent."""
    data = text.encode("utf-8", "surrogatepass")
    return (rules or shipped()).strict_ids(data)


class Known:
    """Text already found clean under one set of rules, keys and canaries; it is not searched again.

    That is: strings in every body of a run, such as the system prompt, and the end that all bodies
    share, the schema of the answers.
    """

    def __init__(self) -> None:
        self._strings: set[bytes] = set()
        self._end = b""

    def own_part(self, raw: bytes, end: bytes) -> bytes:
        """Return a body without its end if that end is known to be clean; else the full body."""
        return raw[: -len(end)] if end and end == self._end and raw.endswith(end) else raw

    def add_end(self, end: bytes) -> None:
        """Remember the end of a clean body."""
        self._end = end

    def unknown(self, strings: Sequence[bytes]) -> list[bytes]:
        """Return the strings that were not searched yet."""
        return [string for string in strings if string not in self._strings]

    def add(self, strings: Sequence[bytes]) -> None:
        """Remember clean strings; if they become too many, all earlier ones are forgotten."""
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
    r"""Return what must not leave in a JSON body: found in its bytes, or in any key or text of it.

    Both are searched because an escape hides a word boundary: in `\n4111…` a letter seems to be
    directly before the card number.

    Args:
        body: the body as it would be sent.
        secrets: keys in use; also found if escaped or in base64.
        canaries: planted values that must never leave; found in the same encodings.
        rules: the deployment's rules; default: the shipped ones.
        known: text that need not be searched again; always pass it with the same secrets,
            canaries and rules.
        end: the end that this body shares with others: members of its object, from a comma on. It
            is searched completely in the first body; in later ones only its first bytes are, which
            a value that begins before it may reach.

    Returns:
        Ids of strict rules, `api_key_in_use`, `canary`; empty if the body may be sent.

    Raises:
        ValueError: the body is not valid JSON; the caller must not send it.
    """
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    rules, known = rules or shipped(), known or Known()
    own = known.own_part(raw, end)
    strings = strings_in(raw if own is raw else own + b"}")
    looked_at = known.unknown(strings)
    texts = _BETWEEN.join(map(read_string, looked_at)).encode("utf-8", "surrogatepass")
    # Escapes and colours are decoded in the texts only, so that this is not done twice.
    raw = raw if own is raw else own + end[:LONGEST_REACH]
    found = rules.strict_ids(texts, raw=raw)
    # One search for all of them first, because nearly every body contains none.
    everything = _guard((*secrets, *canaries), default_engine())
    if everything is not None and (everything.search(raw) or everything.search(texts)):
        for name, values in (("api_key_in_use", secrets), ("canary", canaries)):
            guard = _guard(tuple(values), default_engine())
            if guard is not None and (guard.search(raw) or guard.search(texts)):
                found.append(name)
    # Only clean text is remembered: a finding must be found again in the next body.
    if not found:
        known.add(looked_at)
        # There is no limit to how far a match of a deployment's own pattern reaches.
        if raw.endswith(end) and not rules.own:
            known.add_end(end)
    return list(dict.fromkeys(found))


def is_clean(
    value: Any,  # noqa: ANN401 - any JSON value
    *,
    secrets: Sequence[str] = (),
    rules: RuleSet | None = None,
) -> bool:
    """Return whether cleaning would leave a JSON value unchanged; False if unsure."""
    rules = rules or shipped()
    texts = texts_in(value)
    if len(texts) > 1 and rules.own:
        return False  # a deployment's pattern may be anchored to the start or end of a text
    data = _BETWEEN.join(texts).encode("utf-8", "surrogatepass")
    guard = _guard(tuple(secrets), default_engine())
    return (guard is None or guard.search(data) is None) and not rules.strict_ids(data)


def clean_answer(text: str, *, secrets: Sequence[str] = (), rules: RuleSet | None = None) -> str:
    """Return an endpoint's response without keys in any encoding and without strict matches."""
    data = text.encode("utf-8", "surrogatepass")
    # An endpoint may echo its own Authorization header.
    for value in secrets:
        for form in _guarded_forms(value):
            data = data.replace(form, MASK.encode())
    for _ in range(4):  # masking a value may create a new word boundary
        spans = _strict_spans(data, rules or shipped())
        if not spans:
            break
        data = replaced(data, [(span.start, span.end, MASK) for span in spans])
    return data.decode("utf-8", "surrogatepass")


def mask_strict(
    value: Any,  # noqa: ANN401 - any JSON value
    *,
    secrets: Sequence[str] = (),
    rules: RuleSet | None = None,
) -> Any:  # noqa: ANN401
    """Return a JSON value from outside without keys in any encoding and without strict matches."""
    if is_clean(value, secrets=secrets, rules=rules):
        return value
    return _masked(value, partial(clean_answer, secrets=secrets, rules=rules))


def _masked(value: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {clean(name): _masked(item, clean) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, clean) for item in value]
    return clean(value) if isinstance(value, str) else value


def _strict_spans(data: bytes, rules: RuleSet) -> list[Span]:
    return [
        span
        for span in rules.strict_spans(data)
        if not PLACEHOLDER_BYTES.fullmatch(data[span.start : span.end])
    ]


@lru_cache(maxsize=16)
def _guard(values: tuple[str, ...], engine: EngineName) -> Scanner | None:
    """Return one search for every spelling of some values; None if there is nothing to find."""
    spelled = {form for value in values for form in _guarded_forms(value)}
    if not spelled:
        return None
    return uncached_scanner(b"|".join(map(re.escape, sorted(spelled))), engine)


@lru_cache(maxsize=64)
def _guarded_forms(value: str) -> tuple[bytes, ...]:
    """Return the spellings of a key or canary, longest first; empty if it is too short."""
    if len(value) < SHORTEST_GUARDED:
        return ()
    hexadecimal = value.encode("utf-8", "surrogatepass").hex()
    spelled = tuple(form for form, _ in forms(value))
    return (hexadecimal.encode(), hexadecimal.upper().encode(), *spelled)
