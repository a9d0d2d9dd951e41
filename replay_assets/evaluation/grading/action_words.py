"""Which action of the vocabulary a proposal in words means; the rules are in `action_rules.yaml`.

Only the primary action counts: the first one that is proposed. A text that no rule fits has none.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from replay_assets.parsing.yaml_files import shipped_yaml

NOTHING = "observe_only"
"""The action of a text that says that nothing will be changed."""
LONGEST = 2000
"""Characters: an action is a sentence, and a longer text is evidence or a plan."""

# A comma may also separate the objects of one action; then the first one decides, which is right.
_CLAUSES = re.compile(
    r"[.;:!?](?=\s|$)|[,\n。；，！？：、]|\b(?:and then|then|but|and)\b"
    "|然後|接著|之後|但是|並且|並|但|再"
)


@dataclass(frozen=True)
class Rule:
    """An action, the patterns that a clause must all have, and those that it must not have."""

    action: str
    required: tuple[re.Pattern[str], ...]
    excluded: tuple[re.Pattern[str], ...]

    def fits(self, clause: str) -> bool:
        """Return whether the rule's action is what a clause proposes."""
        return all(one.search(clause) for one in self.required) and not any(
            one.search(clause) for one in self.excluded
        )


@dataclass(frozen=True)
class ActionRules:
    """All rules, in the order in which they are tried."""

    nothing: re.Pattern[str]
    negated: re.Pattern[str]
    looks: re.Pattern[str]
    rules: tuple[Rule, ...]

    def action_of(self, text: str) -> str | None:
        """Return the id of the primary action that a text proposes, or None."""
        for clause in _clauses(text):
            if self.nothing.search(clause):
                return NOTHING
            if self.looks.search(clause):
                continue
            said = self.negated.split(clause, maxsplit=1)[0]
            for rule in self.rules:
                if rule.fits(said):
                    return rule.action
        return None


def action_in_words(text: str) -> str | None:
    """Return the id of the action that a text in English or Chinese proposes first, or None."""
    return shipped_rules().action_of(text)


@cache
def shipped_rules() -> ActionRules:
    """Return the rules that come with this package."""
    content = shipped_yaml(__package__, "action_rules.yaml")
    return ActionRules(
        nothing=re.compile("|".join(content["nothing"])),
        negated=re.compile("|".join(f"(?:{one})" for one in content["negated"])),
        looks=re.compile("|".join(content["looks"])),
        rules=tuple(
            Rule(
                rule["action"],
                tuple(map(re.compile, rule["all"])),
                tuple(map(re.compile, rule.get("none", ()))),
            )
            for rule in content["rules"]
        ),
    )


def _clauses(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    yield from (part.strip() for part in _CLAUSES.split(folded) if part and part.strip())
