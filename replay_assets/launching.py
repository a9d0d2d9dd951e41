"""Starts Dagster runs from the command line: ordinary runs of the project's jobs, without a daemon.

Runs are recorded on the project's own instance, so the UI shows them afterwards like any other run.
They run one after another, because threads of in-process runs deadlock on one instance.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from replay_assets.candidates import Candidate
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.definitions import LOCATION, build_definitions
from replay_assets.defs.keys import key_of
from replay_assets.defs.schedules import SHARED_ASSETS, daily_selection
from replay_assets.lake import Lineage, Published, Store
from replay_assets.lake.files import is_alive
from replay_assets.sanitizing import rules_digest, rules_of
from replay_assets.settings import Settings

PROCESS_TAG = "replay_assets/process"
THIS_PROCESS = f"{socket.gethostname()}:{os.getpid()}"
# Without the repository's tag, the job's page in the UI would not list these runs.
RUN_TAGS = {".dagster/repository": f"__repository__@{LOCATION}", PROCESS_TAG: THIS_PROCESS}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""No log in the terminal, which shows our own progress; Dagster's event log is complete."""


@dataclass(frozen=True)
class RunOutcome:
    """The outcome of one partition's run: what failed with its reason, and notes for the user."""

    partition: str
    run_id: str
    failures: dict[str, str]
    notes: list[str]


def run_days(
    settings: Settings, days: Sequence[str], candidates: Sequence[Candidate], *, reuse: bool
) -> Iterator[RunOutcome]:
    """Materialise days one after another.

    Args:
        settings: the settings of the deployment.
        days: ISO days, in the order to run them.
        candidates: the candidates to replay.
        reuse: build evidence, labels, pack and incumbent scores only if they are missing, stale
            or made by an earlier release.
    """
    definitions = build_definitions(settings)
    job = definitions.resolve_job_def("daily_walk")
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)
        for day in days:
            present = shared_assets_present(settings, definitions, day) if reuse else set()
            keys = [key for key in daily_selection(candidates) if key not in present]
            yield _run(job, day, keys, instance)


def run_weeks(settings: Settings, weeks: Sequence[str]) -> Iterator[RunOutcome]:
    """Materialise weeks, named by their Mondays, one after another."""
    job = build_definitions(settings).resolve_job_def("weekly_walk")
    with dg.DagsterInstance.get() as instance:
        for week in weeks:
            yield _run(job, week, None, instance)


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed the runs that a killed process of this machine left; return their ids.

    Such a run would keep its slot in its endpoint's pool, and the next backfill would wait forever.
    """
    host, _, _ = THIS_PROCESS.rpartition(":")
    started = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    dead = [
        run
        for run in started
        # Process ids of another machine have no meaning here.
        if run.tags.get(PROCESS_TAG, "").startswith(f"{host}:")
        and not is_alive(int(run.tags[PROCESS_TAG].rpartition(":")[2]))
    ]
    for run in dead:
        instance.report_run_failed(
            run, "the process that executed this run does not exist any more"
        )
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def shared_assets_present(
    settings: Settings, definitions: dg.Definitions, day: str
) -> set[dg.AssetKey]:
    """Return a day's shared assets that are current, and whose inputs will not be made again.

    Assets made by an earlier release do not count: their columns may differ, and a table is read
    by its folder, so it needs one schema.
    """
    lineage = Lineage(
        lake=Store(settings.lake, settings.timezone),
        evidence=Store(settings.evidence, settings.timezone),
        labels=Store(settings.labels, settings.timezone),
        vocabulary=load_vocabulary(settings.vocabulary),
        rules=rules_digest(rules_of(settings.rules)),
    )
    graph = definitions.resolve_asset_graph()
    current = {
        one
        for one in SHARED_ASSETS
        if lineage.state(one.at(day)).is_current
        and _is_version(lineage.get(one.at(day)), graph.get(key_of(one)).code_version)
    }
    # An asset whose inputs will be made again must be made again too.
    return {key_of(one) for one in current if current.issuperset(one.inputs)}


def _is_version(made: Published, code_version: str | None) -> bool:
    """Return whether Dagster's code version is a partition's; its digest of rules may follow."""
    return f"{code_version}.".startswith(f"{made.manifest.code_version}.")


def _run(
    job: dg.JobDefinition,
    partition: str,
    keys: Sequence[dg.AssetKey] | None,
    instance: dg.DagsterInstance,
) -> RunOutcome:
    result = job.execute_in_process(
        partition_key=partition,
        asset_selection=keys,
        instance=instance,
        # The other partitions still run; failures are listed at the end.
        raise_on_error=False,
        run_config=QUIET,
        tags=RUN_TAGS,
    )
    failures = {
        event.step_key or "run": _reason(event)
        for event in result.all_events
        if event.is_step_failure
    }
    notes = notes_of(result)
    for check in result.get_asset_check_evaluations():
        if check.passed:
            continue
        found = ", ".join(f"{name} {value.value}" for name, value in check.metadata.items())
        if check.severity is dg.AssetCheckSeverity.ERROR:
            failures[f"check {check.check_name}"] = found
        else:
            asset = check.asset_key.to_user_string()
            notes.append(f"{asset}: {check.check_name} did not pass ({found})")
    if not result.success and not failures:
        failures["run"] = "the run failed before its first step; see its log in the UI"
    return RunOutcome(partition, result.run_id, failures, notes)


def notes_of(result: dg.ExecuteInProcessResult) -> list[str]:
    """Return notes on a run that succeeded: exports that the source database did not record."""
    recorded = [
        str(event.materialization.metadata["recorded_in"].value)
        for event in result.get_asset_materialization_events()
        if "recorded_in" in event.materialization.metadata
    ]
    return [f"export recorded in {one}" for one in recorded if one != "finetune_exports"]


def _reason(event: dg.DagsterEvent) -> str:
    """Return why a step failed in one line: the failure's description, or else the error."""
    failed = event.step_failure_data
    if failed.user_failure_data is not None and failed.user_failure_data.description:
        return failed.user_failure_data.description
    error = failed.error
    # Dagster wraps what a step raised in its own errors.
    while error is not None and error.cause is not None:
        error = error.cause
    return " ".join((error.message if error is not None else "unknown").split())
