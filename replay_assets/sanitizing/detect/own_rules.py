r"""Rules that a deployment adds in YAML, and the soft categories that it may enable.

    rules:
      - id: acme.badge
        category: BADGE
        pattern: 'ACME-[0-9]{6}'
        example: badge ACME-123456
        unlike: badge ACME-12
        strict: true          # also blocks text at the gate; default false
    soft:
      host_names: true        # fully qualified names outside the cluster
      mac_addresses: true
      user_paths: true        # /home/<name>, C:\\Users\\<name>
      persons: [王小明, Alice Chen]

Patterns use RE2's syntax: no look-around and no back-references, so that search time stays linear.
A group named `value` marks the part to mask; without it, the complete match is masked.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, model_validator

from replay_assets.contracts.record import Part
from replay_assets.parsing.yaml_files import Mistake
from replay_assets.sanitizing.detect.matching import EngineName, re2
from replay_assets.sanitizing.detect.spans import Span

_NOT_RE2 = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|(?<!\\)(?:\\\\)*\\[1-9]|[*+?}]\+")
_ERRORS = (re.error, *([re2.error] if re2 is not None else []))


def _written(form: str, says: str) -> AfterValidator:
    """Return a validator that accepts only texts of a given form."""

    def check(text: str) -> str:
        if not re.fullmatch(form, text):
            raise ValueError(says)
        return text

    return AfterValidator(check)


def _in_re2(pattern: str) -> str:
    if _NOT_RE2.search(pattern):
        raise ValueError(
            "the pattern has a look-around or back-reference, which RE2 does not support; mark the "
            "part to mask with a group named `value` instead"
        )
    return pattern


Text = Annotated[str, Field(min_length=1)]


class OwnRule(Part):
    """A pattern in RE2's syntax, with an example that it finds and one that it must not find."""

    id: Annotated[
        str,
        _written(
            r"[a-z][a-z0-9_.-]{1,60}",
            "an id has only small letters, digits, `.`, `_`, `-`, and begins with a letter",
        ),
    ]
    category: Annotated[
        str, _written(r"[A-Z][A-Z_]{1,16}", "a category has only capitals and `_`, as in BADGE")
    ]
    pattern: Annotated[Text, AfterValidator(_in_re2)]
    example: Text
    unlike: Text
    strict: StrictBool = False


class OwnRuleFinder:
    """Searches Unicode text for one pattern; offsets are in bytes."""

    def __init__(self, rule: OwnRule, engine: EngineName) -> None:
        self._rule = rule
        try:
            if engine == "re2" and re2 is not None:
                options = re2.Options()
                options.log_errors = False
                self._pattern = re2.compile(rule.pattern.encode(), options)
                self._group = self._pattern.groupindex.get(b"value", 0)
            else:
                # ASCII as in RE2: otherwise \b would not match between a token and Chinese.
                self._pattern = re.compile(rule.pattern, re.ASCII)
                self._group = self._pattern.groupindex.get("value", 0)
        except _ERRORS as error:
            raise ValueError(f"pattern {rule.pattern!r} does not compile: {error}") from error
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
        # Python's engine counts characters; spans count bytes.
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


class SoftCategories(Part):
    """What only some teams count as personal data; all off unless a rules file enables them."""

    host_names: StrictBool = False
    mac_addresses: StrictBool = False
    user_paths: StrictBool = False
    persons: tuple[Text, ...] = ()

    def rules(self) -> tuple[OwnRule, ...]:
        """Return the rules of the enabled categories."""
        chosen = [rule for name, rule in _SOFT.items() if getattr(self, name)]
        if self.persons:
            # Longest first, because the first alternative that matches wins.
            names = "|".join(
                re.escape(name) for name in sorted(self.persons, key=len, reverse=True)
            )
            chosen.append(_rule("person", "PERSON", f"(?i:{names})", self.persons[0], "-"))
        return tuple(chosen)


def _rule(id_: str, category: str, pattern: str, example: str, unlike: str) -> OwnRule:
    return OwnRule(id=id_, category=category, pattern=pattern, example=example, unlike=unlike)


_SOFT = {
    "host_names": _rule(
        "host_name",
        "HOST",
        r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){2,8}(?:com|net|org|io|dev|tw|jp|cn"
        r"|us|eu|de|uk|corp|internal|lan|intra|example|test|cloud|app)\b",
        "db-primary-01.prod.corp.example.com",
        "orders.default.svc.cluster.local",
    ),
    "mac_addresses": _rule(
        "mac_address",
        "MAC",
        r"\b[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})\b"
        r"|\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b",
        "00:1A:2B:3C:4D:5E",
        "10:22:31",
    ),
    "user_paths": _rule(
        "user_path",
        "USER",
        r"(?:/home/|/Users/|[A-Za-z]:\\{1,4}Users\\{1,4})"
        r"(?P<value>[A-Za-z0-9][A-Za-z0-9._-]{0,63})",
        "/home/alice.chen/app",
        "/homework/alice",
    ),
}


class RulesFile(Part):
    """The content of a deployment's rules file."""

    rules: tuple[OwnRule, ...] = ()
    soft: SoftCategories = SoftCategories()

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, content: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
        """Read a key without a value like a missing key."""
        if not isinstance(content, dict):
            return content
        return {key: value for key, value in content.items() if value is not None}


def mistakes_of(file: RulesFile) -> Iterator[Mistake]:
    """Yield rules that contradict their examples, and ids that two rules have."""
    times = Counter(rule.id for rule in file.rules)
    for index, rule in enumerate(file.rules):
        if times[rule.id] > 1:
            yield Mistake(("rules", index, "id"), f"two rules have the id {rule.id!r}")
        try:
            finder = OwnRuleFinder(rule, "re2" if re2 is not None else "re")
        except ValueError as error:
            yield Mistake(("rules", index, "pattern"), f"rule {rule.id!r}: {error}")
            continue
        if not finder.find(rule.example.encode()):
            says = f"rule {rule.id!r} does not find this example"
            yield Mistake(("rules", index, "example"), says)
        if finder.find(rule.unlike.encode()):
            says = f"rule {rule.id!r} finds this text, which it must not find"
            yield Mistake(("rules", index, "unlike"), says)
