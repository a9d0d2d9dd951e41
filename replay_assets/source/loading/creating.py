"""The tables that `load` makes where a database lacks them, and the indexes that reading needs."""

from typing import Any

import sqlalchemy as sa

from replay_assets.source.connection import IncidentDatabase
from replay_assets.source.schema import (
    FINETUNE_EXPORTS,
    INCIDENT_EVIDENCE,
    LABELS,
    SESSION_MESSAGES,
    SQL_TYPES,
    TABLES,
    LogicalTable,
    SourceMapping,
)

INDEXED = {INCIDENT_EVIDENCE.name: "collected_at", SESSION_MESSAGES.name: "session_id"}
"""What rows of a table are found by, where it is not the incident."""


def create_tables(database: IncidentDatabase, connection: sa.Connection) -> dict[str, sa.Table]:
    """Create what is missing, with the indexes that reading by day and by incident needs."""
    metadata = sa.MetaData()
    mapping = database.mapping
    tables = {
        name: sql_table(metadata, mapping, logical)
        for name, logical in TABLES.items()
        # Labels that are stored elsewhere have no separate table.
        if logical is not LABELS or mapping.labels is None
    }
    sql_table(metadata, mapping, FINETUNE_EXPORTS)
    metadata.create_all(connection)
    return tables


def sql_table(metadata: sa.MetaData, mapping: SourceMapping, logical: LogicalTable) -> sa.Table:
    """Return a table as we would make it, columns keyed by their logical names."""
    schema, name = mapping.table(logical)
    sources = {column.name: mapping.source_of(logical, column.name) for column in logical.columns}
    written = logical is FINETUNE_EXPORTS
    table = sa.Table(
        name,
        metadata,
        *(
            sa.Column(
                source.column,
                # A column of other words is text, whatever they are translated to.
                SQL_TYPES["text" if source.values else column.kind],
                key=column.name,
                primary_key=column.name in logical.key,
                autoincrement=False,
                nullable=not written and column.name not in logical.key,
            )
            for column in logical.columns
            if (source := sources[column.name]) is not None and not source.path
        ),
        *_filtered(mapping, logical),
        schema=schema,
    )
    if not written:
        column = indexed_column(logical)
        sa.Index(f"ix_{name}_{column}", table.c[column])
    return table


def _filtered(mapping: SourceMapping, logical: LogicalTable) -> list[sa.Column[Any]]:
    """Return the columns that only the mapping's conditions name."""
    taken = {
        source.column
        for column in logical.columns
        if (source := mapping.source_of(logical, column.name)) is not None
    }
    kinds: dict[type, sa.types.TypeEngine[Any]] = {
        bool: sa.Boolean(),
        int: sa.BigInteger(),
        float: sa.Float(),
    }
    return [
        sa.Column(name, kinds.get(type(wanted), sa.Text()), key=f"where {name}")
        for name, wanted in mapping.entry(logical).where.items()
        if name not in taken
    ]


def indexed_column(logical: LogicalTable) -> str:
    """Return the logical column that an index of the table must begin with."""
    return INDEXED.get(logical.name, "incident_id")
