"""A root of partitions: publish, read, list and remove them.

A partition is a set of tables and files with a manifest. The manifest is written last and removed
first, so for readers a partition is either complete or does not exist. This is a plain object, not
an IO manager, because one asset publishes several files that belong together, and because a week
reads those of its days that exist.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from upath import UPath

from replay_assets.contracts.manifest import FileEntry, PartitionManifest
from replay_assets.errors import ContractError, NotMaterializedError
from replay_assets.lake import files, formats
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import INCIDENT_EVIDENCE, MANIFEST_FILE
from replay_assets.lake.published import Published, checksum_in
from replay_assets.lake.time_zone import record_zone, require_zone
from replay_assets.lake.unfinished import listed, listing, remove_all
from replay_assets.lake.writing import PartitionWriter


@dataclass(frozen=True)
class Publication:
    """The complete content of a small partition; for large ones, see `Store.writing`.

    `inputs` are the content digests of its inputs; `facts` are counts and limits for the manifest.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    code_version: str = "1"


class Store:
    """One root and the partitions below it.

    Args:
        url: the root's path or URL.
        timezone: the zone whose days it must have. The first partition records it, and a store of
            another zone reads and writes nothing. None: any zone, for readers of what is there.
    """

    def __init__(self, url: str, timezone: str | None = None) -> None:
        self.url = url
        self.timezone = timezone
        self._root = files.open_root(url)
        self._zone_is_right = False

    def require_zone(self) -> None:
        """Raise an error if the days here are those of another time zone than the store's.

        Raises:
            TimeZoneError: they are; the message names both zones, and the way out.
        """
        if self.timezone is not None:
            require_zone(self._root, self.timezone, self._any_day)
        self._zone_is_right = True

    def accept_zone(self) -> None:
        """Record the store's time zone: days of another one are stale from now on."""
        if self.timezone is not None:
            record_zone(self._root, self.timezone)

    def publish(self, address: Address, publication: Publication) -> Published:
        """Write a complete partition, replacing an existing one."""
        with self.writing(address) as partition:
            for name, table in sorted(publication.tables.items()):
                partition.table(name, table.schema).write(table)
            for name, content in sorted(publication.files.items()):
                partition.file(name, content)
            return partition.publish(
                inputs=publication.inputs,
                facts=publication.facts,
                code_version=publication.code_version,
            )

    @contextmanager
    def writing(self, address: Address) -> Iterator[PartitionWriter]:
        """Open a partition for writing in pieces; after an error in the block, nothing is kept."""
        # Each time, because another process may have accepted another zone.
        self.require_zone()
        self.accept_zone()
        with ExitStack() as staged:
            yield PartitionWriter(self._root, address, lambda: self._replaceable(address), staged)

    def find(self, address: Address) -> Published | None:
        """Return a partition; None if it is not complete or does not exist."""
        try:
            # A manifest that can't be read is an error: if it counted as missing, an older release
            # would replace the partition.
            return self.get(address)
        except NotMaterializedError:
            return None

    def get(self, address: Address) -> Published:
        """Return a partition.

        Raises:
            NotMaterializedError: it does not exist; the message says what to materialise.
        """
        if not self._zone_is_right:
            self.require_zone()
        return self._get(address)

    def _get(self, address: Address) -> Published:
        path = self._root / address.file(MANIFEST_FILE)
        try:
            content = files.read(path)
        except NotMaterializedError as error:
            raise NotMaterializedError(
                f"{address} has not been materialised (no {path}). Materialise that partition "
                "first, or backfill the day."
            ) from error
        manifest = PartitionManifest.read(formats.decode_json(content, str(path)))
        return Published(self._root, address, manifest)

    def folder_of(self, address: Address) -> UPath:
        """Return the folder of a partition's files, whether it exists or not."""
        return self._root / address.folder("files", address.asset)

    def days_of(self, asset: str, candidate: str | None = None) -> list[str]:
        """Return the days for which an asset has a folder, in no particular order."""
        inside = "" if candidate is None else f"/candidate={candidate}"
        return self._keys_of(f"{asset}{inside}", "date")

    def weeks_of(self, asset: str) -> list[str]:
        """Return the weeks for which an asset has a folder, in their order."""
        return sorted(self._keys_of(asset, "week"))

    def _keys_of(self, inside: str, grain: str) -> list[str]:
        folder = self._root / f"files/{inside}"
        names = (path.name.partition("=") for path in (folder.iterdir() if folder.exists() else ()))
        return [key for found, _, key in names if found == grain and key]

    def withdraw(self, address: Address) -> None:
        """Remove a partition: its manifest first, so that no reader finds a part of it."""
        paths = {entry.path for entry in self._entries_of(address)} | listed(self._root, address)
        with listing(self._root, address, paths):
            files.remove(self._root / address.file(MANIFEST_FILE))
            remove_all(self._root, paths)

    def _any_day(self) -> Published | None:
        """Return a day that shows when it began; None if there is none."""
        for day in self.days_of(INCIDENT_EVIDENCE.name):
            # A manifest of another release must not prevent that its day is made again.
            with suppress(NotMaterializedError, ContractError):
                return self._get(INCIDENT_EVIDENCE.at(day))
        return None

    def _replaceable(self, address: Address) -> set[str]:
        """Return the files that a new publication removes: all except those named by checksum.

        Files that a killed writer has left are among them.
        """
        paths = {one.path for one in self._entries_of(address)} | listed(self._root, address)
        return {path for path in paths if not checksum_in(path)}

    def _entries_of(self, address: Address) -> list[FileEntry]:
        """Return the files of a partition; empty if it does not exist.

        Also empty if this release can't read its manifest: that error asks the user to make the
        partition again, so it must not prevent this.
        """
        try:
            found = self.find(address)
        except ContractError:
            return []
        return found.manifest.files if found is not None else []
