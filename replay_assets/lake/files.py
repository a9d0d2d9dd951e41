"""The one place that writes files: whole or not at all.

On a local disk a file is written under a hidden name in the same folder, synced, then renamed over
its final name. On an object store one PUT is atomic and a rename is not, so what was written
locally is sent there in one piece.
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

from upath import UPath

from replay_assets.errors import NotMaterializedError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PRIVATE = 0o600
"""The mode of a file that no other user may read, such as one with answers not yet masked."""

HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"
HIDDEN = re.compile(r"^\..+\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{32}\.tmp$")
FORGOTTEN_AFTER_S = 24 * 3600
"""A hidden file of another machine is removed from this age on: no partition takes a day."""


def open_root(url: str) -> UPath:
    """Return the folder of a root: a local path or any fsspec URL, such as `s3://bucket/prefix`."""
    return UPath(url)


def is_local(path: UPath) -> bool:
    """Return whether a path is on a local disk."""
    return path.protocol in ("", "file", "local")


class HashedFile(io.BufferedWriter):
    """A local file to write, with the checksum and size of what was written so far."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "wb"))
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def write(self, content: "ReadableBuffer", /) -> int:
        """Write some bytes, and take them into the checksum."""
        self._sha256.update(content)
        written = super().write(content)
        self.size_bytes += written
        return written

    def sha256(self) -> str:
        """Return the hexadecimal SHA-256 of what was written."""
        return self._sha256.hexdigest()


class StagedFile:
    """A file on its way: written under a hidden name, seen under its own only once published.

    `stream` takes the bytes; `publish` makes them visible whole, `discard` leaves no trace.
    `target` may be changed to another name in the same folder until then.
    """

    def __init__(self, target: UPath, *, mode: int | None = None) -> None:
        self.target = target
        folder = _staging_folder(target.parent)
        if is_local(target):
            folder.mkdir(parents=True, exist_ok=True)
        else:
            mode = PRIVATE  # other users may read the folder for temporary files
        self._hidden = folder / f".{target.name}.{HOST}-{os.getpid()}-{uuid4().hex}.tmp"
        self.stream = HashedFile(self._hidden)
        if mode is not None:
            self._hidden.chmod(mode)

    def close(self) -> None:
        """End the writing; what was written is on the disk."""
        if self.stream.closed:
            return
        with self.stream:
            self.stream.flush()
            os.fsync(self.stream.fileno())

    def publish(self) -> None:
        """Let readers see the file in place of whatever was there before."""
        self.close()
        if is_local(self.target):
            rename(self._hidden, Path(self.target.path))
        else:
            # One PUT of a closed file: a stream would complete the upload even on an error.
            self.target.fs.put_file(str(self._hidden), self.target.path)
            self.discard()

    def discard(self) -> None:
        """Remove what was written, if it is still hidden."""
        self.stream.close()
        self._hidden.unlink(missing_ok=True)


@contextmanager
def staged(target: UPath, *, mode: int | None = None) -> Iterator[StagedFile]:
    """Stage a file for the length of a block; what the block does not publish is discarded."""
    file = StagedFile(target, mode=mode)
    try:
        yield file
    finally:
        file.discard()


def publish(path: UPath, content: bytes) -> None:
    """Write a file so that readers see either what was there before or all of `content`."""
    if not is_local(path):
        path.write_bytes(content)
        return
    with staged(path) as file:
        file.stream.write(content)
        file.publish()


def publish_parts(target: Path, parts: Iterable[bytes], *, mode: int | None = None) -> None:
    """Write a local file whole or not at all, from parts that need not be in memory together."""
    sweep(UPath(target.parent))
    with staged(UPath(target), mode=mode) as file:
        file.stream.writelines(parts)
        file.publish()


def sweep(folder: UPath) -> int:
    """Remove the hidden files that killed writers of a folder left; return how many.

    Those of a living process are left alone, so that two writers don't disturb each other.
    """
    swept = 0
    for path in _staging_folder(folder).glob(".*.tmp"):
        if (match := HIDDEN.match(path.name)) is not None and _is_forgotten(path, match):
            with suppress(PermissionError):  # another user's, in the folder for temporary files
                path.unlink(missing_ok=True)
                swept += 1
    return swept


def _staging_folder(folder: UPath) -> Path:
    """Return where the files of a folder are written before they are shown."""
    return Path(folder.path) if is_local(folder) else Path(tempfile.gettempdir())


def _is_forgotten(path: Path, match: re.Match[str]) -> bool:
    if match["host"] == HOST:
        return not is_alive(int(match["pid"]))
    try:
        return time.time() - path.stat().st_mtime > FORGOTTEN_AFTER_S
    except FileNotFoundError:
        return False


def is_alive(pid: int) -> bool:
    """Tell whether a process of this machine exists; where it can't be asked, take it to."""
    if os.name == "nt":  # there, a signal of 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Let a rename outlive a power cut, where the system can sync a folder."""
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
    """Give a whole local file another name, for good."""
    path.replace(target)
    sync_folder(target.parent)


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def create_private(path: Path) -> None:
    """Create an empty local file that no other user may read, if it is not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=PRIVATE)
