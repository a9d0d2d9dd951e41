"""`finetune_exports`: the row by which the source database knows what was exported.

Upserted by week and checksum, so that a week exported twice with the same content is one row.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from replay_assets.errors import ReadOnlySourceError
from replay_assets.source.database import IncidentDatabase
from replay_assets.source.types import JSON_TEXT
from replay_assets.source.upsert import upsert_statement

EXPORTS = sa.Table(
    "finetune_exports",
    sa.MetaData(),
    sa.Column("week", sa.Text, primary_key=True),
    sa.Column("checksum_sha256", sa.Text, primary_key=True),
    sa.Column("export_type", sa.Text, nullable=False),
    sa.Column("source_table", sa.Text, nullable=False),
    sa.Column("source_ids", JSON_TEXT, nullable=False),
    sa.Column("file_path", sa.Text, nullable=False),
    sa.Column("record_count", sa.BigInteger, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("metadata", JSON_TEXT, nullable=False),
)


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
        """Return the entry as column values."""
        return {column.name: getattr(self, column.name) for column in EXPORTS.c}


def record_export(database: IncidentDatabase, entry: ExportLogEntry) -> str | None:
    """Upsert an export's row; return null, or why this role may not write it.

    Raises:
        SourceError: the database could not take the row for any other reason.
    """
    try:
        with database.writing() as connection:
            EXPORTS.metadata.create_all(connection)
            present = {
                column["name"] for column in sa.inspect(connection).get_columns(EXPORTS.name)
            }
            if "week" in present:
                key = ("week", "checksum_sha256")
                connection.execute(upsert_statement(connection, EXPORTS, [entry.values()], key))
            else:
                _replace(connection, entry, present)
    except ReadOnlySourceError as error:
        return str(error)
    return None


def _replace(connection: sa.Connection, entry: ExportLogEntry, present: set[str]) -> None:
    """Write the row to a table of the original's form: no week, a key of the database's own."""
    columns = [sa.column(one.name, one.type) for one in EXPORTS.c if one.name in present]
    table = sa.table(EXPORTS.name, *columns)
    values = {column.name: entry.values()[column.name] for column in columns}
    same = [table.c[name] == values[name] for name in ("checksum_sha256", "file_path")]
    connection.execute(sa.delete(table).where(*same))
    connection.execute(sa.insert(table).values(values))
