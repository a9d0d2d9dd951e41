"""Ordinary Dagster runs of the shipped jobs, on an instance that exists during the test."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from replay_assets.candidates.catalogue import Catalogue
from replay_assets.definitions import build_definitions
from replay_assets.defs.schedules import daily_selection
from replay_assets.settings import Settings

BASELINES = ("rules-baseline", "constant-baseline")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def walk_day(
    settings: Settings, day: str, candidates: Sequence[str] = BASELINES, **arguments: Any
) -> dg.ExecuteInProcessResult:
    """Run one day for some candidates."""
    catalogue = Catalogue.load(settings.candidates)
    keys = daily_selection([catalogue.get(name) for name in candidates])
    job = build_definitions(settings).resolve_job_def("daily_walk")
    return execute(job, partition_key=day, **{"asset_selection": keys, **arguments})


def walk_week(settings: Settings, week: str, **arguments: Any) -> dg.ExecuteInProcessResult:
    """Run one week's report and export."""
    job = build_definitions(settings).resolve_job_def("weekly_walk")
    return execute(job, partition_key=week, **arguments)


def execute(job: dg.JobDefinition, **arguments: Any) -> dg.ExecuteInProcessResult:
    """Run a job in this process; failures stay in the result."""
    with dg.DagsterInstance.ephemeral() as instance:
        arguments = {"instance": instance, "raise_on_error": False, **arguments}
        config = {**QUIET, **arguments.pop("run_config", {})}
        return job.execute_in_process(run_config=config, **arguments)


def failed_steps(result: dg.ExecuteInProcessResult) -> set[str]:
    """The steps of a run that failed."""
    return {event.step_key or "" for event in result.all_events if event.is_step_failure}


def content_of(root: str) -> dict[str, str]:
    """Content digest of every partition below a root, by the path of its manifest."""
    return {
        str(path.relative_to(root)): json.loads(path.read_text())["content_digest"]
        for path in sorted(Path(root).rglob("manifest.json"))
    }


def bytes_of(root: str) -> dict[str, bytes]:
    """Every file below a root."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(Path(root).rglob("*"))
        if path.is_file()
    }
