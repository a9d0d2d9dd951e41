"""The sanitizer of one incident: equal values get equal pseudonyms in all of its texts.

Placeholders look like `<EMAIL_1>`: a category and a number in first-seen order. Rules never match
them, so a second pass changes nothing. The map is never stored.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from replay_assets.sanitizing.detect import (
    SECRET,
    RuleSet,
    Span,
    default_engine,
    is_entry,
    is_harmless,
    is_reference,
    is_session,
    looks_random,
    shipped,
    strength,
)
from replay_assets.sanitizing.pseudonyms.pseudonym_map import (
    PLACEHOLDER,
    PLACEHOLDER_BYTES,
    Finding,
    PseudonymMap,
    canonical_form,
    replaced,
)

SHORTEST_SECRET_NUMBER = 4
"""Under a secret's key, a number with this many characters or more is a secret: `password=1234`."""
SHORTEST_IN_A_ROW = 6
ROUNDS = 6
"""Masking a value may create a new word boundary; two rounds settle all but hostile texts."""


class IncidentSanitizer:
    """One map of pseudonyms, and how often each rule matched.

    Call it on every text of an incident in a fixed order, then `sweep` each result: a password that
    one text names as a password is then removed from the other texts too.
    """

    def __init__(self, rules: RuleSet | None = None) -> None:
        self._rules = rules or shipped()
        self._map = PseudonymMap(default_engine())
        self.counts: Counter[tuple[str, str]] = Counter()

    def findings(self) -> tuple[Finding, ...]:
        """Return the map: each value with the first rule that found it, in first-seen order."""
        return tuple(self._map)

    def raw_text(self, text: str) -> str:
        """Sanitize raw text: anything that only looks like a placeholder is escaped first.

        Half a surrogate pair becomes a question mark: JSON can contain it, UTF-8 can't.
        """
        text = text.encode("utf-8", "replace").decode()
        # Otherwise a text could pretend to name a value that was masked elsewhere.
        return self.text(PLACEHOLDER.sub(lambda match: f"‹{match.group()[1:-1]}›", text))

    def text(self, text: str) -> str:
        """Replace every value that a rule finds; leave placeholders unchanged."""
        data = text.encode("utf-8", "surrogatepass")
        for _ in range(ROUNDS):
            spans = self._found(data)
            if not spans:
                break
            parts = [(span.start, span.end, self._placeholder(span, data)) for span in spans]
            data = replaced(data, parts)
        return data.decode("utf-8", "surrogatepass")

    def pseudonymized(self, text: str) -> str:
        """Replace every value that is already in the map; leave all other text unchanged."""
        data = text.encode("utf-8", "surrogatepass")
        # A run may contain two secrets: masking the second must not hide the first.
        parts = []
        for span in self._found(data):
            value = data[span.start : span.end].decode("utf-8", "surrogatepass")
            canonical = span.canonical or canonical_form(span.category, value)
            if (placeholder := self._map.known(span.category, canonical)) is not None:
                parts.append((span.start, span.end, placeholder))
        return self._map.sweep(replaced(data, parts).decode("utf-8", "surrogatepass"))

    def value(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
        """Sanitize every key and leaf of a JSON value; a leaf under a secret's key is masked."""
        if isinstance(value, Mapping):
            return self._object(value, key)
        if isinstance(value, list | tuple):
            return self._list(value, key)
        if isinstance(value, str):
            if _is_secret_leaf(value, key):
                return self._masked(value)
            if variable := _VARIABLE.fullmatch(value):
                name, text = variable.groups()
                if strength(name) == "strong" and _is_secret_leaf(text, name):
                    return f"{name}={self._masked(text)}"
            return self.raw_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, key)
        return value

    def sweep(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Replace every value found anywhere in the incident, wherever else it appears."""
        if isinstance(value, Mapping):
            return {self.sweep(name): self.sweep(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.sweep(item) for item in value]
        return self._map.sweep(value) if isinstance(value, str) else value

    def _object(self, value: Mapping[Any, Any], key: str) -> dict[str, Any]:
        """Sanitize a JSON object; a Secret's sections and name/value pairs mark their leaves.

        So does the object's own key: in `{"password": {"old": "…", "new": "…"}}` it names both.
        """
        secret_below = _SECTIONS if str(value.get("kind", "")).lower() == "secret" else frozenset()
        named = _name_of_pair(value) or (key if strength(key) == "strong" else "")
        return {
            # Keys too: a map from address to count has the address as its key.
            self.raw_text(str(name)): self._below(
                item,
                _key_below(str(name), key, named),
                str(name) in secret_below,
            )
            for name, item in value.items()
        }

    def _list(self, items: Sequence[Any], key: str) -> list[Any]:
        """Sanitize a list: arguments of a command, a name with its value, or any items."""
        found = [
            self.value(item, _flag_before(items, at, item) or key) for at, item in enumerate(items)
        ]
        texts = [item for item in found if isinstance(item, str)]
        if len(texts) == len(items) == 2 and _is_row(found[0], items[1]):
            return [found[0], self._masked(items[1])]
        if len(texts) == len(items) and any(text.startswith("-") for text in texts):
            return self._arguments(texts)
        return found

    def _arguments(self, items: list[str]) -> list[str]:
        """Sanitize the arguments of a command together: `-p…` is a password after `mysql` only."""
        try:
            masked = json.loads(self.text(json.dumps(items, ensure_ascii=False)))
        except ValueError:  # a value had a quote in it
            return items
        return masked if len(masked) == len(items) else items

    def _below(self, item: Any, name: str, in_secret: bool) -> Any:  # noqa: ANN401 - any JSON value
        if in_secret and isinstance(item, Mapping):
            return {self.raw_text(str(key)): self._masked(str(leaf)) for key, leaf in item.items()}
        return self.value(item, name)

    def _number(self, value: float, key: str) -> float | str:
        text = str(value)
        if strength(key) == "strong" and len(text) >= SHORTEST_SECRET_NUMBER:
            return self._masked(text)
        masked = self.text(text)
        # NaN and infinity are not JSON, so they become texts.
        return value if masked == text and math.isfinite(value) else masked

    def _masked(self, value: str) -> str:
        if not value or PLACEHOLDER.fullmatch(value):
            return value
        value = value.encode("utf-8", "replace").decode()
        self.counts[(SECRET, "json_key")] += 1
        return self._map.placeholder(SECRET, value, "json_key", None)

    def _found(self, data: bytes) -> list[Span]:
        """Return what the rules find, without placeholders and what touches one."""
        found: list[Span] = []
        for span in self._rules.spans(data):
            found += _around_placeholders(span, data)
        return found

    def _placeholder(self, span: Span, data: bytes) -> str:
        value = data[span.start : span.end].decode("utf-8", "surrogatepass")
        self.counts[(span.category, span.rule_id)] += 1
        return self._map.placeholder(span.category, value, span.rule_id, span.canonical)


_VARIABLE = re.compile(r"([A-Z][A-Z0-9_]{2,60})=([^\r\n=]{3,200})")
"""A variable of an environment, as one text: blanks belong to its value."""
_SECTIONS = frozenset({"data", "stringData"})
_VALUES = frozenset((
    "value", "old", "new", "from", "to", "before", "after", "previous", "current", "old_value",
    "new_value", "oldvalue", "newvalue", "from_value", "to_value", "val", "v", "default",
    "parametervalue", "stringvalue", "string_value", "secretvalue",
))  # fmt: skip
"""Keys whose text is a value of the name next to them, or of the change around them."""
_NAMES = ("name", "key", "k", "field", "variable", "env", "header", "parameterkey", "attribute")


def _key_below(name: str, key: str, named: str) -> str:
    """Return the key that decides what a leaf is: its own, its pair's name, or its object's."""
    folded = name.lower()
    if folded == "id" and is_session(key):
        return "session_id"
    return named if named and folded in _VALUES else name


def _name_of_pair(value: Mapping[Any, Any]) -> str:
    """Return the name that `{"name": "DB_PASSWORD", "value": "…"}` gives to its value."""
    folded = {str(name).lower(): item for name, item in value.items()}
    if _VALUES.isdisjoint(folded):
        return ""
    return next((str(folded[name]) for name in _NAMES if isinstance(folded.get(name), str)), "")


def _is_row(name: str, value: str) -> bool:
    """Return whether two texts are a secret's name and its value, not two names."""
    return (
        strength(name) == "strong"
        and len(value) >= SHORTEST_IN_A_ROW
        and any(map(str.isdigit, value))
        and not is_entry(value.encode("utf-8", "replace"))
        and _is_secret_leaf(value, name)
    )


def _flag_before(items: Sequence[Any], at: int, item: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the flag that a list of arguments has before a value: `["--password", "…"]`."""
    flag = items[at - 1] if at else ""
    is_flag = isinstance(flag, str) and flag.startswith("--") and "=" not in flag
    return flag if is_flag and isinstance(item, str) and not item.startswith("-") else ""


def _is_secret_leaf(value: str, key: str) -> bool:
    """Return whether a text leaf is a secret because of its key, whatever it looks like."""
    believed = strength(key)
    if not value or believed == "none" or PLACEHOLDER.fullmatch(value):
        return False
    data = value.encode("utf-8", "replace")
    if believed == "weak":
        return looks_random(data)
    return not is_harmless(data) and not is_reference(key, data)


def _around_placeholders(span: Span, data: bytes) -> list[Span]:
    """Return the parts of a span between placeholders, which stay unchanged."""
    value = data[span.start : span.end]
    if b"<" not in value:
        return [span]
    parts = []
    position = 0
    for match in PLACEHOLDER_BYTES.finditer(value):
        parts.append((position, match.start()))
        position = match.end()
    if not parts:
        return [span]
    parts.append((position, len(value)))
    return [
        span._replace(start=span.start + start, end=span.start + end, canonical=None)
        for start, end in parts
        if len(value[start:end].strip(b" \t\r\n,;:.\"'|&()[]{}\\/=-")) > 2
    ]


def sanitize_text(text: str, *, rules: RuleSet | None = None) -> str:
    """Return one text sanitized with a map for this text only. A second pass changes nothing."""
    sanitizer = IncidentSanitizer(rules)
    for _ in range(ROUNDS):
        text = sanitizer.text(text)
        swept: str = sanitizer.sweep(text)
        if swept == text:
            break
        text = swept
    return text
