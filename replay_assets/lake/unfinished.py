"""The list of a partition's files while they are replaced or removed, next to its manifest.

Without a manifest nothing else names these files. So the next writer finds by this list what a
killed process left, also if its own files have other names.
"""

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, suppress

from upath import UPath

from replay_assets.errors import ContractError, NotMaterializedError
from replay_assets.lake import files, formats
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import UNFINISHED_FILE


def listed(root: UPath, address: Address) -> set[str]:
    """Return the paths in a partition's list; empty if its last writer has finished.

    Also empty if the list can't be read: a damaged one must not prevent that the partition is made
    again.
    """
    path = root / address.file(UNFINISHED_FILE)
    with suppress(NotMaterializedError, ContractError):  # finished, or damaged
        found = formats.decode_json(files.read(path), str(path)).get("files")
        return {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()
    return set()


@contextmanager
def listing(root: UPath, address: Address, paths: Set[str]) -> Iterator[None]:
    """List the paths within a `with` block; after an error or a kill the list stays."""
    if not paths:
        yield
        return
    list_path = root / address.file(UNFINISHED_FILE)
    files.publish(list_path, formats.encode_json({"files": sorted(paths)}))
    yield
    files.remove(list_path)


def remove_all(root: UPath, paths: Iterable[str]) -> None:
    """Remove files, and the hidden ones that killed writers left next to them."""
    for path in sorted(paths):
        files.remove(root / path)
        files.sweep((root / path).parent)
