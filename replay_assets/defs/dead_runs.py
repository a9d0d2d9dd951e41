"""Runs whose process was killed: each is marked as failed, and what it held becomes free.

A killed process can't say that its run has ended, so the run would stay "started" and keep its
place in the queue and its slot. Each run has a tag with its process.
"""

import dagster as dg

from replay_assets.lake.processes import Process

PROCESS_TAG = "replay_assets/process"
UNFINISHED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def process_tag(run_id: str) -> dict[str, str]:
    """Return the tag that says that this process executes a run."""
    # With the run's id, because a run that is started again from the UI has the tags of the first.
    return {PROCESS_TAG: f"{run_id} {Process.this()}"}


def process_of(run: dg.DagsterRun) -> Process | None:
    """Return the process that executes a run; None if that is not known."""
    *run_ids, process = run.tags.get(PROCESS_TAG, "").split() or [""]
    return Process.parse(process) if run_ids in ([], [run.run_id]) else None


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed the runs that a killed process of this machine left; return their ids.

    Slots of runs that ended without freeing them are freed, too.
    """
    started = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    holders = instance.event_log_storage.get_concurrency_run_ids()
    for run_id in sorted(holders - {run.run_id for run in started}):
        free_if_ended(instance, run_id)
    return [run.run_id for run in started if free_if_ended(instance, run.run_id)]


def free_if_ended(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Free the slots of a run that has ended, or whose process has; return whether it has."""
    run = instance.get_run_by_id(run_id)
    # A deleted run has no record, but may have slots.
    if run is not None and not run.is_finished:
        process = process_of(run)
        if run.status not in UNFINISHED or process is None or not process.has_ended():
            return False
        instance.report_run_failed(
            run, f"process {process.pid}, which executed this run, does not exist any more"
        )
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    return True
