"""Files that belong together, named by their content: all of them appear, or none counts.

The manifest is written last, and names the files of its set. Nothing but a damaged file is ever
overwritten: the same content has the same name, other content has another. What a killed process
had published before its manifest is removed by the next writer, from the list that it left.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import uuid4

from upath import UPath

from replay_assets.contracts.manifest import FileEntry
from replay_assets.lake import files
from replay_assets.lake.assets import TRAINING_MANIFESTS
from replay_assets.lake.published import named_by_content

BUFFER_BYTES = 1 << 20
PENDING = ".pending-"
"""Begins the name of the list of files that a process is about to publish."""


class LinesWriter:
    """Writes lines that are already encoded, and counts and hashes them.

    A thread hashes and writes them while the caller makes the next ones.
    """

    def __init__(self, stream: files.HashedFile, thread: Executor) -> None:
        self.records = 0
        self._stream = stream
        self._thread = thread
        self._task: Future[int] | None = None
        self._lines: list[bytes] = []
        self._bytes = 0

    def write(self, line: bytes) -> None:
        """Write a line without its line feed."""
        self._lines.append(line)
        self.records += 1
        self._bytes += len(line)
        if self._bytes >= BUFFER_BYTES:
            self._submit()

    def flush(self) -> None:
        """Write the lines that are still in memory.

        Raises:
            OSError: lines could not be written.
        """
        self._submit()
        self._wait()

    def _submit(self) -> None:
        self._wait()  # one buffer per file is waiting at most, to limit the memory in use
        if self._lines:
            content = b"\n".join((*self._lines, b""))
            self._task = self._thread.submit(self._stream.write, content)
            self._lines, self._bytes = [], 0

    def _wait(self) -> None:
        if self._task is not None:
            self._task.result()
            self._task = None


@dataclass
class _Member:
    """One file of a set; `named_after` is the file whose name it has, with another suffix."""

    name: str
    file: files.StagedFile
    lines: LinesWriter | None = None
    named_after: "_Member | None" = None

    def entry(self, folder: UPath) -> FileEntry:
        """Return the entry of the complete file, under its final name."""
        stream = self.file.stream
        sha256 = stream.sha256()
        if self.named_after is None:
            final = named_by_content(self.name, sha256)
        else:
            own = PurePosixPath(self.name).suffixes[-2:]
            final = named_by_content(self.named_after.name, self.named_after.file.stream.sha256())
            final = final.removesuffix(".jsonl") + "".join(own)
            if _has_other(folder / final, sha256) and not _is_listed(folder, final, sha256):
                final = named_by_content(final, sha256)
        self.file.target = folder / final
        records = None if self.lines is None else self.lines.records
        return FileEntry(path=final, sha256=sha256, size_bytes=stream.size_bytes, records=records)


class FileSet:
    """Writes files into one folder, each under a name with the start of its checksum.

    Args:
        folder: the folder.
        staged: discards at its end the files that were not published.
    """

    def __init__(self, folder: UPath, staged: ExitStack) -> None:
        self._folder = folder
        self._exit = staged
        self._members: list[_Member] = []
        self._current: list[tuple[str, bytes]] = []
        self._thread = ThreadPoolExecutor(1, "export")
        remove_incomplete(folder)

    def lines(self, name: str, *, named_after: LinesWriter | None = None) -> LinesWriter:
        """Start a file of lines; one without a line is not published.

        Args:
            name: the name without a checksum, such as `sft.chat.train.2026-09-28.jsonl`.
            named_after: the lines of the file whose final name this one has, with another suffix.
        """
        file = self._exit.enter_context(files.staged(self._folder / name))
        # Before the file is discarded, because the thread may still be writing to it.
        self._exit.callback(self._thread.shutdown)
        lines = LinesWriter(file.stream, self._thread)
        owner = next((one for one in self._members if one.lines is named_after), None)
        self._members.append(_Member(name, file, lines, owner if named_after is not None else None))
        return lines

    def file(self, name: str, content: bytes) -> None:
        """Add a complete file."""
        file = self._exit.enter_context(files.staged(self._folder / name))
        file.stream.write(content)
        self._members.append(_Member(name, file))

    def current(self, name: str, content: bytes) -> None:
        """Add a file that has one fixed name, and so is replaced by the next set."""
        self._current.append((name, content))

    def publish(
        self, manifest_name: str, manifest_of: Callable[[Sequence[FileEntry]], bytes]
    ) -> tuple[list[FileEntry], FileEntry]:
        """Publish the files, then the manifest; return the entries of the files, and its own."""
        members = [one for one in self._members if one.lines is None or one.lines.records]
        for one in members:
            if one.lines is not None:
                one.lines.flush()
            one.file.close()
        entries = [one.entry(self._folder) for one in members]
        content = manifest_of(entries)
        manifest = _entry_of(manifest_name, content)
        with _pending(self._folder, [one.path for one in entries]):
            for one, entry in zip(members, entries, strict=True):
                # A damaged file is replaced: to make its export again is the way out of errors.
                if not _has(one.file.target, entry.sha256):
                    one.file.publish()
            # Also if this set was published before: the files with one name may be of another set.
            for name, whole in (*self._current, (manifest.path, content)):
                path = self._folder / name
                if not path.exists() or files.read(path) != whole:
                    files.publish(path, whole)
        return entries, manifest


@contextmanager
def file_set(folder: UPath) -> Iterator[FileSet]:
    """Open a set of files for writing; after an error in the block, nothing is kept."""
    with ExitStack() as staged:
        yield FileSet(folder, staged)


@contextmanager
def _pending(folder: UPath, names: Sequence[str]) -> Iterator[None]:
    """Leave a list of files in the folder while they are published: a crash does not remove it."""
    if not files.is_local(folder):
        yield  # an object store has no process to ask: the manifest alone decides there
        return
    new = [name for name in names if not (folder / name).exists()]
    path = folder / f"{PENDING}{files.HOST}-{os.getpid()}-{uuid4().hex}"
    files.publish(path, "\n".join(new).encode())
    try:
        yield
    except BaseException:
        for name in new:
            files.remove(folder / name)
        raise
    finally:
        files.remove(path)


def remove_incomplete(folder: UPath) -> None:
    """Remove the files that a killed process had published before its manifest."""
    if not files.is_local(folder) or not folder.exists():
        return
    for path in folder.glob(f"{PENDING}{files.HOST}-*"):
        pid = path.name.removeprefix(PENDING).split("-")[1]
        if not files.is_alive(int(pid)):
            listed = b"\0".join(files.read(one) for one in folder.glob(TRAINING_MANIFESTS))
            for name in files.read(path).decode().splitlines():
                if name.encode() not in listed:
                    files.remove(folder / name)
            files.remove(path)


def _entry_of(name: str, content: bytes) -> FileEntry:
    sha256 = files.sha256(content)
    path = named_by_content(name, sha256)
    return FileEntry(path=path, sha256=sha256, size_bytes=len(content), records=None)


def _has(path: UPath, sha256: str) -> bool:
    """Return whether a file exists with the content of a checksum."""
    if not path.exists():
        return False
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while content := stream.read(1 << 20):
            found.update(content)
    return found.hexdigest() == sha256


def _has_other(path: UPath, sha256: str) -> bool:
    """Return whether a file is there with other content."""
    return path.exists() and not _has(path, sha256)


def _is_listed(folder: UPath, name: str, sha256: str) -> bool:
    """Return whether a manifest says that a file of this name has this content."""
    return any(
        name.encode() in manifest and sha256.encode() in manifest
        for manifest in map(files.read, folder.glob(TRAINING_MANIFESTS))
    )
