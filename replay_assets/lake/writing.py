"""A partition while it is written: every file hidden until all of them are shown.

Digests, checksums and counts are taken as the bytes are written; nothing is read again.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from upath import UPath

from replay_assets.contracts.manifest import MANIFEST_VERSION, FileEntry, PartitionManifest
from replay_assets.lake import files, formats
from replay_assets.lake.addresses import Address
from replay_assets.lake.digests import content_digest, file_digest
from replay_assets.lake.jsonl import JsonlWriter
from replay_assets.lake.published import Published, named_by_content
from replay_assets.lake.tables import TableWriter

MANIFEST = "manifest.json"


@dataclass
class _Staged:
    """A file that is not shown yet."""

    path: str
    file: files.StagedFile
    records: int | None = None
    is_immutable: bool = False

    def seal(self) -> FileEntry:
        """End the writing, give the file its name, and return its entry in the manifest."""
        self.file.close()
        stream = self.file.stream
        if self.is_immutable:
            self.path = named_by_content(self.path, stream.sha256())
            self.file.target = self.file.target.with_name(self.path.rpartition("/")[2])
        return FileEntry(
            path=self.path,
            sha256=stream.sha256(),
            size_bytes=stream.size_bytes,
            records=self.records,
        )


class PartitionWriter:
    """A partition in the making.

    Args:
        root: of all partitions.
        address: of this one.
        previous: returns the files of the partition that this one replaces.
        staged: closes what was not published.
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

    def table(
        self, name: str, schema: pa.Schema, *, dictionary: Sequence[str] | bool = True
    ) -> TableWriter:
        """Begin a table; rows are appended to what this returns."""
        staged = self._stage(self._address.table(name))
        writer = TableWriter(staged.file.stream, schema, dictionary=dictionary)
        self._tables[name] = writer, staged
        self._exit.callback(writer.abandon)
        return writer

    def jsonl(self, name: str, *, immutable: bool = False) -> JsonlWriter:
        """Begin a JSONL file; records are appended to what this returns.

        An immutable file bears the start of its checksum in its name. It never takes the place of
        other content: what an earlier publication wrote stays where it is.
        """
        staged = self._stage_file(name, immutable=immutable)
        self._jsonl[name] = JsonlWriter(staged.file.stream, name), staged
        return self._jsonl[name][0]

    def file(self, name: str, content: bytes, *, immutable: bool = False) -> None:
        """Add a whole file."""
        staged = self._stage_file(name, immutable=immutable)
        staged.file.stream.write(content)
        staged.records = content.count(b"\n") if name.endswith(".jsonl") else None
        if (digest := file_digest(name, content)) is not None:
            self._digests[name] = digest

    def publish(
        self, *, facts: Mapping[str, Any], inputs: Mapping[str, str], code_version: str
    ) -> Published:
        """Show the partition: its files first, its manifest last."""
        self._close_writers()
        # Files sorted, so that a manifest does not depend on the order in which they were begun.
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
            files=[staged.seal() for staged in staged_files],
        )
        manifest_path = self._root / self._address.file(MANIFEST)
        replaced = self._previous() - {staged.path for staged in staged_files}
        files.remove(manifest_path)
        for path in sorted(replaced):
            files.remove(self._root / path)
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

    def _stage_file(self, name: str, *, immutable: bool) -> _Staged:
        self._files.append(self._stage(self._address.file(name), immutable=immutable))
        return self._files[-1]

    def _stage(self, path: str, *, immutable: bool = False) -> _Staged:
        target = self._root / path
        files.sweep(target.parent)
        file = self._exit.enter_context(files.staged(target))
        return _Staged(path, file, is_immutable=immutable)
