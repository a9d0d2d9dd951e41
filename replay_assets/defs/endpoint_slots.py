"""One run at a time for each model endpoint, because its limits are per key, not per run.

The slots are those of a Dagster pool, so the UI shows them, and they hold for all processes of an
instance. They are claimed here, and not with `pool=` of the asset: Dagster waits for those at full
CPU, says nothing, and waits for ever if the run that holds the slot was killed.
"""

import logging
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager

import dagster as dg

from replay_assets.candidates import Candidate
from replay_assets.defs.dead_runs import free_if_ended, process_of, process_tag

CHECK_S = 1.0
"""Seconds between two looks at a slot that another run holds."""

WAITING = logging.getLogger(__name__)
"""Reports for which run another one waits; a command prints it, and the run's log shows it."""


def pool_of(candidate: Candidate) -> str:
    """Return the pool of a candidate's endpoint."""
    return f"endpoint_{candidate.limit_key}"


@contextmanager
def endpoint_slot(context: dg.AssetExecutionContext, candidate: Candidate) -> Iterator[None]:
    """Hold the slot of a candidate's endpoint within a `with` block; wait until it is free.

    A route holds those of all its members.
    """
    step = context.op_execution_context.get_step_execution_context().step.key
    pools = {pool_of(one) for one in candidate.members if not one.embedded}
    with slots(context.instance, pools, context.run.run_id, step):
        yield


@contextmanager
def slots(
    instance: dg.DagsterInstance, pools: AbstractSet[str], run_id: str, step: str
) -> Iterator[None]:
    """Hold a slot of each pool within a `with` block; wait until all are free."""
    with ExitStack() as held:
        # In one order for all runs, so that no two routes wait for each other.
        for pool in sorted(pools):
            # Slots are freed by their holder, so each pool needs a separate one.
            holder = step if len(pools) == 1 else f"{step} {pool}"
            held.enter_context(slot(instance, pool, run_id, holder))
        yield


@contextmanager
def slot(instance: dg.DagsterInstance, pool: str, run_id: str, step: str) -> Iterator[None]:
    """Hold a slot of a pool for a step of a run within a `with` block; wait until one is free."""
    if not _is_limited(instance, pool):
        yield
        return
    instance.add_run_tags(run_id, process_tag(run_id))
    storage = instance.event_log_storage
    try:
        waits_for: list[str] = []
        while not storage.claim_concurrency_slot(pool, run_id, step).is_claimed:
            waits_for = _look(instance, pool, run_id, step, waits_for)
        yield
    finally:
        storage.free_concurrency_slot_for_step(run_id, step)


def _is_limited(instance: dg.DagsterInstance, pool: str) -> bool:
    """Return whether the instance limits a pool; give it the default limit if it has none."""
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return False
    info = storage.get_concurrency_info(pool)
    if not info.using_default_limit:
        return info.limit is not None
    if instance.global_op_concurrency_default_limit is None:
        return False
    storage.initialize_concurrency_limit_to_default(pool)
    return True


def _look(
    instance: dg.DagsterInstance, pool: str, run_id: str, step: str, reported: list[str]
) -> list[str]:
    """Free what ended runs hold of a pool; report the other holders if they changed, and wait."""
    storage = instance.event_log_storage
    info = storage.get_concurrency_info(pool)
    holders = sorted((info.active_run_ids | info.assigned_run_ids) - {run_id})
    if [one for one in holders if free_if_ended(instance, one)]:
        return reported
    waits_for = [_described(instance, one) for one in holders] or [f"a slot: {info.limit} allowed"]
    if waits_for != reported:
        WAITING.warning("%s is in use; waiting for %s", pool, " and ".join(waits_for))
    time.sleep(CHECK_S)
    if not holders:  # claim again: a process may have been killed before it assigned its slot
        storage.free_concurrency_slot_for_step(run_id, step)
    return waits_for


def _described(instance: dg.DagsterInstance, run_id: str) -> str:
    """Return a run with its work and its process, so that a user finds it and can end it."""
    run = instance.get_run_by_id(run_id)
    if run is None:
        return f"run {run_id}"
    text = f"run {run_id} ({run.job_name} {run.tags.get('dagster/partition', '')}".rstrip() + ")"
    if (process := process_of(run)) is None:
        return f"{text}, whose process is not known (if it was killed, terminate the run in the UI)"
    return f"{text} of process {process.pid} on {process.host}"
