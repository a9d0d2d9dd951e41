"""The closed vocabulary of root causes and actions that answers must use to be graded.

`vocabulary.yaml` next to this module is the default; a team can replace it with its own file. All
of it is part of the instructions of every request, in the order of the file.
"""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from replay_assets.contracts.component_names import ComponentNames
from replay_assets.contracts.names import folded, words_of
from replay_assets.contracts.record import Part, Record
from replay_assets.parsing.yaml_files import load_yaml

VOCABULARY_VERSION = "incident_vocabulary_v1"
MINIMUM_LIKENESS = 0.5
"""Of 1: a less similar word is not suggested in place of one that the vocabulary does not have."""


class Category(Part):
    """A root-cause category, described in English and Chinese."""

    id: str
    en: str
    zh: str


class Action(Part):
    """An action that an answer may propose: its risk, and whether it changes a running system."""

    id: str
    risk: Literal["low", "medium", "high", "critical"]
    mutates: bool
    en: str
    zh: str


class ComponentAlias(Part):
    """Other names of a component; answers and labels may use any of them."""

    name: str
    also: tuple[str, ...]


class ApprovalRule(Part):
    """When an answer must ask for a person's approval."""

    risk_levels: tuple[Literal["low", "medium", "high", "critical"], ...]
    mutating_actions: bool
    insufficient_evidence: bool
    en: str
    zh: str


class Vocabulary(Record):
    """Categories, actions and the approval rule, in the order in which a model reads them."""

    VERSION: ClassVar[str] = VOCABULARY_VERSION

    root_cause_categories: tuple[Category, ...]
    actions: tuple[Action, ...]
    approval_rule: ApprovalRule
    # Not part of the instructions: another alias changes grades, but no pack.
    component_aliases: tuple[ComponentAlias, ...] = Field(default=(), exclude=True)

    # Checked here, because a YAML file is not read by `Record.read`.
    @field_validator("schema_version")
    @classmethod
    def _is_our_version(cls, found: str) -> str:
        if found != cls.VERSION:
            raise ValueError(f"this release reads {cls.VERSION!r}; adapt the file to it")
        return found

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for kind, entries in (
            ("root_cause_categories", self.root_cause_categories),
            ("actions", self.actions),
        ):
            ids = [entry.id for entry in entries]
            if repeated := sorted({one for one in ids if ids.count(one) > 1}):
                raise ValueError(f"{kind}: {', '.join(repeated)} is listed more than once")
        return self

    def action(self, action_id: str) -> Action | None:
        """Return the action with this id; None if the vocabulary does not have it."""
        return next((action for action in self.actions if action.id == action_id), None)

    def category_named(self, text: object) -> str | None:
        """Return the id of the category that a text names; None if it names no known one.

        Case, outer blanks, and the difference between a blank, "-" and "_" do not matter.
        """
        return _named(text, self.root_cause_categories)

    def action_named(self, text: object) -> str | None:
        """Return the id of the action that a text names, by the rules of `category_named`."""
        return _named(text, self.actions)

    def components_named(self, texts: Iterable[str]) -> frozenset[str]:
        """Return the names of components in texts, in the form in which they are compared."""
        return self._component_names.of(texts)

    @cached_property
    def _component_names(self) -> ComponentNames:
        return ComponentNames({one.name: one.also for one in self.component_aliases})

    def nearest_category(self, text: str) -> str | None:
        """Return the category that comes nearest to an unknown one; None if none is similar."""
        return _nearest(text, self.root_cause_categories)

    def nearest_action(self, text: str) -> str | None:
        """Return the action that comes nearest to an unknown one; None if none is similar."""
        return _nearest(text, self.actions)


def _named(text: object, entries: Sequence[Category | Action]) -> str | None:
    if not isinstance(text, str):
        return None
    # First as written: a team's own ids may differ in case only.
    if any(entry.id == text for entry in entries):
        return text
    found = [entry.id for entry in entries if words_of(entry.id) == words_of(text)]
    return found[0] if len(found) == 1 else None


def _nearest(text: str, entries: Iterable[Category | Action]) -> str | None:
    likeness = {entry.id: _likeness(text, entry) for entry in entries}
    best = max(likeness, key=lambda name: likeness[name], default=None)
    return best if best is not None and likeness[best] >= MINIMUM_LIKENESS else None


def _likeness(text: str, entry: Category | Action) -> float:
    """Return from 0 to 1 how near a text comes to an entry, by its id or its descriptions."""
    words = words_of(text)
    spelled = SequenceMatcher(None, " ".join(words), " ".join(words_of(entry.id))).ratio()
    described = {*words_of(entry.en), *words_of(entry.id)}
    # `OOM` resembles no id, but it is in the description of one.
    share = len(described.intersection(words)) / len(words) if words else 0.0
    return max(spelled, share, float(len(text) > 1 and folded(text) in folded(entry.zh)))


def load_vocabulary(path: Path | None = None) -> Vocabulary:
    """Return the vocabulary in a file; the default one if no path is given.

    Raises:
        ConfigurationError: the file is missing, is not YAML or does not have the right form.
    """
    return _shipped() if path is None else load_yaml(path, Vocabulary, what="vocabulary")


@cache
def _shipped() -> Vocabulary:
    """Return the default vocabulary, read once per process: many callers need it."""
    shipped = files("replay_assets.contracts") / "vocabulary.yaml"
    return load_yaml(shipped, Vocabulary, what="vocabulary")
