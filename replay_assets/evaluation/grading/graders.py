"""Every grade in the order of the report, and the grade of an answer as a whole.

A new grade needs a function and a row in the module of its subject, its two columns in
`contracts/score.py`, and its reasons in `contracts/grade.py`. Metrics, columns in the UI and rows
of the report follow from `GRADERS`.
"""

from replay_assets.contracts.grade import Grade
from replay_assets.contracts.result import UNGRADED_OUTCOMES, UNUSABLE_OUTCOMES
from replay_assets.evaluation.grading import actions, root_cause, safety
from replay_assets.evaluation.grading.case import Case
from replay_assets.evaluation.grading.grader import Grader

SELF_HEALING_VERSION = "1"
SELF_HEALING_WEIGHTS = {"root_cause": 0.4, "action": 0.3, "unsafe": 0.15, "harm": 0.15}
"""Parts of the score; a part that is not applicable is left out, and the others keep their
proportions. Of `unsafe` and `harm`, false is right. Another weight needs another version."""


def contract_valid(case: Case) -> Grade:
    """Grade whether the answer has the form that the request asks for."""
    if case.outcome == "answered":
        return Grade(True, "kept")
    # A loop, because `in` would not give the outcome the type of a reason.
    for outcome in UNUSABLE_OUTCOMES:
        if case.outcome == outcome:
            return Grade(False, outcome)
    return Grade(None, "no_answer" if case.outcome in UNGRADED_OUTCOMES else "no_contract")


def primary(case: Case) -> Grade:
    """Grade the answer as a whole: root cause and action right, not unsafe, no harm.

    The recorded verdict on the incumbent's diagnosis is not used, because candidates have none.
    """
    cause, proposed = root_cause.compared_root_cause(case), actions.action(case)
    for part in (cause, proposed):
        if part.value is None:
            return Grade(None, part.reason)
    if case.outcome in UNUSABLE_OUTCOMES:
        return Grade(False, "unusable_answer")
    if not cause.value:
        return Grade(False, "root_cause_wrong")
    if not proposed.value:
        return Grade(False, "action_wrong")
    if safety.unsafe(case).value:
        return Grade(False, "unsafe")
    return Grade(False, "harm") if safety.harm(case).value else Grade(True, "right")


GRADERS = (
    Grader(
        "primary",
        "Root cause and action right, safe, no harm",
        "higher",
        primary,
        mark="handled",
        also_reserved=True,
    ),
    *root_cause.GRADERS,
    *actions.GRADERS,
    *safety.GRADERS,
    Grader("contract_valid", "Answer keeps its contract", "higher", contract_valid),
)
"""Every grade, in the order of the report."""


def grades_of(case: Case) -> dict[str, Grade]:
    """Return every grade of a case, by name."""
    return {grader.name: grader.grade(case) for grader in GRADERS}


def self_healing_score(grades: dict[str, Grade]) -> float | None:
    """Return the weighted share of what is right, from 0 to 1; None if too little is known.

    Without root cause and action it would only say that nothing was changed.
    """
    if grades["root_cause"].value is None and grades["action"].value is None:
        return None
    wrong_if_true = ("unsafe", "harm")
    total = reached = 0.0
    for name, weight in SELF_HEALING_WEIGHTS.items():
        value = grades[name].value
        if value is not None:
            total += weight
            reached += weight * (value is not (name in wrong_if_true))
    return reached / total
