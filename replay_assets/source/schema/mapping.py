"""Which tables and columns of a team's database hold the logical ones, and where labels are.

A mapping file names only what differs:

    timezone: Asia/Taipei                    # of timestamps without a zone
    tables:
      incident_evidence:
        table: ops.incident_snapshots
        where: {environment: prod, team: [sre, platform], deleted_at: null}
        columns:
          collected_at: {column: snapped_at, timezone: UTC}   # or {column: ts, unit: ms}
          evidence_summary: {column: payload, path: [summary, text]}
          severity: {column: sev, values: {crit: critical}}    # other words are kept
          schema_version: {value: v1}                          # the same for every row
          alertname: null                                      # not in the database
    labels: {file: labels.csv}               # or {table: ops.reviews, columns: {risk_level: risk}}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from replay_assets.contracts.record import Part
from replay_assets.parsing.instants import Unit
from replay_assets.parsing.yaml_files import Mistake, load_yaml
from replay_assets.source.schema.table_names import TableName
from replay_assets.source.schema.tables import (
    FINETUNE_EXPORTS,
    INCIDENT_EVIDENCE,
    LABELS,
    MAPPABLE,
    Column,
    LogicalTable,
)
from replay_assets.source.schema.translation import (
    Translation,
    column_problem,
    constant_as,
    constant_problem,
    mistaken_values,
)


def _named_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    # ValueError for a path such as ../x, OSError for a folder such as Asia.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            "is not a time zone; use an IANA name such as Asia/Taipei or UTC"
        ) from None
    return name


def _named_table(text: str) -> str:
    TableName.of(text)
    return text


Zone = Annotated[str, AfterValidator(_named_zone)]
TableText = Annotated[str, AfterValidator(_named_table)]
Name = Annotated[str, Field(min_length=1)]
PathKey = Annotated[StrictStr, Field(pattern=r'^[^"]+$')]
"""SQLite's paths can't spell a key with a double quote in it."""
Scalar = StrictBool | StrictInt | StrictFloat | StrictStr


class NotNull(Part):
    """The condition that a column is not null."""

    not_null: Literal[True]


class ColumnMapping(Part):
    """The real column that holds a logical one, or the value that every row has.

    `path` is the place inside a column of JSON. `values` has logical values by the database's own
    words. `value: null` says that the database does not have the column. Of times, `timezone` is
    that of timestamps without one, `unit` that of numbers since 1970.
    """

    column: Name | None = None
    path: tuple[PathKey | Annotated[StrictInt, Field(ge=0)], ...] = ()
    timezone: Zone | None = None
    unit: Unit | None = None
    values: Translation = Field(default_factory=dict)
    value: Any = None

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        if "value" in self.model_fields_set and len(self.model_fields_set) > 1:
            raise ValueError("`value` is the same for every row; give it alone, or name a column")
        if "value" not in self.model_fields_set and self.column is None:
            raise ValueError("name the column, or give the `value` that every row has")
        return self


@dataclass(frozen=True)
class RealColumn:
    """Where a logical column is read in the database."""

    column: str
    path: tuple[str | int, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def _named(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    if value is None:
        return {"value": None}
    return {"column": value} if isinstance(value, str) else value


Columns = dict[str, Annotated[ColumnMapping, BeforeValidator(_named)]]
Condition = Scalar | Annotated[list[Scalar], Field(min_length=1)] | NotNull | None
Conditions = dict[Name, Condition]


class TableMapping(Part):
    """The real name of a table (see `TableName`), its columns that differ, its rows.

    `where` names real columns: a value or a list of values to be equal to, null, or
    `{not_null: true}`; all must hold. `timezone` is that of timestamps without one.
    """

    table: TableText | None = None
    columns: Columns = Field(default_factory=dict)
    where: Conditions = Field(default_factory=dict)
    timezone: Zone | None = None


class LabelMapping(Part):
    """Labels elsewhere than in a table of labels: in columns of another table, or in a file.

    `table` (default: the one of the evidence) and `columns`, or `file` (relative to the mapping
    file) and `columns` where its fields have other names. Of a table only the columns named here
    are labels, not every column that has the name of one.
    """

    table: TableText | None = None
    columns: Columns = Field(default_factory=dict)
    where: Conditions = Field(default_factory=dict)
    file: Name | None = None

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        if self.file is not None and (self.table is not None or self.where):
            raise ValueError("give a file or a table, not both; `where` belongs to a table")
        held = {name for name, one in self.columns.items() if one.column is not None}
        if self.file is None and not held - {"incident_id"}:
            raise ValueError(
                "name the columns that hold labels, or a file; a table of labels in our form "
                "belongs under tables: labels"
            )
        return self


class SourceMapping(Part):
    """The mapping of every logical table; an empty one is the schema that `load` creates."""

    timezone: Zone | None = None
    tables: dict[str, TableMapping] = Field(default_factory=dict)
    labels: LabelMapping | None = None

    def entry(self, logical: LogicalTable) -> TableMapping:
        """Return what the file says of a logical table; of labels, wherever they are."""
        if logical is LABELS and self.labels is not None:
            own = self.labels.table is None
            evidence = self.tables.get(INCIDENT_EVIDENCE.name, TableMapping())
            # In the evidence's own table, labels share its key and its conditions.
            key = evidence.columns.get("incident_id") if own else None
            return TableMapping(
                table=self.labels.table or evidence.table or INCIDENT_EVIDENCE.name,
                columns={
                    "incident_id": key or ColumnMapping(column="incident_id"),
                    **self.labels.columns,
                },
                where={**(evidence.where if own else {}), **self.labels.where},
            )
        return self.tables.get(logical.name, TableMapping())

    def table(self, logical: LogicalTable) -> TableName:
        """Return the real name of a logical table, with its schema where one is given."""
        return TableName.of(self.entry(logical).table or logical.name)

    def source_of(self, logical: LogicalTable, name: str) -> RealColumn | None:
        """Return where a logical column is read; None if the mapping excludes it or is constant."""
        named = self.entry(logical).columns.get(name)
        if named is None:
            return None if logical is LABELS and self.labels is not None else RealColumn(name)
        if named.column is None:
            return None
        return RealColumn(named.column, named.path, named.values)

    def constant_of(self, logical: LogicalTable, column: Column) -> Any:  # noqa: ANN401
        """Return the value that every row has; None if the column is read, or excluded."""
        named = self.entry(logical).columns.get(column.name)
        return None if named is None else constant_as(column.kind, named.value)

    def timezone_of(self, logical: LogicalTable, name: str) -> str | None:
        """Return the zone declared for a column's timestamps that have none: the nearest one."""
        entry = self.entry(logical)
        column = entry.columns.get(name)
        return (column and column.timezone) or entry.timezone or self.timezone

    def unit_of(self, logical: LogicalTable, name: str) -> Unit | None:
        """Return the unit declared for a column of instants that are numbers."""
        column = self.entry(logical).columns.get(name)
        return column.unit if column is not None else None

    def named(self, logical: LogicalTable) -> bool:
        """Return whether the file names a table: then it must be there."""
        return logical.name in self.tables or (logical is LABELS and self.labels is not None)

    @property
    def label_file(self) -> Path | None:
        """The file that holds the labels; None if they are in the database."""
        file = self.labels and self.labels.file
        return Path(file) if file else None


def load_mapping(path: Path | None) -> SourceMapping:
    """Read a mapping file; without one, our own names hold.

    Raises:
        ConfigurationError: the file can't be read, names a table or column that we don't have, or
            contradicts itself; the message lists every mistake.
    """
    if path is None:
        return SourceMapping()
    mapping = load_yaml(
        path,
        SourceMapping,
        what="source mapping",
        empty={},
        check=lambda mapping: _mistakes(_beside(mapping, path)),
    )
    return _beside(mapping, path)


def _beside(mapping: SourceMapping, path: Path) -> SourceMapping:
    """Return the mapping with its label file named from the mapping file's folder."""
    if mapping.labels is None or mapping.label_file is None:
        return mapping
    file = str(path.absolute().parent / mapping.label_file)
    return mapping.model_copy(update={"labels": mapping.labels.model_copy(update={"file": file})})


def _mistakes(mapping: SourceMapping) -> Iterator[Mistake]:
    for name, entry in mapping.tables.items():
        if name in MAPPABLE:
            yield from _table_mistakes(MAPPABLE[name], entry, ("tables", name))
        else:
            yield Mistake(
                ("tables", name), f"{name!r} is not one of our tables; use {', '.join(MAPPABLE)}"
            )
    if mapping.labels is not None:
        if LABELS.name in mapping.tables:
            yield Mistake(("labels",), "labels are under tables and under labels; keep one")
        yield from _table_mistakes(
            LABELS, TableMapping(columns=mapping.labels.columns), ("labels",)
        )
    if (file := mapping.label_file) is not None and not file.is_file():
        yield Mistake(("labels", "file"), f"there is no file {file}")


def _table_mistakes(
    logical: LogicalTable, entry: TableMapping, place: tuple[str, ...]
) -> Iterator[Mistake]:
    known = {column.name: column for column in logical.columns}
    for name, mapped in entry.columns.items():
        here = (*place, "columns", name)
        if name not in known:
            yield Mistake(here, f"{logical.name} has no column {name}; use {', '.join(known)}")
            continue
        if mapped.unit is not None and known[name].kind != "instant":
            yield Mistake(here, f"{logical.name}.{name} is not a time; remove `unit`")
        if mapped.column is None:
            problem = constant_problem(logical, known[name], mapped.value)
        else:
            problem = column_problem(logical, known[name], mapped.path, mapped.values)
        if problem is not None:
            yield Mistake(here, f"{logical.name}.{name} {problem}")
        elif mapped.values:
            for word, says in mistaken_values(known[name].kind, mapped.values):
                yield Mistake((*here, "values", word), says)
    if logical is FINETUNE_EXPORTS and entry.where:
        yield Mistake((*place, "where"), f"{logical.name} is written only; remove `where`")
