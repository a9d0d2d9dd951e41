"""Which tables and columns of a team's database hold the logical ones.

A mapping file names only what differs:

    tables:
      incident_evidence:
        table: ops.incident_snapshots
        columns: {evidence_summary: summary_text, collected_at: snapped_at}
"""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from replay_assets.contracts.record import describe
from replay_assets.errors import ConfigurationError
from replay_assets.source.tables import TABLES, LogicalTable


class TableMapping(BaseModel):
    """The real name of a table (`schema.table` or `table`) and of the columns that differ."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)


class SourceMapping(BaseModel):
    """The mapping of every logical table; an empty one is the schema that `load` creates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: dict[str, TableMapping] = Field(default_factory=dict)

    def table(self, logical: LogicalTable) -> str:
        """Return the real name of a logical table, with its schema where one is given."""
        return self._entry(logical).table or logical.name

    def column(self, logical: LogicalTable, name: str) -> str:
        """Return the real name of a logical column."""
        return self._entry(logical).columns.get(name, name)

    def _entry(self, logical: LogicalTable) -> TableMapping:
        return self.tables.get(logical.name, TableMapping())


def load_mapping(path: Path | None) -> SourceMapping:
    """Read a mapping file; the identity where no path is given.

    Raises:
        ConfigurationError: the file can't be read, or names a logical table or column that is none.
    """
    if path is None:
        return SourceMapping()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        mapping = SourceMapping.model_validate(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"source mapping {path}: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(f"source mapping {path}: {describe(error)}") from error
    _refuse_unknown_names(mapping, path)
    return mapping


def _refuse_unknown_names(mapping: SourceMapping, path: Path) -> None:
    for name, entry in mapping.tables.items():
        if name not in TABLES:
            raise ConfigurationError(
                f"source mapping {path}: {name!r} is no table of ours; use {', '.join(TABLES)}"
            )
        known = [column.name for column in TABLES[name].columns]
        if unknown := sorted(set(entry.columns) - set(known)):
            raise ConfigurationError(
                f"source mapping {path}: {name} has no column {', '.join(unknown)}; "
                f"use {', '.join(known)}"
            )
