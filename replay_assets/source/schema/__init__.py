"""What the incident database looks like: tables, columns, types, the mapping file, its checks.

It opens no connection and reads no row.
"""

from replay_assets.source.schema.mapping import (
    Condition,
    Conditions,
    NotNull,
    RealColumn,
    SourceMapping,
    load_mapping,
)
from replay_assets.source.schema.physical import TablePhysical, layouts_of, qualified
from replay_assets.source.schema.row_security import refuse_hidden_rows, row_security_of
from replay_assets.source.schema.schema_check import (
    Types,
    missing_in_source,
    missing_of,
    nearest,
    nearest_table,
    real_columns,
)
from replay_assets.source.schema.tables import (
    AGENT_SESSIONS,
    AUTO_REPAIR_EXECUTIONS,
    FINETUNE_EXPORTS,
    INCIDENT_EVIDENCE,
    LABELS,
    SESSION_MESSAGES,
    TABLES,
    Column,
    Kind,
    LogicalTable,
)
from replay_assets.source.schema.translation import translated, word_for, word_of
from replay_assets.source.schema.types import SQL_TYPES, JsonFlag, instant_text

__all__ = [
    "AGENT_SESSIONS",
    "AUTO_REPAIR_EXECUTIONS",
    "FINETUNE_EXPORTS",
    "INCIDENT_EVIDENCE",
    "LABELS",
    "SESSION_MESSAGES",
    "SQL_TYPES",
    "TABLES",
    "Column",
    "Condition",
    "Conditions",
    "JsonFlag",
    "Kind",
    "LogicalTable",
    "NotNull",
    "RealColumn",
    "SourceMapping",
    "TablePhysical",
    "Types",
    "instant_text",
    "layouts_of",
    "load_mapping",
    "missing_in_source",
    "missing_of",
    "nearest",
    "nearest_table",
    "qualified",
    "real_columns",
    "refuse_hidden_rows",
    "row_security_of",
    "translated",
    "word_for",
    "word_of",
]
