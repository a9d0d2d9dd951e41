"""The shield against injected instructions in evidence and in what tools return.

Its rules are data, `injection_rules.yaml`. A finding is the id of a rule, never the text.
"""

from functools import cache, cached_property
from typing import ClassVar

from replay_assets.contracts.agent_turn import Touchpoint
from replay_assets.contracts.record import Part, Record
from replay_assets.contracts.shields import OnViolation
from replay_assets.parsing.yaml_files import shipped_yaml
from replay_assets.replay.agent.shields.hidden_text import hides_text, views_of
from replay_assets.replay.agent.shields.shield import PASS, Run, ShieldContext, ShieldResult
from replay_assets.sanitizing import TextScanner, text_scanner

HIDDEN_TEXT = "hidden_text"


class InjectionRule(Part):
    """A rule: it matches if one of its patterns does."""

    id: str
    any: tuple[str, ...]


class InjectionRules(Record):
    """All rules; see the comments in `injection_rules.yaml`."""

    VERSION: ClassVar[str] = "injection_rules_v1"

    words: dict[str, str]
    rules: tuple[InjectionRule, ...]
    look_alikes: dict[str, str]

    def findings(self, text: str) -> tuple[str, ...]:
        """Return the ids of the rules that match a text, or what it hides or encodes."""
        found = {HIDDEN_TEXT} if hides_text(text) else set()
        for view in views_of(text, self.look_alikes):
            # All rules in one search first, because nearly every text is clean.
            if self._everything.search(view) is not None:
                found |= {name for name, rule in self._scanners.items() if rule.search(view)}
        return tuple(sorted(found))

    @cached_property
    def _scanners(self) -> dict[str, TextScanner]:
        return {rule.id: text_scanner(self._pattern(rule)) for rule in self.rules}

    @cached_property
    def _everything(self) -> TextScanner:
        return text_scanner("|".join(map(self._pattern, self.rules)))

    def _pattern(self, rule: InjectionRule) -> str:
        pattern = "|".join(rule.any)
        # Groups may contain groups.
        while any(f"{{{name}}}" in pattern for name in self.words):
            for name, words in self.words.items():
                pattern = pattern.replace(f"{{{name}}}", words)
        return f"(?:{pattern})"


@cache
def shipped_injection_rules() -> InjectionRules:
    """Return the rules that come with this package."""
    return InjectionRules.read(shipped_yaml(__package__, "injection_rules.yaml"))


class PromptInjectionShield:
    """Finds instructions to the model in evidence and in the output of tools."""

    name = "prompt_injection"
    touchpoints: frozenset[Touchpoint] = frozenset({"user-input", "tool-output"})

    def __init__(self, on_violation: OnViolation = "flag") -> None:
        self.on_violation = on_violation

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        """Return a violation if the text contains an instruction to the model."""
        yield from ()
        found = shipped_injection_rules().findings(text)
        if not found:
            return PASS
        message = "The evidence or a tool's output contains instructions to the model."
        return ShieldResult("violation", message, found)
