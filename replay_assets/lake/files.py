"""The one place that writes files: whole or not at all.

On a local disk a file is written under a hidden name in the same folder, synced, then renamed over
its final name. On an object store one PUT is atomic and a rename is not, so it is written there
directly.
"""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

from upath import UPath

from replay_assets.errors import NotMaterializedError


def open_root(url: str) -> UPath:
    """Return the folder of a root: a local path or any fsspec URL, such as `s3://bucket/prefix`."""
    return UPath(url)


def is_local(path: UPath) -> bool:
    """Tell whether a path lies on a local disk."""
    return path.protocol in ("", "file", "local")


def publish(path: UPath, content: bytes) -> None:
    """Write a file so that readers see either what was there before or all of `content`."""
    if not is_local(path):
        path.write_bytes(content)
        return
    target = Path(path.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    hidden = target.parent / f".{target.name}.{uuid4().hex}.tmp"
    try:
        with hidden.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        hidden.replace(target)
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


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()
