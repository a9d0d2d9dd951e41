"""Atomic file writes: readers see either the old file or all of the new one.

All other modules write through this one. On a local disk a file is written under a hidden name in
the same folder, synced, then renamed to its final name. On an object store one PUT is atomic and a
rename is not, so a temporary local file is uploaded in one PUT.
"""

import hashlib
import io
import os
import re
import socket
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from fsspec import get_filesystem_class
from upath import UPath

from replay_assets.errors import ConfigurationError, NotMaterializedError
from replay_assets.parsing.urls import shown_url
from replay_assets.volumes import naming_full_disk

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PRIVATE = 0o600
"""File mode for files that only their owner may read, such as answers that are not masked yet."""

HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"
HIDDEN = re.compile(r"^\..+\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{32}\.tmp$")
FORGOTTEN_AFTER_S = 24 * 3600
"""Age from which another machine's hidden file is removed: writing a partition takes less."""


def open_root(url: str) -> UPath:
    """Return the folder of a root: a local path or any fsspec URL, such as `s3://bucket/prefix`.

    Raises:
        ConfigurationError: there is no file system of that name, or its driver is not installed.
    """
    try:
        root = UPath(url)
        if not is_local(root):
            get_filesystem_class(root.protocol)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"{shown_url(url)} can't be used as a root: {error}. Install the driver that it names, "
            "or use a local folder"
        ) from error
    return root


def is_local(path: UPath) -> bool:
    """Return whether a path is on a local disk."""
    return path.protocol in ("", "file", "local")


class HashedFile(io.BufferedWriter):
    """A local file opened for writing, with the checksum and size of the bytes written so far.

    Args:
        path: the file.
        shown: the path that messages name, if it is another one.
    """

    def __init__(self, path: Path, shown: Path | None = None) -> None:
        super().__init__(io.FileIO(path, "wb"))
        self._shown = shown or path
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def write(self, content: "ReadableBuffer", /) -> int:
        """Write some bytes and add them to the checksum."""
        self._sha256.update(content)
        with naming_full_disk(self._shown):
            written = super().write(content)
        self.size_bytes += written
        return written

    def sha256(self) -> str:
        """Return the hexadecimal SHA-256 of the bytes written so far."""
        return self._sha256.hexdigest()


class StagedFile:
    """A file being written under a hidden name; it gets its final name when it is published.

    Write to `stream`, then call `publish` to show the complete file or `discard` to remove it.
    Until then `target` may be changed to another name in the same folder. Hidden files that killed
    processes left in the folder are removed first, so no writer can forget to do it.
    """

    def __init__(self, target: UPath, *, mode: int | None = None) -> None:
        self.target = target
        folder = _staging_folder(target.parent)
        self._shown = folder / target.name
        with naming_full_disk(self._shown):
            if is_local(target):
                folder.mkdir(parents=True, exist_ok=True)
            else:
                mode = PRIVATE  # other users may read the folder for temporary files
            sweep(target.parent)
            self._hidden = folder / f".{target.name}.{HOST}-{os.getpid()}-{uuid4().hex}.tmp"
            self.stream = HashedFile(self._hidden, self._shown)
        if mode is not None:
            self._hidden.chmod(mode)

    def close(self) -> None:
        """Close the file and sync it to the disk."""
        if self.stream.closed:
            return
        with naming_full_disk(self._shown), self.stream:
            self.stream.flush()
            os.fsync(self.stream.fileno())

    def publish(self) -> None:
        """Give the file its final name, replacing an existing file."""
        self.close()
        if is_local(self.target):
            with naming_full_disk(self._shown):
                rename(self._hidden, Path(self.target.path))
        else:
            # One PUT of a closed file: closing an upload stream completes it even after an error.
            self.target.fs.put_file(str(self._hidden), self.target.path)
            self.discard()

    def discard(self) -> None:
        """Remove the hidden file; do nothing if it was published."""
        with suppress(OSError):  # a full disk, which may be why the file is discarded
            self.stream.close()
        self._hidden.unlink(missing_ok=True)


@contextmanager
def staged(target: UPath, *, mode: int | None = None) -> Iterator[StagedFile]:
    """Stage a file within a `with` block; discard it at the end unless it was published."""
    file = StagedFile(target, mode=mode)
    try:
        yield file
    finally:
        file.discard()


def publish(path: UPath, content: bytes) -> None:
    """Write a file atomically: readers see either the old file or all of `content`."""
    if not is_local(path):
        path.write_bytes(content)
        return
    with staged(path) as file:
        file.stream.write(content)
        file.publish()


def publish_parts(target: Path, parts: Iterable[bytes], *, mode: int | None = None) -> None:
    """Write a local file atomically from parts, which need not fit in memory together."""
    with staged(UPath(target), mode=mode) as file:
        file.stream.writelines(parts)
        file.publish()


def sweep(folder: UPath) -> int:
    """Remove the hidden files that killed processes left when writing to a folder; count them.

    Files of a running process are kept, so that two writers don't disturb each other.
    """
    swept = 0
    for path in _staging_folder(folder).glob(".*.tmp"):
        if (match := HIDDEN.match(path.name)) is not None and _is_forgotten(path, match):
            with suppress(PermissionError):  # another user's file in the temporary folder
                path.unlink(missing_ok=True)
                swept += 1
    return swept


def _staging_folder(folder: UPath) -> Path:
    """Return where the files of a folder are written before they are shown."""
    return Path(folder.path) if is_local(folder) else Path(tempfile.gettempdir())


def _is_forgotten(path: Path, match: re.Match[str]) -> bool:
    # A process id has a meaning only on its own machine; elsewhere only the age decides.
    if match["host"] == HOST:
        return not is_alive(int(match["pid"]))
    try:
        return time.time() - path.stat().st_mtime > FORGOTTEN_AFTER_S
    except FileNotFoundError:
        return False


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine exists; True if the system can't say."""
    if os.name == "nt":  # on Windows, `os.kill` with signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists, but belongs to another user
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that a rename in it survives a power cut; Windows can't do this."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: UPath) -> bytes:
    """Return a file's bytes.

    Raises:
        NotMaterializedError: the file does not exist.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotMaterializedError(f"{path} does not exist") from error


def remove(path: UPath) -> None:
    """Remove a file if it is there."""
    path.unlink(missing_ok=True)


def rename(path: Path, target: Path) -> None:
    """Rename a local file, and sync its folder."""
    path.replace(target)
    sync_folder(target.parent)


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def create_private(path: Path) -> None:
    """Create an empty local file that only its owner may read, if it does not exist."""
    with naming_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=PRIVATE)
