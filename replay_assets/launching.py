"""Starts Dagster runs from the command line: ordinary runs of the project's jobs, without a daemon.

Runs are recorded on the project's own instance, so the UI shows them afterwards like any other run.
They run one after another, because threads of in-process runs deadlock on one instance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from replay_assets.candidates import Candidate
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.definitions import LOCATION, build_definitions
from replay_assets.defs.dead_runs import end_dead_runs, process_tag
from replay_assets.defs.keys import key_of
from replay_assets.defs.left_out import NAMED_TAG
from replay_assets.defs.schedules import SHARED_ASSETS, daily_selection
from replay_assets.errors import ReplayAssetsError
from replay_assets.lake import Lineage, Published, Store
from replay_assets.sanitizing import rules_digest, rules_of
from replay_assets.settings import Settings
from replay_assets.source import FINETUNE_EXPORTS
from replay_assets.volumes import naming_full_disk

# Without the repository's tag, the job's page in the UI would not list these runs.
RUN_TAGS = {".dagster/repository": f"__repository__@{LOCATION}", NAMED_TAG: "true"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""No log in the terminal, which shows our own progress; Dagster's event log is complete."""


OWN_ERRORS = f"{ReplayAssetsError.__module__.partition('.')[0]}."
"""How the names of our own errors begin in what Dagster records of them."""


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
    with naming_full_disk(settings.dagster_home), dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)
        for day in days:
            present = shared_assets_present(settings, definitions, day) if reuse else set()
            keys = [key for key in daily_selection(candidates) if key not in present]
            yield _run(job, day, keys, instance)


def end_runs_left() -> None:
    """Mark as failed the runs of processes that were killed, before the daemon looks at them."""
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)


def run_weeks(settings: Settings, weeks: Sequence[str]) -> Iterator[RunOutcome]:
    """Materialise weeks, named by their Mondays, one after another."""
    job = build_definitions(settings).resolve_job_def("weekly_walk")
    with naming_full_disk(settings.dagster_home), dg.DagsterInstance.get() as instance:
        for week in weeks:
            yield _run(job, week, None, instance)


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
    run_id = str(uuid4())
    result = job.execute_in_process(
        run_id=run_id,
        partition_key=partition,
        asset_selection=keys,
        instance=instance,
        # The other partitions still run; failures are listed at the end.
        raise_on_error=False,
        run_config=QUIET,
        tags=RUN_TAGS | process_tag(run_id),
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
    return [f"export recorded in {one}" for one in recorded if one != FINETUNE_EXPORTS.name]


def _reason(event: dg.DagsterEvent) -> str:
    """Return why a step failed in one line: the failure's description, or else the error."""
    failed = event.step_failure_data
    if failed.user_failure_data is not None and failed.user_failure_data.description:
        return failed.user_failure_data.description
    return "unknown" if failed.error is None else reason_in(failed.error)


def reason_in(error: SerializableErrorInfo) -> str:
    """Return why something failed: the first of our own errors in a chain, else its last error.

    Dagster wraps what a step raised in its own errors; what our own error was raised from is a
    detail, such as the operating system's number.
    """
    cause: SerializableErrorInfo | None = error
    while cause is not None:
        if cause.message.startswith(OWN_ERRORS):
            return " ".join(cause.message.partition(": ")[2].split())
        error, cause = cause, cause.cause or cause.context
    return " ".join(error.message.split())
