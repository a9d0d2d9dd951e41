"""Names of partitions and the paths they lie at, relative to a root.

    tables/<table>/[candidate=<id>/]date=2026-09-21/<table>.parquet
    files/<asset>/[candidate=<id>/]date=2026-09-21/<name>

Below `tables/` there is Parquet and nothing else, one schema a table, so that pandas, DuckDB and
Spark read a table by its folder.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Address:
    """One partition of one asset: `key` is the day, or the Monday that names a week."""

    asset: str
    key: str
    candidate: str | None = None
    grain: Literal["date", "week"] = "date"

    def folder(self, kind: Literal["tables", "files"], name: str) -> str:
        """Return the partition's folder for a table or for an asset's files."""
        parts = [kind, name]
        if self.candidate is not None:
            parts.append(f"candidate={self.candidate}")
        return "/".join([*parts, f"{self.grain}={self.key}"])

    def table(self, name: str) -> str:
        """Return the path of one of the partition's tables."""
        return f"{self.folder('tables', name)}/{name}.parquet"

    def file(self, name: str) -> str:
        """Return the path of one of the partition's files."""
        return f"{self.folder('files', self.asset)}/{name}"

    def __str__(self) -> str:
        candidate = f"/{self.candidate}" if self.candidate else ""
        return f"{self.asset}{candidate} {self.key}"
