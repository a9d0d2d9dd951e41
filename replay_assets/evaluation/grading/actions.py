"""Grades of what is proposed: the action, its plan, and whether it is what worked."""

from replay_assets.contracts.commands import shipped_commands
from replay_assets.contracts.grade import Grade
from replay_assets.evaluation.grading.case import Case
from replay_assets.evaluation.grading.grader import Grader, without


def action(case: Case) -> Grade:
    """Grade the primary action; the plan adds no credit, but a wrong change in it counts."""
    if found := without(case, "acceptable_actions"):
        return found
    if case.label is None or not (case.proposal.action_text or case.proposal.action_id):
        return Grade(None, "not_stated")
    if case.proposal.action_id is None:
        return Grade(False, "unknown_action")
    accepted = case.label.accepted_actions(case.vocabulary)
    if case.proposal.action_id not in accepted:
        return Grade(False, "not_acceptable")
    if any(case.changes(one) and one not in accepted for one in case.proposal.plan_actions):
        return Grade(False, "unacceptable_step")
    return Grade(True, "acceptable")


def repair_success(case: Case) -> Grade:
    """Grade whether the primary action is one that is recorded as having worked."""
    if found := without(case, nothing_proposed=True):
        return found
    if not case.tried.succeeded:
        return Grade(None, "no_recorded_success")
    if case.proposal.action_id is None:
        return Grade(None, "not_stated")
    worked = case.proposal.action_id in case.tried.succeeded
    return Grade(worked, "worked" if worked else "other_action")


def tool_dry_run_pass(case: Case) -> Grade:
    """Grade whether every command in the plan is complete and on the allow list; none is run."""
    if found := without(case, nothing_proposed=True):
        return found
    rules = shipped_commands()
    commands = [one for step in case.proposal.plan for one in rules.commands_in(step)]
    if not commands:
        return Grade(None, "no_command")
    for command in commands:
        if (finding := rules.check(command)) != "allowed":
            return Grade(False, finding)
    return Grade(True, "allowed")


GRADERS = (
    Grader("action", "Action acceptable", "higher", action, mark="action"),
    Grader("repair_success", "Action that is recorded as having worked", "higher", repair_success),
    Grader("tool_dry_run_pass", "Commands of the plan allowed", "higher", tool_dry_run_pass),
)
