"""The sanitizer of one incident: equal values get equal pseudonyms in all of its texts.

Placeholders read `<EMAIL_1>`: a category and an ordinal in first-seen order. They are inert, so a
second pass changes nothing. The map is never stored.
"""

import base64
import ipaddress
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

from replay_assets.sanitizing.rules import (
    RULES_VERSION,
    SECRET_KEY,
    SHIPPED,
    Rule,
    RuleSet,
    rules_digest,
)

__all__ = [
    "RULES_VERSION",
    "Finding",
    "IncidentSanitizer",
    "clean_answer",
    "gate_findings",
    "mask_strict",
    "rules_digest",
    "sanitize_text",
    "strict_findings",
]

PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]{1,20}_[0-9]{1,6}>")
SWEPT_FROM_CHARACTERS = 8
"""Shorter values are not swept: they are too often part of something else."""
SHORTEST_SECRET_NUMBER = 4
"""A number under a secret's key is one from this many characters on, as in `password=1234`."""


@dataclass(frozen=True)
class Finding:
    """One value of an incident's map: what found it and what stands for it. Never written."""

    category: str
    rule_id: str
    canonical: str
    placeholder: str


class IncidentSanitizer:
    """One map of pseudonyms and the counts of what was found.

    Call it on every text of an incident in a fixed order, then `sweep` each result: a password that
    one text names as such is then gone from the others as well.
    """

    def __init__(self, rules: RuleSet = SHIPPED) -> None:
        self._rules = rules
        self._findings: dict[str, Finding] = {}
        self._placeholders: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._ordinals: Counter[str] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()

    def raw_text(self, text: str) -> str:
        """Sanitize text known to be raw: what only looks like a placeholder is escaped first.

        Half a surrogate pair, which JSON can spell and UTF-8 can't, becomes a question mark.
        """
        text = text.encode("utf-8", "replace").decode()
        return self.text(PLACEHOLDER.sub(lambda match: f"‹{match.group()[1:-1]}›", text))

    def text(self, text: str) -> str:
        """Replace every value that a rule finds; leave placeholders alone."""
        for rule in self._rules.rules:
            text = rule.pattern.sub(partial(self._replace, rule), text)
        return text

    def findings(self) -> tuple[Finding, ...]:
        """Return the map: each value with the rule that found it first, in order of ordinals."""
        return tuple(self._findings.values())

    def pseudonymized(self, text: str) -> str:
        """Return a text with every value of the map replaced; what the map doesn't hold stays."""
        known = IncidentSanitizer(self._rules)
        known._placeholders = dict(self._placeholders)
        masked = known.text(text)
        for (category, canonical), placeholder in known._placeholders.items():
            if (category, canonical) not in self._placeholders:
                masked = masked.replace(placeholder, canonical)
        swept: str = self.sweep(masked)
        return swept

    def value(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
        """Sanitize every key and leaf of a JSON value; a leaf under a secret's key goes whole."""
        if isinstance(value, Mapping):
            return {
                self.raw_text(str(name)): self.value(item, str(name))
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item, key) for item in value]
        if isinstance(value, str):
            if value and SECRET_KEY.search(key) and not PLACEHOLDER.fullmatch(value):
                return self._placeholder("SECRET", value, "json_key")
            return self.raw_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, key)
        return value

    def _number(self, value: float, key: str) -> float | str:
        text = str(value)
        if SECRET_KEY.search(key) and len(text) >= SHORTEST_SECRET_NUMBER:
            return self._placeholder("SECRET", text, "json_key")
        masked = self.text(text)
        return value if masked == text and math.isfinite(value) else masked

    def sweep(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Replace every value found anywhere in the incident, wherever else it stands."""
        if isinstance(value, Mapping):
            return {self.sweep(name): self.sweep(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.sweep(item) for item in value]
        if isinstance(value, str):
            for raw in sorted(self._values, key=len, reverse=True):
                value = value.replace(raw, self._values[raw])
        return value

    def _replace(self, rule: Rule, match: re.Match[str]) -> str:
        found = match.group("value")
        if not rule.accepts(found) or PLACEHOLDER.fullmatch(found):
            return match.group()
        start, end = match.span("value")
        whole = match.group()
        offset = match.start()
        placeholder = self._placeholder(_category(rule.category, found), found, rule.id)
        return whole[: start - offset] + placeholder + whole[end - offset :]

    def _placeholder(self, category: str, value: str, rule_id: str) -> str:
        self.counts[(category, rule_id)] += 1
        known = (category, _canonical(category, value))
        if known not in self._placeholders:
            self._ordinals[category] += 1
            self._placeholders[known] = f"<{category}_{self._ordinals[category]}>"
            finding = Finding(category, rule_id, known[1], self._placeholders[known])
            self._findings[finding.placeholder] = finding
        placeholder = self._placeholders[known]
        if len(value) >= SWEPT_FROM_CHARACTERS and not value.isalpha():
            self._values[value] = placeholder
        return placeholder


def sanitize_text(text: str) -> str:
    """Return one text sanitized under a map of its own. A second pass changes nothing."""
    sanitizer = IncidentSanitizer()
    swept: str = sanitizer.sweep(sanitizer.text(text))
    return swept


def mask_strict(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return what came back from outside, less whatever a strict rule finds in its texts."""
    if isinstance(value, Mapping):
        return {name: mask_strict(item) for name, item in value.items()}
    if isinstance(value, list):
        return [mask_strict(item) for item in value]
    if isinstance(value, str):
        for rule in SHIPPED.rules:
            if rule.strict:
                value = rule.pattern.sub(partial(_masked, rule), value)
    return value


def _masked(rule: Rule, match: re.Match[str]) -> str:
    found = match.group("value")
    if not rule.accepts(found) or PLACEHOLDER.fullmatch(found):
        return match.group()
    return match.group().replace(found, "<MASKED_0>")


def strict_findings(text: str, *, rules: RuleSet = SHIPPED) -> list[str]:
    """Return the ids of the strict rules that a text still trips: none in what may be sent."""
    return [
        rule.id
        for rule in rules.rules
        if rule.strict
        and any(
            rule.accepts(match.group("value")) and not PLACEHOLDER.fullmatch(match.group("value"))
            for match in rule.pattern.finditer(text)
        )
    ]


def gate_findings(
    body: str | bytes,
    *,
    secrets: Sequence[str] = (),
    canaries: Sequence[str] = (),
    rules: RuleSet = SHIPPED,
) -> list[str]:
    r"""Return what must not leave in JSON: in its bytes, and in each key and text of it.

    Both, because an escape hides a boundary: in `\n4111…` the card seems to follow a letter.
    Ids of strict rules, `api_key_in_use` for a secret, `canary` for a canary.
    """
    text = body.decode() if isinstance(body, bytes) else body
    texts = [text, *_texts(text)]
    found = [rule for one in texts for rule in strict_findings(one, rules=rules)]
    for name, values in (("api_key_in_use", secrets), ("canary", canaries)):
        if any(form in one for value in values for form in _forms(value) for one in texts):
            found.append(name)
    return list(dict.fromkeys(found))


def clean_answer(text: str, *, secrets: Sequence[str] = (), rules: RuleSet = SHIPPED) -> str:
    """Return what came back from an endpoint, less keys in any form and strict findings."""
    for value in secrets:
        for form in _forms(value):
            text = text.replace(form, "<MASKED_0>")
    for rule in rules.rules:
        if rule.strict:
            text = rule.pattern.sub(partial(_masked, rule), text)
    return text


def _texts(body: str) -> list[str]:
    texts: list[str] = []

    def keep(pairs: list[tuple[str, Any]]) -> None:
        for name, value in pairs:
            texts.append(name)
            keep_texts(value)

    def keep_texts(value: Any) -> None:  # noqa: ANN401 - any JSON value
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, list):
            for item in value:
                keep_texts(item)

    keep_texts(json.loads(body, object_pairs_hook=keep))
    return texts


def _forms(value: str) -> Iterable[str]:
    """Return a value as it is written bare, escaped for JSON or a URL, and in base64."""
    return sorted(set(_each_form(value)) - {""}, key=len, reverse=True)


def _each_form(value: str) -> Iterator[str]:
    yield from (value, json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value))
    plain = base64.b64encode(value.encode()).decode()
    yield from (plain, plain.rstrip("="), plain.replace("+", "-").replace("/", "_"))


def _category(category: str, value: str) -> str:
    if category != "IP":
        return category
    address = ipaddress.ip_address(value)
    documentation = any(address in network for network in DOCUMENTATION_NETWORKS)
    return "IP_PRIV" if address.is_private and not documentation else "IP_PUB"


DOCUMENTATION_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)
"""Python calls these private; in an incident they stand for public addresses."""


def _canonical(category: str, value: str) -> str:
    if category == "EMAIL":
        return value.lower()
    if category in ("CARD", "PHONE"):
        digits = "".join(character for character in value if character.isdigit())
        return "0" + digits[3:] if digits.startswith("886") else digits
    return value
