"""The one place that writes files: whole or not at all.

On a local disk a file is written under a hidden name in the same folder, synced, then renamed over
its final name. On an object store one PUT is atomic and a rename is not, so it is written there
directly.
"""

import hashlib
import io
import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from upath import UPath

from replay_assets.errors import LockedError, NotMaterializedError

Content = bytes | Path
"""Bytes, or the local file that has them: what need not be in memory is not."""
PART_BYTES = 1 << 20


def open_root(url: str) -> UPath:
    """Return the folder of a root: a local path or any fsspec URL, such as `s3://bucket/prefix`."""
    return UPath(url)


def is_local(path: UPath) -> bool:
    """Tell whether a path lies on a local disk."""
    return path.protocol in ("", "file", "local")


def publish(path: UPath, content: Content) -> None:
    """Write a file so that readers see either what was there before or all of `content`."""
    if is_local(path):
        publish_parts(Path(path.path), parts_of(content))
        return
    with path.open("wb") as stream:
        for part in parts_of(content):
            stream.write(part)


def publish_parts(target: Path, parts: Iterable[bytes], *, mode: int | None = None) -> None:
    """Write a local file whole or not at all, from parts that need not be in memory together."""
    target.parent.mkdir(parents=True, exist_ok=True)
    hidden = target.parent / f".{target.name}.{uuid4().hex}.tmp"
    try:
        with hidden.open("wb") as stream:
            if mode is not None:
                hidden.chmod(mode)
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        rename(hidden, target)
    finally:
        hidden.unlink(missing_ok=True)


def read(path: UPath) -> bytes:
    """Return a file's bytes.

    Raises:
        NotMaterializedError: there is no such file.
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


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder's files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def parts_of(content: Content) -> Iterator[bytes]:
    """Yield bytes part by part."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as stream:
        while part := stream.read(PART_BYTES):
            yield part


def lines_of(content: Content) -> Iterator[bytes]:
    """Yield bytes line by line."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        yield from stream


def sha256(content: Content) -> str:
    """Return the hexadecimal SHA-256 of some bytes."""
    digest = hashlib.sha256()
    for part in parts_of(content):
        digest.update(part)
    return digest.hexdigest()


@contextmanager
def hold(path: Path, work: str) -> Iterator[None]:
    """Keep other processes of this machine from the same work for the length of a block.

    The lock is the system's own, on a file that is never replaced or removed: it ends with its
    process, however that ends. The file says who holds it.

    Raises:
        LockedError: another process holds it; the message says which, and since when.
    """
    import fcntl  # not at the top: Windows has none, and reads and loads without it

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(f"{work}: {_holder(path)}; nothing was sent by this one") from error
        stream.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": since}, stream)
        stream.flush()
        yield


def _holder(path: Path) -> str:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return f"process {held['pid']} on {held['host']} has worked on it since {held['since']}"
    except (ValueError, KeyError, TypeError):
        # The holder has taken the lock and not written its name yet.
        return "another process has just begun to work on it"
