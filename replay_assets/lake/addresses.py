"""Names of partitions, and their paths below a root.

    tables/<table>/[candidate=<id>/]date=2026-09-21/<table>.parquet
    files/<asset>/[candidate=<id>/]date=2026-09-21/<name>

An asset that is not partitioned has no folder for a key. The folder `tables/` contains only Parquet
files, with one schema per table, so that pandas, DuckDB and Spark can read a table by its folder.
"""

from dataclasses import dataclass
from typing import Literal

Grain = Literal["date", "week", "none"]


@dataclass(frozen=True, order=True)
class Address:
    """One partition of one asset.

    `key` is the day, the Monday that names a week, or empty for an asset that is not partitioned.
    """

    asset: str
    key: str = ""
    candidate: str | None = None
    grain: Grain = "date"

    def __post_init__(self) -> None:
        if (self.grain == "none") != (self.key == ""):
            raise ValueError(
                f"asset {self.asset}: grain {self.grain!r} with the key {self.key!r}; a partition "
                "of a day or a week needs a key; use an empty key with the grain 'none'"
            )

    def folder(self, kind: Literal["tables", "files"], name: str) -> str:
        """Return the partition's folder for a table or for an asset's files."""
        parts = [kind, name]
        if self.candidate is not None:
            parts.append(f"candidate={self.candidate}")
        if self.grain != "none":
            parts.append(f"{self.grain}={self.key}")
        return "/".join(parts)

    def table(self, name: str) -> str:
        """Return the path of one of the partition's tables."""
        return f"{self.folder('tables', name)}/{name}.parquet"

    def file(self, name: str) -> str:
        """Return the path of one of the partition's files."""
        return f"{self.folder('files', self.asset)}/{name}"

    def __str__(self) -> str:
        candidate = f"/{self.candidate}" if self.candidate else ""
        return f"{self.asset}{candidate} {self.key}".rstrip()
