"""`finetune_exports`: the row by which the source database knows what was exported.

Upserted by week and checksum, so that a week exported twice with the same content is one row. A
team's own table takes what it has columns for, in their own types.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from replay_assets.errors import ReadOnlySourceError
from replay_assets.source.connection import IncidentDatabase
from replay_assets.source.loading import has_unique_key, real_type_of, sql_table, upsert_rows
from replay_assets.source.schema import FINETUNE_EXPORTS, missing_of

KEY = FINETUNE_EXPORTS.key
ORIGINAL_KEY = ("checksum_sha256", "file_path")
"""The key of exports in a table of the original's form, which has no week."""


@dataclass(frozen=True)
class ExportLogEntry:
    """One exported file as the source database records it; JSON columns are JSON text."""

    week: str
    checksum_sha256: str
    export_type: str
    source_table: str
    source_ids: str
    file_path: str
    record_count: int
    size_bytes: int
    metadata: str

    def values(self) -> dict[str, Any]:
        """Return the entry by logical column."""
        return {column.name: getattr(self, column.name) for column in FINETUNE_EXPORTS.columns}


def record_export(database: IncidentDatabase, entry: ExportLogEntry) -> str | None:
    """Upsert an export's row; return None, or why this role or this table does not take it.

    Raises:
        SourceError: the database itself can't be used.
    """
    try:
        with database.writing() as connection:
            # Made on first use: only teams that export need it.
            sql_table(sa.MetaData(), database.mapping, FINETUNE_EXPORTS).create(
                connection, checkfirst=True
            )
            return _record(connection, database, entry)
    except ReadOnlySourceError as error:
        return str(error)


def _record(
    connection: sa.Connection, database: IncidentDatabase, entry: ExportLogEntry
) -> str | None:
    present = database.real_columns(connection, FINETUNE_EXPORTS) or {}
    if lacking := missing_of(connection, database.mapping, FINETUNE_EXPORTS, present):
        return f"{database.name}: {'; '.join(lacking)}"
    columns, row = [], {}
    for column in FINETUNE_EXPORTS.columns:
        source = database.mapping.source_of(FINETUNE_EXPORTS, column.name)
        if source is None or source.column not in present:
            continue
        kind, convert = real_type_of(column, present[source.column], None)
        try:
            row[column.name] = convert(entry.values()[column.name])
        except ValueError as error:
            return f"{database.name}: {database.mapping.table(FINETUNE_EXPORTS)}: {error}"
        columns.append(sa.Column(source.column, kind, key=column.name))
    schema, name = database.mapping.table(FINETUNE_EXPORTS)
    table = sa.Table(name, sa.MetaData(), *columns, schema=schema)
    key = [one for one in (KEY if "week" in row else ORIGINAL_KEY) if one in row]
    unique = has_unique_key(connection, table, key)
    try:
        # A savepoint, because PostgreSQL does not commit a transaction after an error.
        with connection.begin_nested():
            upsert_rows(connection, table, key, [row], by_conflict=unique)
    except (DataError, IntegrityError, ProgrammingError) as error:
        # The table's form or the role's rights.
        return f"{database.name}: {database.reason(error)}"
    return None
