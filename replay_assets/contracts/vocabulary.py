"""The closed vocabulary of root causes and actions that answers are graded in.

`vocabulary.yaml` beside this module ships; a team replaces it with its own. The whole of it, in the
file's order, stands in the instructions of every request.
"""

from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Literal, Self

import yaml
from pydantic import ValidationError, model_validator

from replay_assets.contracts.record import Part, Record, describe
from replay_assets.errors import ConfigurationError, ReplayAssetsError

VOCABULARY_VERSION = "incident_vocabulary_v1"


class Category(Part):
    """A root-cause category, described in both languages."""

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
        """Return the action of that id; null where the vocabulary has none."""
        return next((action for action in self.actions if action.id == action_id), None)

    def has_category(self, category_id: str) -> bool:
        """Tell whether a root-cause category is in the vocabulary."""
        return any(category.id == category_id for category in self.root_cause_categories)


def load_vocabulary(path: Path | None = None) -> Vocabulary:
    """Read a vocabulary file; the shipped one where no path is given.

    Raises:
        ConfigurationError: the file is missing, is no YAML or does not have the right form.
    """
    source = path or files("replay_assets.contracts") / "vocabulary.yaml"
    try:
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ConfigurationError(f"{source}: expected a mapping, found {type(content)}")
        return Vocabulary.read(content)
    except (OSError, ValueError, yaml.YAMLError, ReplayAssetsError) as error:
        reason = describe(error) if isinstance(error, ValidationError) else error
        raise ConfigurationError(f"vocabulary {source}: {reason}") from error
