"""Rules as data: the shipped tokens, a deployment's own patterns, and what is switched on.

A rule has an id, a category, an example that it must find and one that it must not find; both are
tested when a file is loaded. `strict` rules also block text at the gate; the others only redact.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path

from replay_assets.parsing.yaml_files import Secrecy, load_yaml, shipped_yaml
from replay_assets.sanitizing.detect.assignments import AssignmentFinder
from replay_assets.sanitizing.detect.combined_search import CombinedFinder
from replay_assets.sanitizing.detect.contexts import ContextFinder
from replay_assets.sanitizing.detect.decoded_view import spans_in
from replay_assets.sanitizing.detect.key_names import WORDS
from replay_assets.sanitizing.detect.manifests import ManifestFinder
from replay_assets.sanitizing.detect.matching import EngineName, default_engine
from replay_assets.sanitizing.detect.own_rules import (
    OwnRule,
    OwnRuleFinder,
    RulesFile,
    SoftCategories,
    mistakes_of,
)
from replay_assets.sanitizing.detect.personal import PersonalFinder
from replay_assets.sanitizing.detect.spans import Span, merged
from replay_assets.sanitizing.detect.tokens import TokenFinder, TokenRule

RULES_VERSION = "3"
"""Increased whenever the same text with the same rules gives another output, and only then.

`tests/sanitizing/test_golden_output.py` fails if the output changes and this does not.
"""
# A changed example must not change the digest, or every past day would be stale.
_DECIDING = {one.name for one in fields(TokenRule)} - {"example", "example_before", "unlike"}
Find = Callable[[bytes], list[Span]]


@dataclass(frozen=True)
class RuleSet:
    """The rules that one deployment applies: the shipped ones, its own, and its soft categories."""

    tokens: tuple[TokenRule, ...]
    own: tuple[OwnRule, ...] = ()
    soft: SoftCategories = field(default_factory=SoftCategories)
    source: str = ""
    """The content of the deployment's own file, without its comments: part of the digest."""
    tokens_only: bool = False
    """Whether strict rules are only those of tokens and the deployment's own."""

    def spans(self, data: bytes, engine: EngineName | None = None) -> list[Span]:
        """Return what must be masked in a UTF-8 text, left to right, without overlap."""
        finders = self._finders[engine or default_engine()]
        return merged(spans_in(data, _each(finders)), data)

    def strict_spans(self, data: bytes, engine: EngineName | None = None) -> list[Span]:
        """Return what strict rules find in a UTF-8 text, left to right, without overlap."""
        find = _each(self._strict_finders[engine or default_engine()])
        return merged([span for span in spans_in(data, find) if span.strict], data)

    def strict_ids(
        self, data: bytes, engine: EngineName | None = None, *, raw: bytes = b""
    ) -> list[str]:
        """Return the ids of the strict rules that match a text, in the order of their matches.

        `raw` is searched as it is: its colours and escapes are not decoded.
        """
        find = _each(self._strict_finders[engine or default_engine()])
        found = [*(find(raw) if raw else ()), *spans_in(data, find)]
        return list(dict.fromkeys(span.rule_id for span in found if span.strict))

    @cached_property
    def _finders(self) -> "_Finders":
        return _Finders(self, strict_only=False)

    @cached_property
    def _strict_finders(self) -> "_Finders":
        return _Finders(self, strict_only=True)


def _each(finders: tuple[Find, ...]) -> Find:
    if len(finders) == 1:
        return finders[0]
    return lambda data: [span for find in finders for span in find(data)]


class _Finders(dict[EngineName, tuple[Find, ...]]):
    """A rule set's searches by engine, built when they are first needed."""

    def __init__(self, rules: RuleSet, *, strict_only: bool) -> None:
        super().__init__()
        self._rules, self._strict_only = rules, strict_only

    def __missing__(self, engine: EngineName) -> tuple[Find, ...]:
        rules = self._rules
        contexts = ContextFinder(engine, strict_only=self._strict_only)
        tokens = TokenFinder(rules.tokens, engine)
        personal = PersonalFinder(engine, strict_only=self._strict_only)
        if self._strict_only and rules.tokens_only:
            finders: list[Find] = [tokens.find]
        elif self._strict_only:
            # What assignments and manifests find is never strict.
            finders = [CombinedFinder((contexts, tokens, personal), engine).find]
        else:
            assignments, manifests = AssignmentFinder(engine), ManifestFinder(engine)
            # In this order, because of two spans that overlap the first given wins.
            five = (manifests, contexts, tokens, assignments, personal)
            finders = [one.find for one in five]
        finders += [OwnRuleFinder(rule, engine).find for rule in (*rules.own, *rules.soft.rules())]
        self[engine] = tuple(finders)
        return self[engine]


@cache
def shipped() -> RuleSet:
    """Return the rules that come with this package."""
    rows = shipped_yaml(__package__, "shipped/tokens.yaml")
    return RuleSet(tuple(TokenRule(**{**row, "starts": tuple(row["starts"])}) for row in rows))


def load_rules(path: Path | str) -> RuleSet:
    """Return the shipped rules, with the rules and soft categories of a deployment's YAML file.

    Raises:
        ConfigurationError: the file or one of its rules can't be used; the message names line,
            rule and reason.
    """
    file = load_yaml(
        Path(path),
        RulesFile,
        what="rules file",
        empty={},
        check=mistakes_of,
        secrecy=Secrecy(lambda value: bool(shipped().spans(value.encode()))),
    )
    return RuleSet(shipped().tokens, file.rules, file.soft, file.model_dump_json())


def rules_digest(rules: RuleSet | None = None) -> str:
    """Return the SHA-256 of everything that decides what is masked, for audits and manifests.

    That is the data of the shipped rules, the deployment's own rules, and RULES_VERSION for the
    code: a changed comment or message does not change the digest, so every past day stays current.
    """
    rules = rules or shipped()
    tokens = [
        {name: value for name, value in vars(rule).items() if name in _DECIDING}
        for rule in rules.tokens
    ]
    key_names = {name: sorted(words) for name, words in WORDS.items()}
    parts = [RULES_VERSION, tokens, key_names, rules.source]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
