"""The hand-written scenarios: frozen dataclasses, read from ``scenarios/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sample_text import TAIPEI_OFFSET, Filler

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
YEAR = 2026
FILES = ("recurring_en.toml", "recurring_zh.toml", "singles_en.toml", "singles_zh.toml")


@dataclass(frozen=True)
class Family:
    """One underlying fault; its cases are the incidents it caused."""

    key: str
    alertname: str
    severity: str
    namespace: str
    service: str
    category: str
    component: str
    root_cause: str
    keywords: tuple[str, ...]
    actions: tuple[str, ...]
    tools: tuple[str, ...]
    evidence: tuple[str, ...]
    group: str = ""
    lang: str = "en"
    playbook: str | None = None
    sufficiency: str = "sufficient"
    repair_expected: bool = True
    why: str = ""
    say: str = ""
    finding: str = ""
    fix: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One incident of a family, with what differs from its siblings."""

    family: Family
    number: int
    at: str
    extra: str = ""
    drop: tuple[int, ...] = ()
    vars: Mapping[str, str] = field(default_factory=dict)
    sufficiency: str = ""
    component: str = ""
    actions: tuple[str, ...] = ()
    label: bool = True
    verification: str = ""
    decision: Mapping[str, Any] = field(default_factory=dict)
    older: Mapping[str, Any] | None = None
    human: Mapping[str, Any] | None = None
    repairs: tuple[Any, ...] = ()

    @property
    def key(self) -> str:
        """Name of the case, e.g. ``pool-2``."""
        return f"{self.family.key}-{self.number}"

    @property
    def collected(self) -> datetime:
        """Instant of the evidence in UTC; ``at`` is written in Taipei time."""
        local = datetime.fromisoformat(f"{YEAR}-{self.at}+00:00")
        return local - TAIPEI_OFFSET

    @property
    def filler(self) -> Filler:
        """The token filler of this case."""
        return Filler(self.key, self.collected, self.vars)


def _frozen(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}


def load_cases() -> list[Case]:
    """Return every case of every scenario file, oldest first."""
    cases: list[Case] = []
    for name in FILES:
        for raw in tomllib.loads((SCENARIOS / name).read_text(encoding="utf-8"))["family"]:
            fields = _frozen(raw)
            siblings = fields.pop("case")
            family = Family(**{"group": f"grp-{fields['key']}", **fields})
            cases += [
                Case(family=family, number=number, **_frozen(case))
                for number, case in enumerate(siblings, start=1)
            ]
    return sorted(cases, key=lambda case: (case.collected, case.key))


def load_chats() -> dict[str, dict[str, Any]]:
    """Return the hand-written conversations by case key."""
    raw = tomllib.loads((SCENARIOS / "chats.toml").read_text(encoding="utf-8"))
    return {chat["case"]: chat for chat in raw["chat"]}
