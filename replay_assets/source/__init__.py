"""The incident database: every SQL statement, the schema mapping, loading, and the export log.

SQLite and PostgreSQL through SQLAlchemy. Rows leave as plain values under the logical names of
`schema.tables`; whether they can be used is decided by the evidence stage. The packages, from the
lowest to the highest:

- `schema`: what tables and columns there are, and where a team's database holds them.
- `connection`: one connection; what differs between the two databases.
- `loading`: files into the database. `day`: one day out of it, in one snapshot.
- `diagnosis`: what `doctor` examines. `export_log`: which exports were made.

Other rooms import the names below.
"""

from replay_assets.source.connection import IncidentDatabase, repeated
from replay_assets.source.day import (
    MAX_TEXT_BYTES,
    UNREADABLE_LINE,
    VERSIONS,
    DaySnapshot,
    Orphans,
    RowBatch,
    count_orphans,
    day_snapshot,
    newest_instant,
    read_labels,
)
from replay_assets.source.diagnosis import examine_source
from replay_assets.source.export_log import ExportLogEntry, record_export
from replay_assets.source.loading import LoadOutcome, files_in, load_files, table_of_file
from replay_assets.source.schema import (
    AUTO_REPAIR_EXECUTIONS,
    FINETUNE_EXPORTS,
    INCIDENT_EVIDENCE,
    LABELS,
    SESSION_MESSAGES,
    SourceMapping,
    load_mapping,
)

__all__ = [
    "AUTO_REPAIR_EXECUTIONS",
    "FINETUNE_EXPORTS",
    "INCIDENT_EVIDENCE",
    "LABELS",
    "MAX_TEXT_BYTES",
    "SESSION_MESSAGES",
    "UNREADABLE_LINE",
    "VERSIONS",
    "DaySnapshot",
    "ExportLogEntry",
    "IncidentDatabase",
    "LoadOutcome",
    "Orphans",
    "RowBatch",
    "SourceMapping",
    "count_orphans",
    "day_snapshot",
    "examine_source",
    "files_in",
    "load_files",
    "load_mapping",
    "newest_instant",
    "read_labels",
    "record_export",
    "repeated",
    "table_of_file",
]
