"""Storage of records: partitions with a manifest, under three roots.

The roots share one layout, but need different access rights: raw evidence, labels, and the lake, in
which everything is sanitized. The modules, from the lowest layer to the highest:

- `addresses`, `files`, `locks`, `processes`: paths, atomic file writes, locks between processes,
  and whether a process has ended.
- `formats`, `jsonl`, `tables`, `digests`: JSON, JSONL and Parquet, and digests of their content.
- `unfinished`, `writing`, `published`, `store`: the list of files that are being replaced, a
  partition being written, a published one, all of one root.
- `time_zone`: whose days a root has.
- `review_plans`: the plans of reviews.
- `assets`, `lineage`: the list of assets and their inputs, and whether a partition is up to date.
- `labels`: reads labels. Not exported here: code that builds or sends a prompt can't import it.

No stage is imported here, and nothing is computed except digests. Other packages import the classes
below from here, `assets` as a module, and functions from the module that has them, such as
`formats`. The classes are loaded when they are first used, because importing Arrow takes 0.1 s.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replay_assets.lake.addresses import Address
    from replay_assets.lake.assets import Asset
    from replay_assets.lake.jsonl import JsonlWriter
    from replay_assets.lake.lineage import Lineage, State
    from replay_assets.lake.published import Published, VerifiedFile
    from replay_assets.lake.store import Publication, Store
    from replay_assets.lake.tables import TableWriter
    from replay_assets.lake.writing import PartitionWriter

__all__ = [
    "Address",
    "Asset",
    "JsonlWriter",
    "Lineage",
    "PartitionWriter",
    "Publication",
    "Published",
    "State",
    "Store",
    "TableWriter",
    "VerifiedFile",
]

_MODULE_OF = {
    "Address": "addresses",
    "Asset": "assets",
    "JsonlWriter": "jsonl",
    "Lineage": "lineage",
    "PartitionWriter": "writing",
    "Publication": "store",
    "Published": "published",
    "State": "lineage",
    "Store": "store",
    "TableWriter": "tables",
    "VerifiedFile": "published",
}

if not TYPE_CHECKING:  # else a type checker accepts any name

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
