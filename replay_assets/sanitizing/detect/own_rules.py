r"""Rules that a deployment adds in YAML, and the soft categories that it may switch on.

    rules:
      - id: acme.badge
        category: BADGE
        pattern: 'ACME-[0-9]{6}'
        example: badge ACME-123456
        unlike: badge ACME-12
        strict: true          # must also hold at the gate on bytes; default false
    soft:
      host_names: true        # fully qualified names outside the cluster
      mac_addresses: true
      user_paths: true        # /home/<name>, C:\\Users\\<name>
      persons: [王小明, Alice Chen]

Patterns are RE2's: no look-around, no back-references, so that every search stays linear. A group
named `value` marks the part that goes; without one, all of the match goes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from replay_assets.errors import ConfigurationError
from replay_assets.sanitizing.detect.matching import EngineName, re2
from replay_assets.sanitizing.detect.spans import Span

_ID = re.compile(r"[a-z][a-z0-9_.-]{1,60}")
_CATEGORY = re.compile(r"[A-Z][A-Z_]{1,16}")
_NOT_RE2 = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|(?<!\\)(?:\\\\)*\\[1-9]|[*+?}]\+")
_ERRORS = (re.error, *([re2.error] if re2 is not None else []))
_REQUIRED = {"id", "category", "pattern", "example", "unlike"}


@dataclass(frozen=True)
class OwnRule:
    """A pattern in RE2's syntax, with an example that it finds and one that it leaves."""

    id: str
    category: str
    pattern: str
    example: str
    unlike: str
    strict: bool = False

    @classmethod
    def of(cls, entry: Any) -> "OwnRule":  # noqa: ANN401 - whatever YAML holds
        """Read a rule and try it on its examples.

        Raises:
            ConfigurationError: if a field is missing or wrong, or an example contradicts the rule.
        """
        if not isinstance(entry, Mapping):
            raise ConfigurationError(f"a rule is {entry!r}; write the fields of a rule")
        name = entry.get("id", "without an id")
        if missing := sorted(_REQUIRED - set(entry)):
            raise ConfigurationError(f"rule {name!r} has no {missing[0]!r}; add it")
        if unknown := sorted(set(entry) - _REQUIRED - {"strict"}):
            raise ConfigurationError(f"rule {name!r}: field {unknown[0]!r} is unknown; drop it")
        for key in sorted(_REQUIRED):
            if not isinstance(entry[key], str) or not entry[key]:
                raise ConfigurationError(f"rule {name!r}: {key} is {entry[key]!r}; quote a text")
        if not isinstance(entry.get("strict", False), bool):
            raise ConfigurationError(f"rule {name!r}: strict is {entry['strict']!r}, no bool")
        rule = cls(**entry)
        rule._check()
        return rule

    def _check(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ConfigurationError(
                f"rule {self.id!r}: an id is small letters, digits, `.`, `_`, `-`"
            )
        if not _CATEGORY.fullmatch(self.category):
            raise ConfigurationError(
                f"rule {self.id!r}: category {self.category!r}: capitals and `_`, as in BADGE"
            )
        if _NOT_RE2.search(self.pattern):
            raise ConfigurationError(
                f"rule {self.id!r}: pattern {self.pattern!r} looks around or back, which RE2"
                " does not; mark the part to mask with a group named `value` instead"
            )
        finder = OwnRuleFinder(self, "re2" if re2 is not None else "re")
        if not finder.find(self.example.encode()):
            raise ConfigurationError(f"rule {self.id!r} does not find its example {self.example!r}")
        if finder.find(self.unlike.encode()):
            raise ConfigurationError(f"rule {self.id!r} finds {self.unlike!r}, which it must leave")


class OwnRuleFinder:
    """One pattern over Unicode text; offsets come back in bytes."""

    def __init__(self, rule: OwnRule, engine: EngineName) -> None:
        self._rule = rule
        try:
            if engine == "re2" and re2 is not None:
                options = re2.Options()
                options.log_errors = False
                self._pattern = re2.compile(rule.pattern.encode(), options)
                self._group = self._pattern.groupindex.get(b"value", 0)
            else:
                self._pattern = re.compile(rule.pattern, re.ASCII)
                self._group = self._pattern.groupindex.get("value", 0)
        except _ERRORS as error:
            raise ConfigurationError(
                f"rule {rule.id!r}: pattern {rule.pattern!r} does not compile: {error}"
            ) from error
        self._in_bytes = engine == "re2" and re2 is not None

    def find(self, data: bytes) -> list[Span]:
        """Return what the rule finds in a text, left to right."""
        rule = self._rule
        return [
            Span(start, end, rule.category, rule.id, rule.strict)
            for start, end in self._offsets(data)
            if end > start
        ]

    def _offsets(self, data: bytes) -> Iterator[tuple[int, int]]:
        if self._in_bytes:
            yield from (match.span(self._group) for match in self._pattern.finditer(data))
            return
        text = data.decode("utf-8", "surrogatepass")
        characters = offset = 0
        for match in self._pattern.finditer(text):
            start, end = match.span(self._group)
            if start < 0:
                continue
            begin = offset + len(text[characters:start].encode("utf-8", "surrogatepass"))
            offset = begin + len(text[start:end].encode("utf-8", "surrogatepass"))
            characters = end
            yield begin, offset


@dataclass(frozen=True)
class SoftCategories:
    """What only some teams count as personal data; all off unless a rules file says otherwise."""

    host_names: bool = False
    mac_addresses: bool = False
    user_paths: bool = False
    persons: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Any) -> "SoftCategories":  # noqa: ANN401 - whatever YAML holds
        """Read the switches.

        Raises:
            ConfigurationError: if one is unknown or of the wrong kind.
        """
        if not isinstance(entry, Mapping):
            raise ConfigurationError(f"`soft` is {entry!r}; write a switch a line")
        known = {"host_names", "mac_addresses", "user_paths", "persons"}
        if unknown := sorted(map(str, set(entry) - known)):
            raise ConfigurationError(
                f"soft category {unknown[0]!r} is unknown; choose of {', '.join(sorted(known))}"
            )
        for name in sorted(known - {"persons"}):
            if not isinstance(entry.get(name, False), bool):
                raise ConfigurationError(
                    f"soft category {name}: {entry[name]!r}; say true or false"
                )
        persons = entry.get("persons", [])
        if not isinstance(persons, list) or not all(
            isinstance(one, str) and one for one in persons
        ):
            raise ConfigurationError(f"soft category persons: {persons!r}; list names")
        switches = {name: value for name, value in entry.items() if name != "persons"}
        return cls(**switches, persons=tuple(persons))

    def rules(self) -> tuple[OwnRule, ...]:
        """Return the rules of what is switched on."""
        chosen = [rule for name, rule in _SOFT.items() if getattr(self, name)]
        if self.persons:
            names = "|".join(
                re.escape(name) for name in sorted(self.persons, key=len, reverse=True)
            )
            chosen.append(OwnRule("person", "PERSON", f"(?i:{names})", self.persons[0], "-"))
        return tuple(chosen)


_SOFT = {
    "host_names": OwnRule(
        "host_name",
        "HOST",
        r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){2,8}(?:com|net|org|io|dev|tw|jp|cn"
        r"|us|eu|de|uk|corp|internal|lan|intra|example|test|cloud|app)\b",
        "db-primary-01.prod.corp.example.com",
        "orders.default.svc.cluster.local",
    ),
    "mac_addresses": OwnRule(
        "mac_address",
        "MAC",
        r"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})\b"
        r"|\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b",
        "00:1A:2B:3C:4D:5E",
        "10:22:31",
    ),
    "user_paths": OwnRule(
        "user_path",
        "USER",
        r"(?:/home/|/Users/|[A-Za-z]:\\{1,4}Users\\{1,4})"
        r"(?P<value>[A-Za-z0-9][A-Za-z0-9._-]{0,63})",
        "/home/alice.chen/app",
        "/homework/alice",
    ),
}
