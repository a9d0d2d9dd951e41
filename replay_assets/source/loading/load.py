"""`load`: files of the source tables into the database, all of them or nothing.

One file per table, named after it. Rows are upserted by key in one transaction, so loading twice
changes nothing; two lines of one file with the same key are both refused. Lines that can't be used
are reported with their numbers; then nothing is loaded, unless the caller asks for the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError

from replay_assets.contracts.names import words_of
from replay_assets.errors import ConfigurationError, SourceError
from replay_assets.source.connection import IncidentDatabase
from replay_assets.source.loading.bad_lines import BadLines
from replay_assets.source.loading.creating import create_tables
from replay_assets.source.loading.first_look import repeated_keys, require_columns
from replay_assets.source.loading.load_target import LoadTarget
from replay_assets.source.loading.records import SUFFIXES, RecordFile, kind_of, stem_of
from replay_assets.source.loading.upsert import upsert_rows
from replay_assets.source.schema import INCIDENT_EVIDENCE, LABELS, TABLES

ROWS_A_BATCH = 200
"""Rows between two reports of progress; if the database rejects one of them, they are tried one by
one."""

Row = dict[str, Any]
Progress = Callable[[str, int, float], None]
"""Called with a table's name, the rows written since the last call, and the share of its file."""


@dataclass(frozen=True)
class Loaded:
    """What one file gave: rows written, and fields of it that no column takes."""

    table: str
    rows: int
    ignored_fields: tuple[str, ...]


@dataclass(frozen=True)
class LoadOutcome:
    """What was loaded, and the lines that were left out where the caller wanted the others."""

    loaded: list[Loaded]
    bad_lines: BadLines


def files_in(directory: Path) -> tuple[dict[str, Path], list[str]]:
    """Return a folder's file for each table, and the names of record files without a table.

    Raises:
        SourceError: there is no evidence among them, or two files for one table.
    """
    records = sorted(path for path in directory.iterdir() if path.is_file() and kind_of(path))
    files: dict[str, Path] = {}
    for path in records:
        name = stem_of(path)
        if name in files:
            raise SourceError(f"{files[name]} and {path} are both {name}; keep one")
        files[name] = path
    if INCIDENT_EVIDENCE.name not in files:
        raise SourceError(
            f"{directory} has no {INCIDENT_EVIDENCE.name}.jsonl; expected one file per table "
            f"({', '.join(SUFFIXES)}, also with .gz): "
            + ", ".join(f"{name}.jsonl" for name in TABLES)
        )
    unclaimed = [path.name for name, path in files.items() if name not in TABLES]
    _refuse_other_names(directory, files)
    return {name: files[name] for name in TABLES if name in files}, unclaimed


def _refuse_other_names(directory: Path, files: Mapping[str, Path]) -> None:
    """Refuse a file that is meant for a table but would be left out: the load would be half."""
    for path in sorted(directory.iterdir()):
        near = words_of(path.name.partition(".")[0])
        name = next((one for one in TABLES if words_of(one) == near and one not in files), None)
        if name is not None and path.is_file():
            raise SourceError(
                f"{path} seems to be the file of {name}; expected {name}.jsonl "
                f"(or {', '.join(SUFFIXES[1:])}, also with .gz). Convert or rename it, or move it "
                "away"
            )


def table_of_file(path: Path, table: str | None = None) -> str:
    """Return the table that a file is loaded into: the one that is named, or the file's own name.

    Raises:
        ConfigurationError: the file is of no kind that can be loaded, or there is no such table.
    """
    if not kind_of(path):
        raise ConfigurationError(
            f"{path}: expected {', '.join(SUFFIXES)}, also with .gz; or a folder of such files"
        )
    name = table or stem_of(path)
    if name not in TABLES:
        raise ConfigurationError(
            f"{path}: {name!r} is not a table; use --table with one of {', '.join(TABLES)}"
        )
    return name


def load_directory(
    database: IncidentDatabase, directory: Path, progress: Callable[[str, int], None]
) -> list[Loaded]:
    """Create the tables where they are missing and upsert every file of a folder.

    Args:
        database: where to write.
        directory: has one file per table; at least that of the evidence.
        progress: called with a table's name and the rows written since the last call.

    Raises:
        SourceError: the folder has no file of evidence, or a line can't be used; nothing was
            written.
    """
    files, _ = files_in(directory)
    return load_files(database, files, lambda name, rows, _: progress(name, rows)).loaded


def load_files(
    database: IncidentDatabase,
    files: Mapping[str, Path],
    progress: Progress,
    *,
    keep_going: bool = False,
) -> LoadOutcome:
    """Create the tables where they are missing and upsert files, given by the table's name.

    Args:
        database: where to write.
        files: JSONL or CSV files by logical table.
        progress: called after every batch.
        keep_going: whether to load the good lines although there are bad ones.

    Raises:
        SourceError: a line can't be used and `keep_going` is not set, a file can't be read or its
            header lacks columns, or the mapping leaves no way to write a table; nothing was
            written.
    """
    if LABELS.name in files and database.mapping.labels is not None:
        raise SourceError(
            f"{files[LABELS.name]} can't be loaded: by the mapping file labels are elsewhere "
            "(`labels:`). Leave the file out, or take that entry out of the mapping."
        )
    bad = BadLines()
    with _no_file_left_behind(database), database.writing(create=True) as connection:
        create_tables(database, connection)
        loaded = [
            _load(LoadTarget(connection, database, TABLES[name]), path, bad, progress, keep_going)
            for name, path in files.items()
        ]
        if bad.count and not keep_going:
            raise SourceError(f"nothing was loaded:\n{bad}")
    return LoadOutcome(loaded, bad)


@contextmanager
def _no_file_left_behind(database: IncidentDatabase) -> Iterator[None]:
    """Delete an empty SQLite file again: the next command would read it as a source."""
    file = database.file
    fresh = file is not None and not file.exists()
    try:
        yield
    # Not only errors: an interrupted load must not leave the file either.
    except BaseException:
        if file is not None and fresh:
            database.close()
            file.unlink(missing_ok=True)
        raise


def _load(
    target: LoadTarget, path: Path, bad: BadLines, progress: Progress, keep_going: bool
) -> Loaded:
    known = {column.name for column in target.logical.columns}
    ignored: set[str] = set()
    rows = 0
    batch: list[tuple[int, Row]] = []

    def flush() -> int:
        before = bad.count
        _write(target, batch, path, bad)
        written = len(batch) - (bad.count - before)
        batch.clear()
        progress(target.logical.name, written, records.share)
        return written

    require_columns(target, path)
    repeated = repeated_keys(target, path)
    records = RecordFile(path)
    for found in records:
        if found.line in repeated:
            bad.add(path, found.line, f"{target.shown_key(found)} {repeated[found.line]}")
            continue
        try:
            row = target.row_of(found)
        except ValueError as error:
            bad.add(path, found.line, str(error))
            continue
        # Reported later, so that a misspelled field is not lost silently.
        ignored |= found.fields.keys() - known
        if bad.count and not keep_going:
            continue  # only to name the other bad lines
        batch.append((found.line, row))
        if len(batch) == ROWS_A_BATCH:
            rows += flush()
    if batch:
        rows += flush()
    else:
        # Also for an empty file, and if the last batch was full: progress must reach the end.
        progress(target.logical.name, 0, records.share)
    return Loaded(
        table=target.logical.name,
        rows=rows,
        ignored_fields=tuple(sorted(ignored | target.unwritten)),
    )


def _write(target: LoadTarget, batch: Sequence[tuple[int, Row]], path: Path, bad: BadLines) -> None:
    """Write a batch; where the database refuses a value of it, find the line by writing singly."""
    try:
        _upsert(target, [row for _, row in batch])
    except (DataError, IntegrityError) as error:
        if len(batch) == 1:
            bad.add(path, batch[0][0], str(error.orig).splitlines()[0])
            return
        for line in batch:
            _write(target, [line], path, bad)


def _upsert(target: LoadTarget, rows: list[Row]) -> None:
    # A savepoint, because PostgreSQL executes nothing more in a transaction after an error.
    with target.connection.begin_nested():
        upsert_rows(
            target.connection,
            target.table,
            target.logical.key,
            rows,
            by_conflict=target.has_unique_key,
        )
