"""Runs partitions from the command line: selects days and candidates, and prints the results."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from replay_assets.candidates import Candidate, Catalogue, with_agents
from replay_assets.cli.days import iso_day
from replay_assets.cli.display import (
    console,
    printed,
    progress_bar,
    show_ended,
    show_orphans,
    show_week,
)
from replay_assets.cli.loading import load_samples_if_empty, load_source
from replay_assets.cli.stopping import received
from replay_assets.contracts.calendar import days_between, days_of_week, is_over, monday_of
from replay_assets.defs.endpoint_slots import WAITING
from replay_assets.defs.lost_calls import lost_calls
from replay_assets.defs.resources import ReplayState
from replay_assets.errors import (
    CONTINUES,
    INTERRUPTED,
    BatchInterruptedError,
    ConfigurationError,
)
from replay_assets.instance_folder import prepare_instance
from replay_assets.lake import Store
from replay_assets.launching import RunOutcome, run_days, run_weeks
from replay_assets.settings import Settings, read_secret, read_variable
from replay_assets.source import IncidentDatabase, Orphans, count_orphans, load_mapping

DEMO_WEEK = "2026-09-28"
"""A complete week of the samples, with an incident on every day."""


def walk_samples() -> bool:
    """Load the samples and run a week of them; return whether anything failed."""
    settings = Settings.from_environment()
    if not settings.source_is_default:
        raise ConfigurationError(
            "demo uses the samples, but REPLAY_SOURCE_URL is set to your own database. Unset it, "
            "or use `replay-assets backfill` for your own incidents."
        )
    catalogue = Catalogue.load(settings.candidates, read_variable).replayed
    baselines = [candidate for candidate in catalogue if candidate.embedded]
    if not baselines:
        raise ConfigurationError(
            "the catalogue has no embedded candidate, which the demo needs; add one"
        )
    check_zone(settings, accept_new=False)
    load_source(settings, settings.samples)
    failed = walk(settings, days_of_week(DEMO_WEEK), baselines, reuse=False)
    console.print(
        "These are baselines, not language models: a constant answer and fixed rules. See all "
        "results in the UI with [bold]replay-assets ui[/bold]."
    )
    return failed


def walk_range(
    first: str, last: str, candidate_ids: Sequence[str], *, accept_new_timezone: bool = False
) -> bool:
    """Run the days from first to last and their weeks; return whether anything failed.

    Without candidate ids, every scheduled candidate that has its key is replayed and all partitions
    are built again; with ids, existing partitions are reused.
    """
    settings = Settings.from_environment()
    days = days_to_run(settings, first, last)
    candidates = candidates_to_replay(
        Catalogue.load(settings.candidates, read_variable).replayed, candidate_ids
    )
    check_zone(settings, accept_new=accept_new_timezone)
    load_samples_if_empty(settings)
    return walk(settings, days, candidates, reuse=bool(candidate_ids))


def walk(
    settings: Settings, days: Sequence[str], candidates: Sequence[Candidate], *, reuse: bool
) -> bool:
    """Run days and their weeks; print verdicts and failures; return whether anything failed."""
    if note := prepare_instance(settings):
        console.print(note, markup=False, soft_wrap=True)
    _warn_of_lost_calls(settings, days, candidates)
    weeks = sorted({monday_of(day) for day in days})
    over = [week for week in weeks if _is_over(settings, days_of_week(week)[-1])]
    runs: list[RunOutcome] = []
    with progress_bar() as progress, printed(WAITING):
        for kind, wanted, outcomes in (
            ("day", days, run_days(settings, days, candidates, reuse=reuse)),
            ("week", over, run_weeks(settings, over)),
        ):
            total = len(runs) + len(wanted)
            task = progress.add_task(f"{kind}s", total=len(wanted))
            for run in outcomes:
                runs.append(run)
                _end_if_interrupted(runs, total)
                progress.update(task, advance=1, description=f"{kind} {run.partition}")
                show_ended(f"{kind} {run.partition}", run.failures)
    for week in sorted(set(weeks) - set(over)):
        console.print(f"skipped week {week}: it is not over yet")
    _show_counts(runs)
    if not reuse:
        show_orphans(_orphans(settings))
    for run in runs[len(days) :]:
        if not run.failures:
            show_week(settings, run.partition)
    return _show_failures(runs)


def _warn_of_lost_calls(
    settings: Settings, days: Sequence[str], candidates: Sequence[Candidate]
) -> None:
    """Print which answers will be paid for again, before anything is asked."""
    lake, state = Store(settings.lake), ReplayState(settings.state, settings.timezone)
    for candidate in with_agents(candidates):
        if lost := lost_calls(lake, state, candidate, days):
            console.print(lost, style="yellow", markup=False, soft_wrap=True)


def _show_counts(runs: Sequence[RunOutcome]) -> None:
    """Print the notes of runs, and how many succeeded."""
    for run in runs:
        for note in run.notes:
            # Without markup: rich would read square brackets in a text as a style.
            console.print(f"{run.partition}: {note}", markup=False)
    succeeded = sum(not run.failures for run in runs)
    console.print(f"{succeeded} of {len(runs)} partitions succeeded")


def _show_failures(runs: Sequence[RunOutcome]) -> bool:
    """Print what failed with its reason, as the last lines; return whether anything failed."""
    for run in runs:
        for step, reason in run.failures.items():
            # Not wrapped: a path or an address in a reason can then be copied.
            line = f"  {run.partition} {step}: {reason}"
            console.print(line, style="red", markup=False, soft_wrap=True)
    return any(run.failures for run in runs)


def check_zone(settings: Settings, *, accept_new: bool) -> None:
    """Compare the time zone of the existing days with the one in use, or accept the new one.

    Raises:
        TimeZoneError: they differ, and the new one is not accepted.
    """
    for url in (settings.lake, settings.evidence, settings.labels):
        root = Store(url, settings.timezone)
        if accept_new:
            root.accept_zone()
        root.require_zone()


def _end_if_interrupted(runs: Sequence[RunOutcome], total: int) -> None:
    """Raise if a signal was received: Dagster records it as the failure of one run only."""
    if received() is not None:
        done = sum(not run.failures for run in runs)
        raise BatchInterruptedError(
            f"{INTERRUPTED} {done} of {total} partitions were finished. {CONTINUES}"
        )


def _orphans(settings: Settings) -> Orphans:
    with IncidentDatabase(settings.source_url, load_mapping(settings.mapping)) as database:
        return count_orphans(database, settings.first_day, settings.timezone)


def days_to_run(settings: Settings, first: str, last: str) -> list[str]:
    """Return the days of a range.

    Raises:
        click.BadParameter: a day of the range can't be materialized.
    """
    first, last = iso_day(first, "--from"), iso_day(last, "--to")
    if first > last:
        raise click.BadParameter(f"{first} is after {last}", param_hint="--from")
    if first < settings.first_day:
        raise click.BadParameter(
            f"{first} is before the first partition, {settings.first_day}; set REPLAY_FIRST_DAY",
            param_hint="--from",
        )
    if not _is_over(settings, last):
        raise click.BadParameter(f"{last} has not ended in {settings.timezone}", param_hint="--to")
    return days_between(first, last)


def candidates_to_replay(catalogue: Catalogue, candidate_ids: Sequence[str]) -> list[Candidate]:
    """Return the candidates to replay: those named, else all scheduled ones that have a key."""
    if candidate_ids:
        return catalogue.named(candidate_ids)
    chosen, skipped = [], dict[str, list[str]]()
    for candidate in catalogue:
        if (reason := candidate.not_ready(read_secret)) is not None:
            skipped.setdefault(reason, []).append(candidate.id)
        else:
            chosen.append(candidate)
    for reason, names in skipped.items():
        console.print(f"skipped {', '.join(names)}: {reason}", markup=False, soft_wrap=True)
    return chosen


def _is_over(settings: Settings, day: str) -> bool:
    return is_over(day, settings.timezone, datetime.now(UTC))
