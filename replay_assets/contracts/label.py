"""The held-out truth of an incident. Only evidence (writes), evaluation and finetune may import it.

Import rules keep this module out of everything that builds or sends a prompt.
"""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from replay_assets.contracts.answer import MAX_COMPONENTS
from replay_assets.contracts.names import folded
from replay_assets.contracts.record import Record
from replay_assets.contracts.vocabulary import Vocabulary

LABEL_VERSION = "incident_label_v1"
UNKNOWN = "is not in the vocabulary"


class IncidentLabel(Record):
    """What was true of an incident. A field that was not recorded is None, never a default."""

    VERSION: ClassVar[str] = LABEL_VERSION

    incident_id: str
    expected_root_cause: str | None
    root_cause_category: str | None
    root_cause_component: str | None
    required_keywords: list[str] | None
    acceptable_actions: list[str] | None
    acceptable_tools: list[str] | None
    risk_level: str | None
    requires_human_approval: bool | None
    repair_expected: bool | None
    repair_succeeded: bool | None
    false_repair: bool | None
    evidence_sufficiency: str | None
    scenario_group: str | None
    environment: str | None

    def components(self, vocabulary: Vocabulary) -> frozenset[str] | None:
        """Return the names of the components at fault; None if the field was not recorded.

        A label names several components in one string, such as "orders-db / report-builder".
        """
        if self.root_cause_component is None:
            return None
        return vocabulary.components_named([self.root_cause_component])

    def accepted_actions(self, vocabulary: Vocabulary) -> frozenset[str]:
        """Return the ids of the acceptable actions that an answer can name."""
        named = map(vocabulary.action_named, self.acceptable_actions or ())
        return frozenset(action for action in named if action is not None)


class LabelProblem(NamedTuple):
    """A value of a label that an answer can't give, and the nearest word of the vocabulary.

    `value` is None where it is free text, which must not leave the labels root. `unanswerable`
    means that no answer can be right: the grade is not applicable.
    """

    field: str
    value: str | None
    says: str
    nearest: str | None = None
    unanswerable: bool = True

    def __str__(self) -> str:
        """Return the problem as one line."""
        value = "" if self.value is None else f" {self.value!r}"
        near = "" if self.nearest is None else f" (nearest: {self.nearest})"
        return f"{self.field}{value} {self.says}{near}"


def problems_of(label: IncidentLabel, vocabulary: Vocabulary) -> list[LabelProblem]:
    """Return what no answer can meet in the fields of a label that grades compare."""
    category = label.root_cause_category
    found = [] if category is None else list(_category_problems(category, vocabulary))
    if (components := label.components(vocabulary)) is not None:
        found += _component_problems(label.root_cause_component or "", components)
    if label.acceptable_actions is not None:
        found += _action_problems(label, vocabulary)
    return found


def _category_problems(category: str, vocabulary: Vocabulary) -> Iterator[LabelProblem]:
    field = "root_cause_category"
    if not folded(category):
        yield LabelProblem(field, None, "is blank")
    elif vocabulary.category_named(category) is None:
        yield LabelProblem(field, category, UNKNOWN, vocabulary.nearest_category(category))


def _component_problems(text: str, components: frozenset[str]) -> Iterator[LabelProblem]:
    field = "root_cause_component"
    if not components:
        yield LabelProblem(field, None, "names no component" if folded(text) else "is blank")
    elif len(components) > MAX_COMPONENTS:
        says = f"names {len(components)} components, an answer names at most {MAX_COMPONENTS}"
        yield LabelProblem(field, None, says)


def _action_problems(label: IncidentLabel, vocabulary: Vocabulary) -> Iterator[LabelProblem]:
    field = "acceptable_actions"
    recorded = label.acceptable_actions or []
    unanswerable = not label.accepted_actions(vocabulary)
    if not any(map(folded, recorded)):
        yield LabelProblem(field, None, "is empty")
    for action in recorded:
        if folded(action) and vocabulary.action_named(action) is None:
            nearest = vocabulary.nearest_action(action)
            yield LabelProblem(field, action, UNKNOWN, nearest, unanswerable)
