"""Reading a published partition: its manifest and its files, with verified checksums."""

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

import pyarrow as pa
from upath import UPath

from replay_assets.contracts.manifest import FileEntry, PartitionManifest
from replay_assets.errors import DamagedFileError, NotMaterializedError
from replay_assets.lake import files, formats
from replay_assets.lake.addresses import Address

STREAM_BYTES = 1 << 20
HASH_CHARACTERS = 16
_CHECKSUM = re.compile(rf"\.([0-9a-f]{{{HASH_CHARACTERS}}})\.")


@dataclass(frozen=True)
class VerifiedFile:
    """A published file; reading it raises an error if its bytes were changed.

    Attributes:
        path: the file.
        sha256: the checksum that it was published with, or the start of it.
        way_out: what to do if the file is gone or has another one, in a sentence.
    """

    path: UPath
    sha256: str
    way_out: str

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises:
            DamagedFileError: they are not those that were published, or the file is gone.
        """
        with self._open("rb") as stream:
            content = stream.read()
        self.verify(files.sha256(content))
        return content

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Open the file; its reader raises DamagedFileError at the end if bytes were changed.

        A reader that stops before the end, such as a preview, gets lines that are not verified.

        Raises:
            DamagedFileError: the file does not exist.
        """
        return io.BufferedReader(_VerifyingReader(self, self._open(mode)), STREAM_BYTES)

    def verify(self, found: str) -> None:
        """Compare a checksum with the one that was published."""
        if not found.startswith(self.sha256):
            raise DamagedFileError(
                f"{self.path} was changed after it was published: its SHA-256 is {found}, it was "
                f"published with {self.sha256}. {self.way_out}"
            )

    def _open(self, mode: str) -> IO[bytes]:
        try:
            stream: IO[bytes] = self.path.open(mode)
        except FileNotFoundError as error:
            raise DamagedFileError(
                f"{self.path} does not exist, but it was published. {self.way_out}"
            ) from error
        return stream


class _VerifyingReader(io.RawIOBase):
    """Reads a file from start to end, then compares its checksum."""

    def __init__(self, file: VerifiedFile, stream: IO[bytes]) -> None:
        self._file, self._stream = file, stream
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as typeshed has it
        content = self._stream.read(len(buffer))
        self._sha256.update(content)
        if not content:
            self._file.verify(self._sha256.hexdigest())
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._stream.close()
        super().close()


@dataclass(frozen=True)
class Published:
    """A published partition: its manifest, and methods that read its content."""

    root: UPath
    address: Address
    manifest: PartitionManifest

    @property
    def digest(self) -> str:
        """The content digest, which partitions made from this one record in their manifests."""
        return self.manifest.content_digest

    @property
    def facts(self) -> dict[str, Any]:
        """Counts and limits that the stage recorded in the manifest."""
        return self.manifest.facts

    @property
    def folder(self) -> str:
        """The full path of the folder with the partition's files."""
        return str(self.root / self.address.file(""))

    def table(self, name: str) -> pa.Table:
        """Return one of the partition's tables."""
        return formats.decode_table(self.stored_table(name))

    def stored_table(self, name: str) -> bytes:
        """Return one of the partition's tables as it is stored, in Parquet."""
        return self._verified(self.address.table(name)).read()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return one of the partition's tables as rows."""
        rows: list[dict[str, Any]] = self.table(name).to_pylist()
        return rows

    def file(self, name: str) -> bytes:
        """Return one of the partition's files."""
        return self.source_of(name).read()

    def document(self, name: str) -> dict[str, Any]:
        """Return one of the partition's JSON documents."""
        return formats.decode_json(self.file(name), self.path_of(name))

    def source_of(self, name: str) -> VerifiedFile:
        """Return one of the partition's files, for reading it line by line."""
        return self._verified(self.address.file(name))

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return the records of one of the partition's JSONL files."""
        return formats.decode_jsonl(self.file(name), name)

    def path_of(self, name: str) -> str:
        """Return the full path of one of the partition's files."""
        return str(self.source_of(name).path)

    def names(self, suffix: str) -> list[str]:
        """Return the names of the partition's files with a suffix, in alphabetical order."""
        paths = (PurePosixPath(entry.path) for entry in self.manifest.files)
        return sorted(path.name for path in paths if path.name.endswith(suffix))

    def entry(self, name: str) -> FileEntry:
        """Return the manifest's entry for one of the partition's files."""
        return self._entry(self.address.file(name))

    def _verified(self, path: str) -> VerifiedFile:
        entry = self._entry(path)
        way_out = f"Restore the file, or materialise {self.address} again."
        return VerifiedFile(self.root / entry.path, entry.sha256, way_out)

    def _entry(self, path: str) -> FileEntry:
        for entry in self.manifest.files:
            if entry.path == path:
                return entry
        found = ", ".join(PurePosixPath(entry.path).name for entry in self.manifest.files)
        raise NotMaterializedError(
            f"{self.address} has no file {PurePosixPath(path).name}; it has {found or 'none'}. "
            "Materialise that partition again."
        )


def named_by_content(path: str, sha256: str) -> str:
    """Return a path with the start of a checksum before its last suffix: `a.b.<hash>.jsonl`."""
    pure = PurePosixPath(path)
    return str(pure.with_name(f"{pure.stem}.{sha256[:HASH_CHARACTERS]}{pure.suffix}"))


def checksum_in(path: str) -> str:
    """Return the start of a checksum that a file has in its name; empty if it has none.

    Such a file is never replaced. The checksum is its own; a lineage has that of its rows.
    """
    found = _CHECKSUM.search(PurePosixPath(path).name)
    return found[1] if found is not None else ""
