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

from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.connection.repeating import repeated
from replay_assets.source.day.batches import Batch
from replay_assets.source.day.label_reading import UNREADABLE_LINE, read_labels
from replay_assets.source.day.newest import VERSIONS
from replay_assets.source.day.orphans import Orphans, count_orphans
from replay_assets.source.day.reading import (
    MAX_TEXT_BYTES,
    DaySnapshot,
    day_snapshot,
    newest_instant,
)
from replay_assets.source.diagnosis.examine import examine_source
from replay_assets.source.export_log import ExportLogEntry, record_export
from replay_assets.source.loading.load import LoadOutcome, files_in, load_files, table_of_file
from replay_assets.source.schema.mapping import SourceMapping, load_mapping
from replay_assets.source.schema.tables import (
    AUTO_REPAIR_EXECUTIONS,
    FINETUNE_EXPORTS,
    INCIDENT_EVIDENCE,
    LABELS,
    SESSION_MESSAGES,
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
    "Batch",
    "DaySnapshot",
    "ExportLogEntry",
    "IncidentDatabase",
    "LoadOutcome",
    "Orphans",
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
