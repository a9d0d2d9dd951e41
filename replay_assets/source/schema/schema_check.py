"""What a mapping asks for and the live database lacks: all of it, with the nearest names."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import TypeEngine

from replay_assets.source.schema.mapping import RealColumn, SourceMapping
from replay_assets.source.schema.table_names import TableName
from replay_assets.source.schema.tables import LABELS, TABLES, LogicalTable

Types = dict[str, TypeEngine[Any]]


def real_columns(
    connection: sa.Connection, mapping: SourceMapping, logical: LogicalTable
) -> Types | None:
    """Return a table's real columns and types; None if the database lacks the table."""
    schema, name = mapping.table(logical)
    if _is_not_attached(connection, schema):
        return None
    try:
        found = sa.inspect(connection).get_columns(name, schema=schema)
    except NoSuchTableError:
        return None
    return {column["name"]: _plain(column["type"]) for column in found}


def _plain(real: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type below a domain of PostgreSQL: the domain is read and compared like it."""
    while isinstance(real, DOMAIN):
        real = real.data_type
    return real


def missing_in_source(connection: sa.Connection, mapping: SourceMapping) -> list[str]:
    """Return every table and column that reading needs and that is not there."""
    return [
        problem
        for logical in TABLES.values()
        if not (logical is LABELS and mapping.label_file)
        for problem in missing_of(
            connection, mapping, logical, real_columns(connection, mapping, logical)
        )
    ]


def missing_of(
    connection: sa.Connection, mapping: SourceMapping, logical: LogicalTable, present: Types | None
) -> list[str]:
    """Return what one table lacks: required columns, and whatever the mapping names."""
    table = mapping.table(logical)
    if present is None:
        if not logical.required and not mapping.named(logical):
            return []
        near = nearest_table(connection, mapping, logical)
        return [f"no table {table!r} for {logical.name}{near}"]
    problems = [
        f"table {table!r} lacks {real!r}{for_what}{nearest(real, present)}"
        for real, for_what in _wanted(mapping, logical)
        if real not in present
    ]
    return problems + [
        f"{source.column!r} of table {table!r} is {present[source.column]}, and has no place "
        f"{list(source.path)} inside it for {name}"
        for name, source in _sources(mapping, logical)
        if source.path and source.column in present and not _may_hold_json(present[source.column])
    ]


def nearest_table(connection: sa.Connection, mapping: SourceMapping, logical: LogicalTable) -> str:
    """Return a hint at tables and views named like a missing one and not mapped to another."""
    schema, name = mapping.table(logical)
    if schema is not None and (whole := f"{schema}.{name}") in _names_in(connection, None):
        return f" (a table has this dot in its name: write '{TableName(None, whole)}')"
    taken = {mapping.table(one).name for one in TABLES.values()}
    free = [one for one in _names_in(connection, schema) if one not in taken]
    return nearest(name, [str(TableName(None, one)) for one in free])


def _names_in(connection: sa.Connection, schema: str | None) -> list[str]:
    if _is_not_attached(connection, schema):
        return []
    inspector = sa.inspect(connection)
    return [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]


def _is_not_attached(connection: sa.Connection, schema: str | None) -> bool:
    """Return whether SQLite lacks a schema, which its inspector reports as an error."""
    if schema is None or connection.dialect.name != "sqlite":
        return False
    return schema not in sa.inspect(connection).get_schema_names()


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return a hint at the names that are most like a missing one."""
    close = get_close_matches(name, sorted(candidates), n=2, cutoff=0.5)
    return f" (nearest: {', '.join(close)})" if close else ""


def _sources(mapping: SourceMapping, logical: LogicalTable) -> list[tuple[str, RealColumn]]:
    found = ((column.name, mapping.source_of(logical, column.name)) for column in logical.columns)
    return [(name, source) for name, source in found if source is not None]


def _wanted(mapping: SourceMapping, logical: LogicalTable) -> list[tuple[str, str]]:
    entry = mapping.entry(logical)
    required = {column.name for column in logical.columns if column.required}
    wanted = {
        source.column: "" if source.column == name else f" for {name}"
        for name, source in _sources(mapping, logical)
        # What the mapping names must exist: a misspelled name would silently map nothing.
        if name in required or name in entry.columns
    }
    return [
        *wanted.items(),
        *((name, " for `where`") for name in entry.where if name not in wanted),
    ]


def _may_hold_json(real: TypeEngine[Any]) -> bool:
    return isinstance(real, sa.String | sa.JSON | sa.types.NullType)
