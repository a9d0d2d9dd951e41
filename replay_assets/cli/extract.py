"""Runs one day of the evidence stage from the command line."""

from datetime import UTC, datetime
from pathlib import Path

from replay_assets.cli.days import iso_day
from replay_assets.cli.display import console, progress_bar, show_orphans
from replay_assets.contracts.calendar import day_window
from replay_assets.errors import SourceError
from replay_assets.evidence.extraction import extract_day
from replay_assets.evidence.usability import Usability
from replay_assets.lake import Published, Store
from replay_assets.settings import Settings
from replay_assets.source import IncidentDatabase, count_orphans, load_mapping


def extract_to(out: Path | None, day: str) -> None:
    """Read a day into a folder (default: the root of raw evidence) and print the counts."""
    settings = Settings.from_environment()
    window = day_window(iso_day(day, "--date"), settings.timezone, now=datetime.now(UTC))
    url = str(out.absolute()) if out is not None else settings.evidence
    root = Store(url, settings.timezone)
    with IncidentDatabase(settings.source_url, load_mapping(settings.mapping)) as database:
        with progress_bar() as progress:
            task = progress.add_task(f"day {window.day}", total=None)
            published = extract_day(
                database,
                window,
                root,
                max_text_bytes=settings.max_text_bytes,
                progress=lambda rows: progress.update(task, completed=rows),
            )
        orphans = count_orphans(database, settings.first_day, settings.timezone)
    _show(published, root.url)
    show_orphans(orphans)
    problem = Usability.of(published.facts).problem
    if problem is not None:
        raise SourceError(
            f"{window.day}: {problem}. The rows are in the table `quarantine`, with their reasons."
        )


def _show(published: Published, root: str) -> None:
    facts = published.facts
    console.print(
        f"read {facts['read']} rows: kept {facts['kept']}, quarantined {facts['quarantined']}; "
        f"{facts['messages']} messages, {facts['repairs']} repairs "
        f"(as of {facts['as_of']}, by {facts['read_by']})",
        markup=False,
    )
    for reason, count in facts["quarantine_reasons"].items():
        console.print(f"  {count} {reason}", style="yellow", markup=False)
    for one in published.manifest.files:
        console.print(f"{root}/{one.path} ({one.records} rows)", markup=False, soft_wrap=True)
