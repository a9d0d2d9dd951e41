"""The labels of a day's incidents, from the place that the mapping names.

A table of labels, columns of another table, or a file: all give rows of the logical `labels`, as
they were found. The evidence stage decides which can be used. A label has no time: it
belongs to the days of its incident. A row without an incident is read with every day, so that it is
always reported.
"""

import json
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow
from replay_assets.source.connection import LENIENT_TEXT, IncidentDatabase, MappedTable
from replay_assets.source.day.instant_columns import InstantColumns
from replay_assets.source.day.label_file import NAMES, label_records
from replay_assets.source.day.same_ids import differ, id_like
from replay_assets.source.loading import BOOLEAN_WORDS, FoundRecord, refuse_odd_id
from replay_assets.source.schema import (
    INCIDENT_EVIDENCE,
    LABELS,
    Column,
    Kind,
    RealColumn,
    SourceMapping,
    translated,
)

Row = dict[str, Any]
UNREADABLE_LINE = "unreadable_line"
"""A field that only rows of a file have: the line that is not a record, and why."""


def read_labels(database: IncidentDatabase, window: DayWindow) -> list[Row] | None:
    """Read the labels of a day's incidents; None if the database has no table of labels."""
    with database.snapshot() as connection:
        evidence = database.required(connection, INCIDENT_EVIDENCE)
        instants = InstantColumns.of(database, connection, evidence, window)
        of_the_day = instants.in_day(evidence, window)
        if database.mapping.label_file is not None:
            return _from_file(connection, database, evidence, of_the_day)
        labels = database.selectable(connection, LABELS)
        # Not an empty list: a source without labels differs from a day without labels.
        if labels is None:
            return None
        if _in_evidence(database):
            return _beside_evidence(connection, evidence, labels, of_the_day)
        return _from_table(connection, evidence, labels, of_the_day)


def _in_evidence(database: IncidentDatabase) -> bool:
    mapping = database.mapping
    return mapping.labels is not None and mapping.table(LABELS) == mapping.table(INCIDENT_EVIDENCE)


def _from_table(
    connection: sa.Connection,
    evidence: MappedTable,
    labels: MappedTable,
    of_the_day: sa.ColumnElement[bool],
) -> list[Row]:
    incident_id = id_like(labels, "incident_id", evidence, "incident_id")
    known = id_like(evidence, "incident_id", labels, "incident_id")
    incidents = sa.select(known).where(of_the_day)
    columns = _columns(labels)
    if differ(labels, evidence):
        # As the evidence spells it, by which labels are found later.
        spelled = sa.select(sa.func.min(evidence.value("incident_id")))
        same = spelled.where(of_the_day, known == incident_id).correlate(labels.sql)
        columns[0] = same.scalar_subquery().label("incident_id")
    statement = sa.select(*columns).where(
        sa.or_(incident_id.in_(incidents), incident_id.is_(None)), *labels.conditions
    )
    return _ordered(_rows(connection, statement))


def _beside_evidence(
    connection: sa.Connection,
    evidence: MappedTable,
    labels: MappedTable,
    of_the_day: sa.ColumnElement[bool],
) -> list[Row]:
    """Read each incident's newest snapshot of the day that has a label at all."""
    recorded = [labels.value(name).is_not(None) for name in NAMES[1:] if labels.has(name)]
    own_id = evidence.native("id")
    statement = (
        sa.select(*_columns(labels))
        .join_from(labels.sql, evidence.sql, own_id == labels.sql.c[own_id.name])
        .where(of_the_day, sa.or_(*recorded))
        .order_by(evidence.order("collected_at"), evidence.order("id"))
    )
    rows = _rows(connection, statement)
    newest = {row["incident_id"]: row for row in rows if row["incident_id"] is not None}
    return _ordered([*newest.values(), *(row for row in rows if row["incident_id"] is None)])


def _from_file(
    connection: sa.Connection,
    database: IncidentDatabase,
    evidence: MappedTable,
    of_the_day: sa.ColumnElement[bool],
) -> list[Row]:
    path = database.mapping.label_file
    if path is None:
        raise AssertionError("the caller has seen a label file")
    statement = sa.select(evidence.value("incident_id")).where(of_the_day)
    wanted = {None, *connection.execute(statement).scalars()}
    rows = rows_of_file(path, database.mapping, wanted)
    return _ordered([row for row in rows if row["incident_id"] in wanted])


def rows_of_file(
    path: Path, mapping: SourceMapping, known: Container[str | None] | None = None
) -> Iterator[Row]:
    """Yield the labels of a file as rows of the logical table.

    Args:
        path: the file.
        mapping: names its columns.
        known: ids that incidents have. An unknown id that looks changed by a program, such as
            `12.0`, makes its line unreadable, because its label would be lost without a message.

    Raises:
        SourceError: the file can't be read, or it lacks columns.
    """
    fields = [_LabelField.of(column, mapping) for column in LABELS.columns]
    for found in label_records(path, mapping):
        yield _row_of(found, fields, known)


class _LabelField(NamedTuple):
    """Where a label's field is in a file; the constant is used if it is not there."""

    column: Column
    source: RealColumn | None
    constant: Any

    @classmethod
    def of(cls, column: Column, mapping: SourceMapping) -> "_LabelField":
        if column.name not in mapping.entry(LABELS).columns:
            return cls(column, RealColumn(column.name), None)
        source = mapping.source_of(LABELS, column.name)
        return cls(column, source, mapping.constant_of(LABELS, column))

    def value(self, found: FoundRecord) -> Any:  # noqa: ANN401 - a database value
        if self.source is None:
            return self.constant
        value = _at(found.fields, (self.source.column, *self.source.path))
        value = translated(self.source.values, value)
        return _as_column(self.column.kind, value, from_text=found.from_text)


def _row_of(
    found: FoundRecord, fields: Sequence[_LabelField], known: Container[str | None] | None
) -> Row:
    if found.problem is not None:
        return _unreadable(found, found.problem)
    row = {field.column.name: field.value(found) for field in fields}
    incident_id = row["incident_id"]
    if not isinstance(incident_id, str):
        row["incident_id"] = None  # a list or an object names no incident
    elif known is not None and incident_id not in known:
        try:
            refuse_odd_id("incident_id", incident_id, from_text=found.from_text)
        except ValueError as error:
            return _unreadable(found, str(error))
    return row


def _unreadable(found: FoundRecord, problem: str) -> Row:
    return {**dict.fromkeys(NAMES), UNREADABLE_LINE: f"{found.line}: {problem}"}


def _at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any JSON value
    for key in path:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _as_column(kind: Kind, value: Any, *, from_text: bool) -> Any:  # noqa: ANN401
    """Return a field as a database would give it; what is of another kind stays as it is."""
    if value is None:
        return None
    if kind == "json":
        return value if from_text else json.dumps(value, ensure_ascii=False)
    if kind == "boolean" and from_text and isinstance(value, str):
        return BOOLEAN_WORDS.get(value.lower(), value)
    if kind == "text" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _columns(labels: MappedTable) -> list[sa.ColumnElement[Any]]:
    return [labels.value(name).label(name) for name in NAMES]


def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> list[Row]:
    rows = connection.execute(statement).mappings()
    return [{name: _text_of(value) for name, value in row.items()} for row in rows]


def _text_of(value: Any) -> Any:  # noqa: ANN401 - a database value
    """Return the text that a `bytea` holds, marked where it is not UTF-8; other values as is."""
    return LENIENT_TEXT(value) if isinstance(value, bytes) else value


def _ordered(rows: list[Row]) -> list[Row]:
    """Order by incident, equal ones by content: alike on every database."""
    return sorted(rows, key=lambda row: (str(row["incident_id"] or ""), repr(row)))
