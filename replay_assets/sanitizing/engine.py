"""The sanitizer of one incident: equal values get equal pseudonyms in all of its texts.

Placeholders read `<EMAIL_1>`: a category and an ordinal in first-seen order. They are inert, so a
second pass changes nothing. The map is never stored.
"""

import hashlib
import ipaddress
import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from replay_assets.sanitizing.rules import RULES, RULES_VERSION, SECRET_KEY, Rule

PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]{1,20}_[0-9]{1,6}>")
SWEPT_FROM_CHARACTERS = 8
"""Shorter values are not swept: they are too often part of something else."""
SHORTEST_SECRET_NUMBER = 4
"""A number under a secret's key is one from this many characters on, as in `password=1234`."""


def rules_digest() -> str:
    """Return the SHA-256 of all rules, so that an audit can name what was applied."""
    text = "\n".join(f"{rule.id}\t{rule.category}\t{rule.pattern.pattern}" for rule in RULES)
    return hashlib.sha256(f"{RULES_VERSION}\n{text}".encode()).hexdigest()


class IncidentSanitizer:
    """One map of pseudonyms and the counts of what was found.

    Call it on every text of an incident in a fixed order, then `sweep` each result: a password that
    one text names as such is then gone from the others as well.
    """

    def __init__(self) -> None:
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
        for rule in RULES:
            text = rule.pattern.sub(partial(self._replace, rule), text)
        return text

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
        for rule in RULES:
            if rule.strict:
                value = rule.pattern.sub(partial(_masked, rule), value)
    return value


def _masked(rule: Rule, match: re.Match[str]) -> str:
    found = match.group("value")
    if not rule.accepts(found) or PLACEHOLDER.fullmatch(found):
        return match.group()
    return match.group().replace(found, "<MASKED_0>")


def strict_findings(text: str) -> list[str]:
    """Return the ids of the strict rules that a text still trips: none in what may be sent."""
    return [
        rule.id
        for rule in RULES
        if rule.strict
        and any(
            rule.accepts(match.group("value")) and not PLACEHOLDER.fullmatch(match.group("value"))
            for match in rule.pattern.finditer(text)
        )
    ]


def gate_findings(body: str) -> list[str]:
    r"""Return what `strict_findings` sees in JSON: in its bytes, and in each key and text of it.

    Both, because an escape hides a boundary: in `\n4111…` the card seems to follow a letter.
    """
    texts = [body]

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
    found = [rule for text in texts for rule in strict_findings(text)]
    return list(dict.fromkeys(found))


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
