"""A real table as `load` writes it: the columns it has, in their own types, under logical names."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from replay_assets.errors import SourceError
from replay_assets.source.connection import IncidentDatabase, number_of
from replay_assets.source.loading.field_names import missing_fields
from replay_assets.source.loading.odd_values import refuse_odd_id
from replay_assets.source.loading.records import FoundRecord
from replay_assets.source.loading.upsert import has_unique_key
from replay_assets.source.loading.values import Convert, real_type_of, translated_type_of, value_of
from replay_assets.source.schema import Column, Conditions, LogicalTable, missing_of


class LoadTarget:
    """One table to be written.

    Raises:
        SourceError: the mapping leaves no way to write it, or the live table lacks what it names.
    """

    def __init__(
        self, connection: sa.Connection, database: IncidentDatabase, logical: LogicalTable
    ) -> None:
        self.connection = connection
        self.logical = logical
        self.unwritten: set[str] = set()
        mapping = database.mapping
        name = mapping.table(logical)
        present = database.real_columns(connection, logical) or {}
        if lacking := missing_of(connection, mapping, logical, present):
            raise SourceError(f"{database.name}: {'; '.join(lacking)}")
        self._constants = _constants(mapping.entry(logical).where, str(name))
        self._zones = {one.name: mapping.timezone_of(logical, one.name) for one in logical.columns}
        self._converts: dict[str, Convert] = {}
        # What is the same for every row need not be in the file.
        self._columns = [
            one if mapping.constant_of(logical, one) is None else replace(one, required=False)
            for one in logical.columns
        ]
        self._ids = logical.ids
        self._names = tuple(one.name for one in self._columns)
        self._required = tuple(one.name for one in self._columns if one.required)
        columns = []
        for column in logical.columns:
            source = mapping.source_of(logical, column.name)
            if source is None or source.column not in present:
                continue
            if source.path:
                raise SourceError(
                    f"load can't write {column.name} inside the JSON of {name}.{source.column}: "
                    "that would replace the rest of the document. Load into tables of our own form."
                )
            real, zone = present[source.column], self._zones[column.name]
            kind: sa.types.TypeEngine[Any]
            convert: Convert
            if (unit := mapping.unit_of(logical, column.name)) is not None:
                kind, convert = sa.BigInteger(), partial(number_of, unit=unit)
            elif source.values:
                kind, convert = translated_type_of(column, source.values, real, zone)
            else:
                kind, convert = real_type_of(column, real, zone)
            self._converts[column.name] = convert
            columns.append(sa.Column(source.column, kind, key=column.name))
        taken = {column.name for column in columns}
        self._constants = {key: v for key, v in self._constants.items() if key not in taken}
        columns += [sa.Column(key, present[key], key=f"where {key}") for key in self._constants]
        self.table = sa.Table(name.name, sa.MetaData(), *columns, schema=name.schema)
        self.has_unique_key = has_unique_key(connection, self.table, logical.key)

    def row_of(self, found: FoundRecord) -> dict[str, Any]:
        """Return a record as values of the real columns.

        Raises:
            ValueError: it can't be used; the message says which field, and why.
        """
        if found.problem is not None:
            raise ValueError(found.problem)
        if problems := self.problems_of(found.fields):
            raise ValueError("; ".join(problems))
        row = {}
        for column in self._columns:
            value = self._value(found, column)
            if column.name in self._converts:
                row[column.name] = value
            elif value is not None:
                self.unwritten.add(column.name)
        if null := [name for name in row if name in self._ids and row[name] is None]:
            raise ValueError(f"{', '.join(null)} is null, but rows are found by it")
        return row | {f"where {key}": value for key, value in self._constants.items()}

    def key_of(self, found: FoundRecord) -> tuple[Any, ...] | None:
        """Return what identifies a record's row; None if it can't be used."""
        if found.problem is not None:
            return None
        try:
            key = tuple(
                self._value(found, one) for one in self._columns if one.name in self.logical.key
            )
        except ValueError:
            return None
        return None if None in key else key

    def shown_key(self, found: FoundRecord) -> str:
        """Return a record's key as messages show it: `incident_id 'inc-1'`."""
        return ", ".join(f"{name} {found.fields[name]!r}" for name in self.logical.key)

    def problems_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what the fields of a record, or of a header, lack."""
        return missing_fields(tuple(names), self._names, self._required)

    def _value(self, found: FoundRecord, column: Column) -> Any:  # noqa: ANN401 - a database value
        zone = self._zones[column.name]
        value = value_of(found.fields, column, from_text=found.from_text, zone=zone)
        if value is None:
            return None
        if column.name in self._ids:
            refuse_odd_id(column.name, str(value), from_text=found.from_text)
        convert = self._converts.get(column.name)
        return value if convert is None else convert(value)


def _constants(where: Conditions, table: str) -> dict[str, Any]:
    """Return what every row must carry to be read again under the mapping's conditions."""
    for column, wanted in where.items():
        if wanted is not None and not isinstance(wanted, bool | int | float | str):
            raise SourceError(
                f"load can't fill {table}.{column}: the mapping's `where` admits several values. "
                "Load with a mapping that names one."
            )
    return dict(where)
