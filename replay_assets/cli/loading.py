"""The work of `load`: loads files, and prints progress and what was skipped, with reasons."""

from collections.abc import Mapping
from pathlib import Path

from rich.progress import TaskID

from replay_assets.cli.display import console, progress_bar
from replay_assets.errors import ConfigurationError
from replay_assets.settings import Settings
from replay_assets.source import (
    IncidentDatabase,
    LoadOutcome,
    files_in,
    load_files,
    load_mapping,
    table_of_file,
)


def load_source(
    settings: Settings, path: Path, *, table: str | None = None, keep_going: bool = False
) -> bool:
    """Load a folder or file into the source and print the result; return whether all was loaded."""
    files = _files(path, table)
    with IncidentDatabase(settings.source_url, load_mapping(settings.mapping)) as database:
        outcome = _load(database, files, keep_going=keep_going)
    for one in outcome.loaded:
        ignored = f"; no column for {', '.join(one.ignored_fields)}" if one.ignored_fields else ""
        if not one.rows and not outcome.bad_lines.count:
            ignored += f"; {files[one.table].name} has no records"
        console.print(f"loaded {one.rows} rows into {one.table}{ignored}", markup=False)
    if outcome.bad_lines.count:
        lines = "line" if outcome.bad_lines.count == 1 else "lines"
        console.print(f"skipped {outcome.bad_lines.count} {lines}:", style="red")
        console.print(str(outcome.bad_lines), markup=False, soft_wrap=True)
    return not outcome.bad_lines.count


def load_samples_if_empty(settings: Settings) -> None:
    """Load the samples if no incident database is configured, and the default one is not there."""
    if settings.source_is_default and not (settings.data / "incidents.sqlite").exists():
        load_source(settings, settings.samples)


def _files(path: Path, table: str | None) -> Mapping[str, Path]:
    if path.is_dir():
        if table is not None:
            raise ConfigurationError(
                "--table is for a single file; the files of a folder are named after their tables"
            )
        files, unclaimed = files_in(path)
        # A misspelt name must not look like a table without rows.
        for name in unclaimed:
            console.print(f"skipped {name}: it is not named after a table", markup=False)
        return files
    return {table_of_file(path, table): path}


def _load(
    database: IncidentDatabase, files: Mapping[str, Path], *, keep_going: bool
) -> LoadOutcome:
    with progress_bar() as progress:
        tasks: dict[str, TaskID] = {}
        sizes = {name: max(path.stat().st_size, 1) for name, path in files.items()}
        rows = dict.fromkeys(files, 0)

        def advance(name: str, written: int, share: float) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=sizes[name])
            rows[name] += written
            progress.update(
                tasks[name],
                completed=round(share * sizes[name]),
                description=f"load {name}: {rows[name]:,} rows; bytes",
            )

        return load_files(database, files, advance, keep_going=keep_going)
