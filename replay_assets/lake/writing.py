"""Writing a partition: its files stay hidden until all of them are complete.

Digests, checksums and counts are computed while the bytes are written; nothing is read again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from upath import UPath

from replay_assets.contracts.manifest import MANIFEST_VERSION, FileEntry, PartitionManifest
from replay_assets.lake import files, formats
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import MANIFEST_FILE
from replay_assets.lake.digests import content_digest, file_digest
from replay_assets.lake.jsonl import JsonlWriter
from replay_assets.lake.published import Published
from replay_assets.lake.tables import TableWriter
from replay_assets.lake.unfinished import listing, remove_all


@dataclass
class _Staged:
    """A file that is still hidden."""

    path: str
    file: files.StagedFile
    records: int | None = None

    def seal(self) -> FileEntry:
        """Close the file, and return its entry for the manifest."""
        self.file.close()
        stream = self.file.stream
        return FileEntry(
            path=self.path,
            sha256=stream.sha256(),
            size_bytes=stream.size_bytes,
            records=self.records,
        )


class PartitionWriter:
    """Writes one partition.

    Args:
        root: the root of all partitions.
        address: the address of this one.
        previous: returns the files that this partition replaces, those of a killed writer as well.
        staged: discards at its end the files that were not published.
    """

    def __init__(
        self,
        root: UPath,
        address: Address,
        previous: Callable[[], set[str]],
        staged: ExitStack,
    ) -> None:
        self._root = root
        self._address = address
        self._previous = previous
        self._exit = staged
        self._files: list[_Staged] = []
        self._tables: dict[str, tuple[TableWriter, _Staged]] = {}
        self._jsonl: dict[str, tuple[JsonlWriter, _Staged]] = {}
        self._digests: dict[str, str] = {}
        self._adopted: list[FileEntry] = []

    def adopt(self, entries: Iterable[FileEntry]) -> None:
        """Add complete files that are in the partition's folder, by their names.

        They are named by their content (`file_sets`), so they were published before.
        """
        for entry in entries:
            path = self._address.file(entry.path)
            self._adopted.append(entry.model_copy(update={"path": path}))
            self._digests[entry.path] = entry.sha256

    def table(
        self, name: str, schema: pa.Schema, *, dictionary: Sequence[str] | bool = True
    ) -> TableWriter:
        """Start a table; append rows to the returned writer."""
        staged = self._stage(self._address.table(name))
        writer = TableWriter(staged.file.stream, schema, dictionary=dictionary)
        self._tables[name] = writer, staged
        # Runs before the file is discarded, because the thread may still be writing to it.
        self._exit.callback(writer.abandon)
        return writer

    def jsonl(self, name: str) -> JsonlWriter:
        """Start a JSONL file; append records to the returned writer."""
        staged = self._stage_file(name)
        self._jsonl[name] = JsonlWriter(staged.file.stream, name), staged
        return self._jsonl[name][0]

    def file(self, name: str, content: bytes) -> None:
        """Add a complete file."""
        staged = self._stage_file(name)
        staged.file.stream.write(content)
        staged.records = content.count(b"\n") if name.endswith(".jsonl") else None
        if (digest := file_digest(name, content)) is not None:
            self._digests[name] = digest

    def publish(
        self, *, facts: Mapping[str, Any], inputs: Mapping[str, str], code_version: str
    ) -> Published:
        """Publish the partition: its files first, its manifest last."""
        self._close_writers()
        # Sorted, so that a manifest does not depend on the order in which files were started.
        tables = [staged for _, staged in self._tables.values()]
        staged_files = [*tables, *sorted(self._files, key=lambda one: one.path)]
        manifest = PartitionManifest(
            schema_version=MANIFEST_VERSION,
            asset=self._address.asset,
            candidate_id=self._address.candidate,
            partition=self._address.key,
            code_version=code_version,
            content_digest=content_digest(
                {name: table.digest.hexdigest() for name, (table, _) in self._tables.items()},
                self._digests,
            ),
            inputs=dict(sorted(inputs.items())),
            facts=dict(facts),
            files=[*(staged.seal() for staged in staged_files), *self._adopted],
        )
        manifest_path = self._root / self._address.file(MANIFEST_FILE)
        previous, kept = self._previous(), {one.path for one in manifest.files}
        written = {staged.path for staged in staged_files}
        with listing(self._root, self._address, previous | written):
            files.remove(manifest_path)
            remove_all(self._root, previous - kept)
            for staged in staged_files:
                staged.file.publish()
            files.publish(manifest_path, formats.encode_json(manifest.as_json()))
        return Published(self._root, self._address, manifest)

    def _close_writers(self) -> None:
        for table, staged in self._tables.values():
            table.close()
            staged.records = table.rows
        for name, (jsonl, staged) in self._jsonl.items():
            self._digests[name] = jsonl.close()
            staged.records = jsonl.records

    def _stage_file(self, name: str) -> _Staged:
        self._files.append(self._stage(self._address.file(name)))
        return self._files[-1]

    def _stage(self, path: str) -> _Staged:
        return _Staged(path, self._exit.enter_context(files.staged(self._root / path)))
