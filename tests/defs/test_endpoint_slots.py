"""One run at a time per endpoint; what ended runs hold becomes free, others are waited for."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest

from replay_assets.defs import endpoint_slots
from replay_assets.defs.dead_runs import end_dead_runs, process_of
from replay_assets.defs.endpoint_slots import WAITING, slot, slots
from replay_assets.lake.processes import Process
from tests.defs.slots import GONE, POOL, hold, limited_instance, slots_of, started


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """Return an instance with one slot per pool."""
    with limited_instance(tmp_path_factory.mktemp("instance")) as made:
        yield made


@pytest.fixture(autouse=True)
def free_slots(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Free all slots afterwards; look often."""
    monkeypatch.setattr(endpoint_slots, "CHECK_S", 0.02)
    yield
    for run_id in instance.event_log_storage.get_concurrency_run_ids():
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def ask(instance: dg.DagsterInstance) -> None:
    """Hold the slot for a moment, as a step of a run does."""
    run = started(instance)
    with slot(instance, POOL, run.run_id, "step"):
        assert run.run_id in slots_of(instance).active_run_ids
    assert run.run_id not in instance.event_log_storage.get_concurrency_run_ids()
    instance.delete_run(run.run_id)


@pytest.mark.parametrize("ended", ["died", "failed", "deleted"])
def test_the_slot_of_a_run_that_ended_is_freed(ended: str, instance: dg.DagsterInstance) -> None:
    """However it ended; a run that died is recorded as failed, with its process."""
    run = hold(instance, f"RUN {GONE}" if ended == "died" else None)
    if ended == "failed":
        instance.report_run_failed(run)
    if ended == "deleted":
        instance.delete_run(run.run_id)
    ask(instance)
    left = instance.get_run_by_id(run.run_id)
    assert left is None or left.status is dg.DagsterRunStatus.FAILURE


def test_a_run_that_was_killed_while_it_waited_does_not_block_either(
    instance: dg.DagsterInstance,
) -> None:
    """The slot is reserved for the next in the queue, even if that is dead."""
    first = hold(instance, f"RUN {Process.this()}")
    waiting = started(instance, f"RUN {GONE}")
    storage = instance.event_log_storage
    assert not storage.claim_concurrency_slot(POOL, waiting.run_id, "step").is_claimed
    storage.free_concurrency_slots_for_run(first.run_id)
    ask(instance)


def test_a_slot_that_no_run_got_is_taken(instance: dg.DagsterInstance) -> None:
    """A process can be killed between freeing its slot and giving it to the next run."""
    run = hold(instance, None)
    waiting = started(instance)
    storage = instance.event_log_storage
    storage.claim_concurrency_slot(POOL, waiting.run_id, "step")
    storage._free_concurrency_slots(run.run_id)  # type: ignore[attr-defined]
    storage._remove_pending_steps(run.run_id)  # type: ignore[attr-defined]
    ask(instance)


@pytest.mark.parametrize(
    ("process", "says"),
    [
        (f"RUN {Process.this()}", f"of process {os.getpid()} on "),
        (f"RUN {replace(GONE, host='elsewhere')}", f"of process {GONE.pid} on elsewhere"),
        # A run that was started again from the UI has the tags of the first one.
        (f"another-run {GONE}", "terminate the run in the UI"),
        (None, "terminate the run in the UI"),
    ],
    ids=["works", "elsewhere", "copied_tag", "unknown"],
)
def test_a_run_that_may_work_is_waited_for_and_named(
    process: str | None, says: str, instance: dg.DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, immediately, and without loading the processor."""
    caplog.set_level(logging.WARNING, WAITING.name)
    run = hold(instance, process)

    def free_later() -> None:
        while not caplog.messages:
            time.sleep(0.01)
        time.sleep(0.1)
        instance.report_run_canceled(run)

    freeing = threading.Thread(target=free_later)
    freeing.start()
    ask(instance)
    freeing.join()
    (message,) = [one for one in caplog.messages if one.startswith(POOL)]
    assert run.run_id in message
    assert says in message


def test_a_run_that_is_interrupted_while_it_waits_leaves_the_queue(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the slot would be reserved for it."""
    run = hold(instance, None)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ask(instance)
    assert instance.event_log_storage.get_concurrency_run_ids() == {run.run_id}


def test_runs_without_a_process_are_ended_before_a_backfill(instance: dg.DagsterInstance) -> None:
    """They would keep their places in the queue, too."""
    of_earlier_release = f"{GONE.host}:{GONE.pid}"
    runs = [started(instance, one) for one in (f"RUN {Process.this()}", None, of_earlier_release)]
    assert end_dead_runs(instance) == [runs[2].run_id]
    left = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    assert {one.run_id for one in left} >= {runs[0].run_id, runs[1].run_id}


def test_a_run_that_holds_a_slot_has_the_tag_of_its_process(instance: dg.DagsterInstance) -> None:
    """Also if the UI or Dagster's own commands started it."""
    run = started(instance)
    with slot(instance, POOL, run.run_id, "step"):
        found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert process_of(found) == Process.this()


def test_a_limit_that_a_user_has_set_stays(instance: dg.DagsterInstance) -> None:
    """Two runs at a time, for an endpoint that allows it."""
    storage = instance.event_log_storage
    storage.set_concurrency_slots(POOL, 2)
    try:
        hold(instance, f"RUN {Process.this()}")
        ask(instance)
        assert slots_of(instance).limit == 2
    finally:
        storage.delete_concurrency_limit(POOL)


def test_without_a_limit_no_slot_is_claimed() -> None:
    """An instance in memory has none; the runs of a test do not wait for each other."""
    with dg.DagsterInstance.ephemeral() as plain:
        run = started(plain)
        with slot(plain, POOL, run.run_id, "step"):
            assert plain.event_log_storage.get_concurrency_run_ids() == set()


def test_a_route_holds_the_slots_of_all_its_members(instance: dg.DagsterInstance) -> None:
    """Each until the end; another run that needs one of them waits."""
    storage, run = instance.event_log_storage, started(instance)
    other = f"{POOL}_other"
    with slots(instance, {POOL, other}, run.run_id, "step"):
        for pool in (POOL, other):
            assert storage.get_concurrency_info(pool).active_run_ids == {run.run_id}
    for pool in (POOL, other):
        assert storage.get_concurrency_info(pool).active_run_ids == set()
    instance.delete_run(run.run_id)
