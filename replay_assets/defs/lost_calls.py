"""Answers of earlier runs that a run can't find, and would ask, and pay for, again.

The lake has the results of a day, while the answers that a rerun uses are under `REPLAY_STATE`. If
that folder was moved or removed, the results show that there were answers.
"""

from collections.abc import Iterable

import dagster as dg

from replay_assets.candidates import Candidate
from replay_assets.contracts.result import GRADED_OUTCOMES
from replay_assets.defs.resources import ReplayState
from replay_assets.lake import Lineage, Store, assets

ASKED_AGAIN = "request_rejected"
"""An outcome that counts in grades, although the next run asks again."""


def lost_calls(
    lake: Store, state: ReplayState, candidate: Candidate, days: Iterable[str]
) -> str | None:
    """Return a warning that some days will be asked and paid again; None if none will be.

    Args:
        lake: has the results.
        state: has the kept calls.
        candidate: the candidate; one that answers in this process costs nothing.
        days: the days that will be run.
    """
    lineage = Lineage(lake=lake)
    lost: dict[str, int] = {}
    for day in days if not candidate.embedded else ():
        address = assets.REPLAY_RESULTS.at(day, candidate.id)
        if not lineage.was_made_with(address, "candidate", candidate.digest()):
            continue  # of another model or prompt: these questions are new
        outcomes = lineage.get(address).facts["outcomes"]
        answers = sum(outcomes.get(one, 0) for one in GRADED_OUTCOMES if one != ASKED_AGAIN)
        if answers and not state.stores.calls.has_calls(state.work(candidate, day)):
            lost[day] = answers
    if not lost:
        return None
    span = " to ".join(dict.fromkeys((min(lost), max(lost))))
    return (
        f"{candidate.id}: the lake has {sum(lost.values())} answers of {span}, but REPLAY_STATE "
        f"({state.root}) does not have them, so they will be asked, and paid for, again. If that "
        "folder was moved, stop this and set REPLAY_STATE to where it is now."
    )


def log_lost_calls(
    context: dg.AssetExecutionContext, candidate: Candidate, lake: Store, state: ReplayState
) -> None:
    """Write that warning to a run's log, before anything is asked."""
    if lost := lost_calls(lake, state, candidate, context.partition_keys):
        context.log.warning(lost)
