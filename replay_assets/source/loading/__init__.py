"""Loading files into a database: CSV, TSV and JSONL records, tables made, rows upserted.

The one package that writes to an incident database, except for the export log.
"""

from replay_assets.source.loading.creating import indexed_column, sql_table
from replay_assets.source.loading.field_names import OTHER_SEPARATORS
from replay_assets.source.loading.load import LoadOutcome, files_in, load_files, table_of_file
from replay_assets.source.loading.odd_values import refuse_odd_id
from replay_assets.source.loading.records import FoundRecord, RecordFile
from replay_assets.source.loading.upsert import has_unique_key, upsert_rows
from replay_assets.source.loading.values import BOOLEAN_WORDS, real_type_of

__all__ = [
    "BOOLEAN_WORDS",
    "OTHER_SEPARATORS",
    "FoundRecord",
    "LoadOutcome",
    "RecordFile",
    "files_in",
    "has_unique_key",
    "indexed_column",
    "load_files",
    "real_type_of",
    "refuse_odd_id",
    "sql_table",
    "table_of_file",
    "upsert_rows",
]
