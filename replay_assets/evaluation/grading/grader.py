"""A grade: a yes/no question about every incident, and the function that answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from replay_assets.contracts.grade import Grade
from replay_assets.contracts.result import UNGRADED_OUTCOMES, UNUSABLE_OUTCOMES
from replay_assets.evaluation.grading.case import Case


@dataclass(frozen=True)
class Grader:
    """A yes/no question about every incident; `better` says whether a high or a low rate is good.

    `mark` is the short name of the grade in the list of incidents; a grade without one is not shown
    there. `also_reserved` adds a second metric, for the incidents that are never trained on.
    """

    name: str
    title: str
    better: Literal["higher", "lower"]
    grade: Callable[[Case], Grade]
    mark: str = ""
    also_reserved: bool = False


def without(case: Case, *fields: str, nothing_proposed: bool = False) -> Grade | None:
    """Return the grade if answer or label lacks what is needed; None if both have it.

    Args:
        case: the case to grade.
        fields: the fields of the label that the grade needs.
        nothing_proposed: an unusable answer is not wrong here, because it proposes nothing.
    """
    if case.outcome in UNGRADED_OUTCOMES:
        return Grade(None, "no_answer")
    if fields and case.label is None:
        return Grade(None, "no_label")
    if any(getattr(case.label, name) is None for name in fields):
        return Grade(None, "not_recorded")
    if not case.unanswerable.isdisjoint(fields):
        return Grade(None, "unanswerable_label")
    if case.outcome not in UNUSABLE_OUTCOMES:
        return None
    return Grade(None, "nothing_proposed") if nothing_proposed else Grade(False, "unusable_answer")
