"""Runs of other processes that hold the slot of an endpoint, on a small instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import dagster as dg
from dagster._utils.concurrency import ConcurrencyKeyInfo

from replay_assets.defs.dead_runs import PROCESS_TAG
from replay_assets.lake.processes import Process

POOL = "endpoint_of_a_test"
GONE = replace(Process.this(), pid=2**22 + 1)
"""No process has this id: it is above Linux's limit."""


@contextmanager
def limited_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """Yield an instance with one slot per pool."""
    (home / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\nconcurrency: {pools: {default_limit: 1}}\n"
        # One database for the events of all runs: making one for each takes half a second.
        "event_log_storage: {module: dagster.core.storage.event_log, class: "
        f"ConsolidatedSqliteEventLogStorage, config: {{base_dir: '{home}'}}}}\n"
    )
    with dg.DagsterInstance.from_config(str(home)) as made:
        yield made


def started(instance: dg.DagsterInstance, process: str | None = None) -> dg.DagsterRun:
    """Return a started run of a process; RUN in its tag is replaced by its id."""
    run_id = str(uuid4())
    tags = {} if process is None else {PROCESS_TAG: process.replace("RUN", run_id)}
    status = dg.DagsterRunStatus.STARTED
    # Not through a job, because its events would need a separate database.
    run = dg.DagsterRun(job_name="other_job", run_id=run_id, tags=tags, status=status)
    return instance.add_run(run)


def hold(instance: dg.DagsterInstance, process: str | None) -> dg.DagsterRun:
    """Let a started run of some process hold the only slot, as after `kill -9`."""
    run = started(instance, process)
    storage = instance.event_log_storage
    if not slots_of(instance).slot_count:
        storage.initialize_concurrency_limit_to_default(POOL)
    assert storage.claim_concurrency_slot(POOL, run.run_id, "step").is_claimed
    return run


def slots_of(instance: dg.DagsterInstance) -> ConcurrencyKeyInfo:
    """Return who holds the slots of the endpoint, and who waits for one."""
    return instance.event_log_storage.get_concurrency_info(POOL)
