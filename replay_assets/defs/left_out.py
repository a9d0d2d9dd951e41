"""Which candidates a run leaves out: in the UI the same ones as on the command line.

A run that names no candidate, such as a backfill of `daily_walk`, leaves out those that are not
scheduled or have no key, and succeeds. A run that names some fails for those that can't be asked.
"""

from collections.abc import Set as AbstractSet

import dagster as dg

from replay_assets.candidates import Candidate
from replay_assets.defs.materializing import partitions_of
from replay_assets.lake import assets
from replay_assets.settings import read_secret

NAMED_TAG = "replay_assets/candidates_named"
"""The tag of a run whose candidates were chosen by the command line or by the schedule."""
PER_CANDIDATE = frozenset(one.name for one in assets.BY_NAME.values() if one.per_candidate)


def is_left_out(
    context: dg.AssetExecutionContext, candidate: Candidate, everyone: AbstractSet[str]
) -> bool:
    """Return whether a run leaves a candidate out, and if so, show why in its log and in the UI.

    Args:
        context: the context of the run.
        candidate: one of the candidates that it selects.
        everyone: the ids of all candidates of the catalogue.
    """
    reason = None if names(context.run, everyone) else candidate.not_ready(read_secret)
    if reason is None:
        return False
    leave_out(context, candidate.id, reason)
    return True


def leave_out(context: dg.AssetExecutionContext, name: str, reason: str) -> None:
    """Show in a run's log and in the UI why it leaves an asset out."""
    context.log.warning(f"{name} is left out: {reason}")
    for partition in partitions_of(context):
        # An observation, because the partition must not look materialized.
        context.log_event(
            dg.AssetObservation(
                context.asset_key,
                description=f"left out: {reason}",
                partition=partition,
                metadata={"left_out": reason},
            )
        )


def names(run: dg.DagsterRun, everyone: AbstractSet[str]) -> bool:
    """Return whether a run was started for particular candidates.

    It was if its selection has some of the candidates only, or nothing but the one candidate of the
    catalogue.
    """
    if NAMED_TAG in run.tags:
        return True
    if not run.asset_selection:  # the whole job
        return False
    chosen = {key.path[-1] if key.path[0] in PER_CANDIDATE else None for key in run.asset_selection}
    return chosen - {None} != everyone or (len(everyone) == 1 and None not in chosen)
