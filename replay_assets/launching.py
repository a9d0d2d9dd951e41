"""What the command line starts: ordinary Dagster runs of the shipped jobs, no daemon needed.

Runs are recorded on the project's own instance, so the UI shows them afterwards like any other. One
run after another: threads of in-process runs deadlock on one instance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files

import dagster as dg

from replay_assets.definitions import LOCATION, build_definitions
from replay_assets.defs.schedules import daily_selection
from replay_assets.inference.catalogue import Candidate
from replay_assets.lake.addresses import Address
from replay_assets.lake.files import open_root, publish
from replay_assets.lake.store import Store
from replay_assets.settings import Settings, set_dagster_home

# Without the repository's tag the job's page in the UI would not list these runs.
RUN_TAGS = {".dagster/repository": f"__repository__@{LOCATION}"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's event log still records everything; the terminal shows our own progress."""


@dataclass(frozen=True)
class RunOutcome:
    """How one partition's run ended: the steps that failed, each with its reason."""

    partition: str
    run_id: str
    failures: dict[str, str]


def prepare_instance(settings: Settings) -> None:
    """Make the instance folder with its settings, and name it for this process and its children."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        content = (package_files("replay_assets") / "instance.yaml").read_bytes()
        publish(open_root(str(home / "dagster.yaml")), content)
    set_dagster_home(home)


def prepare_workspace(settings: Settings) -> str:
    """Return the workspace file for the UI: the clone's own, else one made beside the instance."""
    own = settings.data.parent / "workspace.yaml"
    if own.exists():
        return str(own)
    made = settings.dagster_home / "workspace.yaml"
    entry = f"{{module_name: replay_assets.definitions, location_name: {LOCATION}}}"
    publish(open_root(str(made)), f"load_from: [{{python_module: {entry}}}]\n".encode())
    return str(made)


def run_days(
    settings: Settings, days: Sequence[str], candidates: Sequence[Candidate], *, reuse: bool
) -> Iterator[RunOutcome]:
    """Materialise days one after another.

    Args:
        settings: where everything lies.
        days: ISO days, in the order to run them.
        candidates: the candidates to replay.
        reuse: build evidence, labels, pack and incumbent scores only where they are missing.
    """
    job = build_definitions(settings).resolve_job_def("daily_walk")
    with dg.DagsterInstance.get() as instance:
        for day in days:
            present = shared_assets_present(settings, day) if reuse else set()
            keys = [key for key in daily_selection(candidates) if key not in present]
            yield _run(job, day, keys, instance)


def run_weeks(settings: Settings, weeks: Sequence[str]) -> Iterator[RunOutcome]:
    """Materialise weeks, named by their Mondays, one after another."""
    job = build_definitions(settings).resolve_job_def("weekly_walk")
    with dg.DagsterInstance.get() as instance:
        for week in weeks:
            yield _run(job, week, None, instance)


def shared_assets_present(settings: Settings, day: str) -> set[dg.AssetKey]:
    """Return which of a day's shared assets exist already."""
    roots = {
        "incident_evidence": settings.evidence,
        "incident_labels": settings.labels,
        "request_pack": settings.lake,
        "incumbent_scores": settings.lake,
    }
    return {
        dg.AssetKey(name)
        for name, root in roots.items()
        if Store(root).find(Address(name, day)) is not None
    }


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
        raise_on_error=False,
        run_config=QUIET,
        tags=RUN_TAGS,
    )
    failures = {
        event.step_key or "run": _reason(event)
        for event in result.all_events
        if event.is_step_failure
    }
    if not result.success and not failures:
        failures["run"] = "the run failed before its first step; see it in the UI"
    return RunOutcome(partition, result.run_id, failures)


def _reason(event: dg.DagsterEvent) -> str:
    """Return why a step failed, in one line: what was raised on purpose, else the error itself."""
    failed = event.step_failure_data
    if failed.user_failure_data is not None and failed.user_failure_data.description:
        return failed.user_failure_data.description
    error = failed.error
    while error is not None and error.cause is not None:
        error = error.cause
    return " ".join((error.message if error is not None else "unknown").split())
