"""Grades of the root cause: category and components, strict; and how much of it was named."""

from replay_assets.contracts.grade import Grade
from replay_assets.contracts.names import folded
from replay_assets.evaluation.grading.case import Case
from replay_assets.evaluation.grading.grader import Grader, without

HEALTHY = "healthy_or_false_alarm"
"""The category of incidents in which nothing is at fault, so that no component is."""


def root_cause_category(case: Case) -> Grade:
    """Grade the category of the root cause."""
    if found := without(case, "root_cause_category"):
        return found
    if case.label is None or case.proposal.category is None:
        return Grade(None, "not_stated")
    expected = case.vocabulary.category_named(case.label.root_cause_category)
    right = case.proposal.category == expected
    return Grade(right, "right" if right else "wrong_category")


def root_cause_components(case: Case) -> Grade:
    """Grade the set of components: an extra component is as wrong as a missing one."""
    if _is_healthy(case):
        return without(case) or Grade(None, "nothing_at_fault")
    if missing := without(case, "root_cause_component"):
        return missing
    found, expected = _components(case)
    if found is None or expected is None:
        return Grade(None, "not_stated")
    # Equal sets only: an answer that names every component would contain the right ones.
    if found == expected:
        return Grade(True, "right")
    if found > expected:
        return Grade(False, "extra_component")
    return Grade(False, "missing_component" if found < expected else "wrong_component")


def root_cause(case: Case) -> Grade:
    """Grade category and components together; if they can't be, use the recorded verdict."""
    compared = compared_root_cause(case)
    if compared.value is None and case.judged_wrong:
        return Grade(False, "judged_wrong")
    return compared


def compared_root_cause(case: Case) -> Grade:
    """Grade category and components together, without the recorded verdict on a diagnosis."""
    category, components = root_cause_category(case), root_cause_components(case)
    if components.reason == "nothing_at_fault":
        return category
    for part in (category, components):
        if part.value is None:
            return part
    return components if category.value else category


def over_named(case: Case) -> Grade:
    """Grade whether components are named that are not at fault."""
    if _is_healthy(case):
        return without(case, nothing_proposed=True) or Grade(None, "nothing_at_fault")
    if missing := without(case, "root_cause_component", nothing_proposed=True):
        return missing
    found, expected = _components(case)
    if found is None or expected is None:
        return Grade(None, "not_stated")
    return Grade(True, "extra_component") if found - expected else Grade(False, "none_extra")


def component_shares(case: Case) -> tuple[float | None, float | None]:
    """Return precision and recall of the named components; None if they can't be compared."""
    found, expected = _components(case)
    if root_cause_components(case).value is None or found is None or not expected:
        return None, None
    common = len(found & expected)
    return (common / len(found) if found else None), common / len(expected)


def keywords_named(case: Case) -> float | None:
    """Return the share of the label's key words in the statement: reported, never credited.

    Credit for key words would reward an answer that pastes the evidence.
    """
    words = [word for word in (case.label and case.label.required_keywords) or () if folded(word)]
    if not words or case.proposal.statement is None:
        return None
    text = folded(case.proposal.statement)
    return sum(folded(word) in text for word in words) / len(words)


GRADERS = (
    Grader("root_cause", "Root cause right", "higher", root_cause, mark="cause"),
    Grader("root_cause_category", "— category", "higher", root_cause_category),
    Grader("root_cause_components", "— components", "higher", root_cause_components),
    Grader("over_named", "— names components that are not at fault", "lower", over_named),
)


def _is_healthy(case: Case) -> bool:
    category = case.label.root_cause_category if case.label is not None else None
    return case.vocabulary.category_named(category) == HEALTHY


def _components(case: Case) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    expected = case.label.components(case.vocabulary) if case.label is not None else None
    return case.proposal.components, expected
