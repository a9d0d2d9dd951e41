"""Fixed rules over incident evidence: the signs an operator searches for first, by weight.

They do not learn. They are a simple baseline: a model that does not beat them is not worth its
tokens.
"""

import re
from collections import Counter
from dataclasses import dataclass

from replay_assets.parsing.yaml_files import shipped_yaml


@dataclass(frozen=True)
class SignRule:
    """A sign in the evidence, the category it points to, and what to do, best action first."""

    category: str
    weight: int
    actions: tuple[str, ...]
    risk: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Conclusion:
    """What the rules conclude. `asks`: whether a person's approval is requested."""

    category: str
    actions: tuple[str, ...]
    risk: str
    component: str
    sign: str
    asks: bool


RULES = shipped_yaml("replay_assets.inference.baselines", "signs.yaml")
NOT_A_NAME = frozenset(RULES["not_a_name"])


def _signs() -> tuple[SignRule, ...]:
    return tuple(
        SignRule(
            category=entry["category"],
            weight=entry["weight"],
            risk=entry["risk"],
            actions=tuple(entry["actions"]),
            pattern=re.compile("|".join(entry["patterns"]), re.IGNORECASE),
        )
        for entry in RULES["signs"]
    )


SIGNS = _signs()
WORKLOAD = re.compile(
    r"(?:deployment|statefulset|daemonset|service|svc|job|pod|app|workload|container)"
    r"(?:[:=/]\s?| (?:is |named )?[\"'`]?)([a-z][a-z0-9]*(?:-[a-z0-9]+)*)",
    re.IGNORECASE,
)
POD = re.compile(
    r"(?<![a-z0-9-])([a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)-(?:[a-f0-9]{8,10}-)?[a-z0-9]{5}(?![a-z0-9-])"
)


def diagnose(evidence: str) -> Conclusion:
    """Return the conclusion of the strongest sign; without any sign, observe and ask."""
    scored = [
        # Limited, so that a symptom named a hundred times does not outweigh its cause.
        (rule.weight + min(len(found), 5), -position, rule, found[0])
        for position, rule in enumerate(SIGNS)
        if (found := [match.group() for match in rule.pattern.finditer(evidence)])
    ]
    component = likeliest_component(evidence)
    if not scored:
        return Conclusion(
            "healthy_or_false_alarm", ("observe_only",), "low", component, "no known sign", True
        )
    _, _, rule, sign = max(scored, key=lambda entry: entry[:2])
    changes_nothing = rule.actions[0] == "observe_only"
    return Conclusion(
        rule.category, rule.actions, rule.risk, component, sign, asks=not changes_nothing
    )


def likeliest_component(evidence: str) -> str:
    """Return the workload that the evidence names most often; the first of equals."""
    names: Counter[str] = Counter()
    for match in WORKLOAD.finditer(evidence):
        name = match.group(1).lower()
        if name not in NOT_A_NAME:
            names[name] += 2
    for match in POD.finditer(evidence):
        names[match.group(1)] += 1
    return names.most_common(1)[0][0] if names else "unknown"
