"""A root of partitions: publish one whole, read it back, ask which exist.

A partition is a set of tables and files with a manifest, which is written last and removed first:
what readers trust is the manifest, so a partition is whole or absent. A plain object rather than an
IO manager, because one asset publishes several files that belong together, and because a week reads
whichever of its days exist.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from upath import UPath

from replay_assets.contracts.manifest import MANIFEST_VERSION, FileEntry, PartitionManifest
from replay_assets.errors import ContractError, NotMaterializedError
from replay_assets.lake import files, formats
from replay_assets.lake.addresses import Address
from replay_assets.lake.digests import content_digest
from replay_assets.lake.files import Content
from replay_assets.lake.tables import TableWriter

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Publication:
    """Everything that one partition of one asset publishes.

    `inputs` are the content digests it was made from; `facts` are counts and bounds worth keeping.
    A large file is named by its local path rather than held in memory.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    large_files: Mapping[str, Path] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    code_version: str = "1"

    @property
    def contents(self) -> dict[str, Content]:
        """Every file by its name."""
        return {**self.files, **self.large_files}


@dataclass(frozen=True)
class Published:
    """A partition that exists: its manifest, and its contents when asked for."""

    root: UPath
    address: Address
    manifest: PartitionManifest

    @property
    def digest(self) -> str:
        """The content digest by which later partitions name this one."""
        return self.manifest.content_digest

    @property
    def facts(self) -> dict[str, Any]:
        """Counts and bounds that the stage recorded with the partition."""
        return self.manifest.facts

    def table(self, name: str) -> pa.Table:
        """Return one of the partition's tables."""
        return formats.decode_table(files.read(self.root / self.address.table(name)))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return one of the partition's tables as rows."""
        rows: list[dict[str, Any]] = self.table(name).to_pylist()
        return rows

    def file(self, name: str) -> bytes:
        """Return one of the partition's files."""
        return files.read(self.root / self.address.file(name))

    def document(self, name: str) -> dict[str, Any]:
        """Return one of the partition's JSON documents."""
        return formats.decode_json(self.file(name), self.path_of(name))

    def source_of(self, name: str) -> UPath:
        """Return one of the partition's files to be read line by line."""
        return self.root / self.address.file(name)

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return the records of one of the partition's JSONL files."""
        return formats.decode_jsonl(self.file(name), name)

    def path_of(self, name: str) -> str:
        """Return the full path of one of the partition's files."""
        return str(self.root / self.address.file(name))


class Store:
    """One root and the partitions below it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._root = files.open_root(url)

    def publish(self, address: Address, publication: Publication) -> Published:
        """Write a partition whole, in place of whatever was there before."""
        with self.writing(address) as partition:
            for name, table in sorted(publication.tables.items()):
                partition.table(name, table.schema).write(table)
            for name, content in sorted(publication.contents.items()):
                partition.file(name, content)
            return partition.publish(
                inputs=publication.inputs,
                facts=publication.facts,
                code_version=publication.code_version,
            )

    @contextmanager
    def writing(self, address: Address) -> Iterator["PartitionWriter"]:
        """Open a partition to be written piece by piece; a block that fails leaves no trace."""
        with ExitStack() as staged_files:
            yield PartitionWriter(self, self._root, address, staged_files)

    def find(self, address: Address) -> Published | None:
        """Return a partition; null where it is not whole or not there."""
        try:
            return self.get(address)
        except NotMaterializedError:
            return None

    def get(self, address: Address) -> Published:
        """Return a partition.

        Raises:
            NotMaterializedError: it is not there; the message says what to materialise.
        """
        path = self._root / address.file(MANIFEST)
        try:
            content = files.read(path)
        except NotMaterializedError as error:
            raise NotMaterializedError(
                f"{address} has not been materialised (no {path}). Materialise that partition "
                "first, or backfill the day."
            ) from error
        manifest = PartitionManifest.read(formats.decode_json(content, str(path)))
        return Published(self._root, address, manifest)

    def days_of(self, asset: str) -> list[str]:
        """Return the days for which an asset has anything, in no particular order."""
        folder = self._root / f"files/{asset}"
        if not folder.exists():
            return []
        names = (path.name.partition("=") for path in folder.iterdir())
        return [day for grain, _, day in names if grain == "date" and day]

    def withdraw(self, address: Address) -> None:
        """Take a partition out: its manifest first, so that nobody reads half of it."""
        paths = self.paths_of(address)
        files.remove(self._root / address.file(MANIFEST))
        for path in sorted(paths):
            files.remove(self._root / path)

    def paths_of(self, address: Address) -> set[str]:
        """Return the files that a partition consists of, none where it is not there.

        A manifest that this release can't read names none: it must not stand in the way of making
        the partition again, which is what its error asks for.
        """
        try:
            found = self.find(address)
        except ContractError:
            return set()
        return {entry.path for entry in found.manifest.files} if found is not None else set()


class PartitionWriter:
    """A partition in the making: every file is hidden until `publish` shows them all."""

    def __init__(
        self, store: Store, root: UPath, address: Address, staged_files: ExitStack
    ) -> None:
        self._store = store
        self._root = root
        self._address = address
        self._staged_files = staged_files
        self._staged: dict[str, files.StagedFile] = {}
        self._tables: dict[str, TableWriter] = {}
        self._contents: dict[str, Content] = {}

    def table(
        self, name: str, schema: pa.Schema, *, dictionary: Sequence[str] | bool = True
    ) -> TableWriter:
        """Begin a table; rows are appended to what this returns."""
        staged = self._stage(self._address.table(name))
        self._tables[name] = TableWriter(staged.stream, schema, dictionary=dictionary)
        self._staged_files.callback(self._tables[name].abandon)
        return self._tables[name]

    def file(self, name: str, content: Content) -> None:
        """Add a file; a large one from the local file that has it."""
        self._contents[name] = content
        self._stage(self._address.file(name)).stream.writelines(files.parts_of(content))

    def publish(
        self, *, facts: Mapping[str, Any], inputs: Mapping[str, str], code_version: str
    ) -> Published:
        """Show the partition: its files first, its manifest last."""
        for table in self._tables.values():
            table.close()
        for staged in self._staged.values():
            staged.close()
        manifest = PartitionManifest(
            schema_version=MANIFEST_VERSION,
            asset=self._address.asset,
            candidate_id=self._address.candidate,
            partition=self._address.key,
            code_version=code_version,
            content_digest=content_digest(
                {name: table.digest.hexdigest() for name, table in self._tables.items()},
                self._contents,
            ),
            inputs=dict(sorted(inputs.items())),
            facts=dict(facts),
            files=self._entries(),
        )
        manifest_path = self._root / self._address.file(MANIFEST)
        before = self._store.paths_of(self._address)
        files.remove(manifest_path)
        for path in before - self._staged.keys():
            files.remove(self._root / path)
        for staged in self._staged.values():
            staged.publish()
        files.publish(manifest_path, formats.encode_json(manifest.as_json()))
        return Published(self._root, self._address, manifest)

    def _stage(self, path: str) -> files.StagedFile:
        target = self._root / path
        files.sweep(target.parent)
        self._staged[path] = self._staged_files.enter_context(files.staged(target))
        return self._staged[path]

    def _entries(self) -> list[FileEntry]:
        records: dict[str, int | None] = {
            self._address.table(name): table.rows for name, table in self._tables.items()
        }
        records |= {
            self._address.file(name): records_in(name, content)
            for name, content in self._contents.items()
        }
        return [
            FileEntry(
                path=path,
                sha256=staged.sha256(),
                size_bytes=staged.size_bytes,
                records=records[path],
            )
            for path, staged in self._staged.items()
        ]


def records_in(name: str, content: Content) -> int | None:
    """Return how many records a JSONL file holds; null for any other file."""
    if not name.endswith(".jsonl"):
        return None
    return sum(part.count(b"\n") for part in files.parts_of(content))
