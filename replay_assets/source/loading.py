"""`load`: JSONL files of the source tables into the database, all of them or nothing.

One file a table, named after it. Rows are upserted by key, so loading twice changes nothing. A line
that can't be used is reported with its number, and then nothing is loaded.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from replay_assets.errors import SourceError
from replay_assets.source.database import IncidentDatabase
from replay_assets.source.export_log import EXPORTS
from replay_assets.source.tables import TABLES, Column, LogicalTable
from replay_assets.source.types import SQL_TYPES
from replay_assets.source.upsert import upsert_statement

ROWS_A_STATEMENT = 200
"""Rows of one INSERT: 200 x 15 columns stay below SQLite's limit of 32,766 parameters."""
SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class Loaded:
    """What one file gave: rows written, and fields of it that no column takes."""

    table: str
    rows: int
    ignored_fields: tuple[str, ...]


def load_directory(
    database: IncidentDatabase, directory: Path, progress: Callable[[str, int], None]
) -> list[Loaded]:
    """Create the tables where they are missing and upsert every file of a folder.

    Args:
        database: where to write.
        directory: holds `<table>.jsonl` files; at least `incident_evidence.jsonl`.
        progress: called with a table's name and the rows written since the last call.

    Raises:
        SourceError: the folder has no such file, or a line can't be used; nothing was written.
    """
    if not (directory / "incident_evidence.jsonl").is_file():
        raise SourceError(
            f"{directory} has no incident_evidence.jsonl; expected one JSONL file a table: "
            + ", ".join(f"{name}.jsonl" for name in TABLES)
        )
    problems: list[str] = []
    parsed = {
        name: parse_file(path, table, problems)
        for name, table in TABLES.items()
        if (path := directory / f"{name}.jsonl").is_file()
    }
    if problems:
        more = len(problems) - SHOWN_PROBLEMS
        tail = f"\n… and {more} more" if more > 0 else ""
        raise SourceError("nothing was loaded:\n" + "\n".join(problems[:SHOWN_PROBLEMS]) + tail)
    with database.writing(create=True) as connection:
        tables = create_tables(database, connection)
        return [
            _upsert(connection, tables[name], TABLES[name], rows, ignored, database, progress)
            for name, (rows, ignored) in parsed.items()
        ]


def parse_file(
    path: Path, table: LogicalTable, problems: list[str]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return a file's rows and the fields no column takes; add unusable lines to `problems`."""
    known = {column.name for column in table.columns}
    rows: dict[tuple[object, ...], dict[str, Any]] = {}
    ignored: set[str] = set()
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode(), parse_constant=_refuse_constant)
            if not isinstance(record, dict):
                raise ValueError("expected a JSON object")
            row = {column.name: value_of(record, column) for column in table.columns}
            if null := [name for name in table.key if row[name] is None]:
                raise ValueError(f"{', '.join(null)} is null, but identifies the row")
        except ValueError as error:
            problems.append(f"{path}, line {number}: {error}")
            continue
        except RecursionError:
            problems.append(f"{path}, line {number}: nested too deep")
            continue
        ignored |= record.keys() - known
        rows[tuple(row[name] for name in table.key)] = row
    return list(rows.values()), tuple(sorted(ignored))


def value_of(record: dict[str, Any], column: Column) -> Any:  # noqa: ANN401 - a database value
    """Return one field as its column takes it.

    Raises:
        ValueError: it is missing though required, or of another kind.
    """
    value = record.get(column.name)
    if value is None:
        if column.required and column.name not in record:
            raise ValueError(f"{column.name} is missing")
        return None
    if column.kind == "json":
        return _storable(column.name, json.dumps(value, ensure_ascii=False))
    if column.kind == "instant":
        instant = datetime.fromisoformat(str(value))
        if instant.tzinfo is None:
            raise ValueError(f"{column.name}: {value!r} has no time zone; write 2026-09-21T06:10Z")
        return instant
    if column.kind == "boolean" and not isinstance(value, bool):
        raise ValueError(f"{column.name}: expected true or false, found {value!r}")
    if column.kind == "integer" and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError(f"{column.name}: expected a whole number, found {value!r}")
    if column.kind == "text" and isinstance(value, dict | list):
        raise ValueError(f"{column.name}: expected text, found {type(value).__name__}")
    return _storable(column.name, str(value)) if column.kind == "text" else value


def _storable(name: str, text: str) -> str:
    """Refuse what no database takes as text: NUL (PostgreSQL), half a UTF-16 pair (both)."""
    if "\x00" in text:
        raise ValueError(f"{name}: holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}: holds a lone surrogate, half of a character") from None
    return text


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def create_tables(database: IncidentDatabase, connection: sa.Connection) -> dict[str, sa.Table]:
    """Create what is missing, with the indexes that reading by day and by incident needs."""
    metadata = sa.MetaData()
    tables = {name: _table(metadata, database, logical) for name, logical in TABLES.items()}
    metadata.create_all(connection)
    EXPORTS.metadata.create_all(connection)
    return tables


def _table(metadata: sa.MetaData, database: IncidentDatabase, logical: LogicalTable) -> sa.Table:
    schema, _, name = database.mapping.table(logical).rpartition(".")
    table = sa.Table(
        name,
        metadata,
        *(
            sa.Column(
                database.mapping.column(logical, column.name),
                SQL_TYPES[column.kind],
                key=column.name,
                primary_key=column.name in logical.key,
                autoincrement=False,
            )
            for column in logical.columns
        ),
        schema=schema or None,
    )
    indexed = {"incident_evidence": "collected_at", "session_messages": "session_id"}
    column = indexed.get(logical.name, "incident_id")
    sa.Index(f"ix_{name}_{column}", table.c[column])
    return table


def _upsert(
    connection: sa.Connection,
    table: sa.Table,
    logical: LogicalTable,
    rows: Sequence[dict[str, Any]],
    ignored: tuple[str, ...],
    database: IncidentDatabase,
    progress: Callable[[str, int], None],
) -> Loaded:
    present = database.real_columns(connection, logical) or {}
    columns = [column.key for column in table.c if column.name in present]
    lacking = {name for name in table.c.keys() if name not in columns}  # noqa: SIM118
    dropped = {name for row in rows for name in lacking if row[name] is not None}
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        batch = [
            {key: row[key] for key in columns} for row in rows[start : start + ROWS_A_STATEMENT]
        ]
        connection.execute(upsert_statement(connection, table, batch, logical.key))
        progress(logical.name, len(batch))
    return Loaded(
        table=logical.name, rows=len(rows), ignored_fields=tuple(sorted({*ignored, *dropped}))
    )
