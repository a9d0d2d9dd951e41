"""What a message says about a full disk: the path, its volume, and how much is free there."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from replay_assets.errors import DiskFullError

FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)}
"""The system's errors for a full volume, and for a user's share of it that is used up."""
SQLITE_FULL, SQLITE_IO = 13, 10
"""SQLite's codes for a file that can't grow, and for any failure of the disk, also a full one."""
NEARLY_FULL_BYTES = 2**20
"""With less than this free, a failure of the disk is taken for a full disk."""


@contextmanager
def naming_full_disk(path: Path) -> Iterator[None]:
    """Name a path and its volume in the error of a `with` block, if a full disk has caused it.

    Raises:
        DiskFullError: instead of that error.
    """
    try:
        yield
    except Exception as error:
        full = disk_full(path, error)
        if full is None or full is error:
            raise
        raise full from error


def disk_full(path: Path, error: BaseException) -> DiskFullError | None:
    """Return the error that names a path and its full volume; None if the cause is another one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DiskFullError):  # which names the file itself
            return cause
        if _is_full(path, cause):
            return DiskFullError(
                f"{path} can't be written: {_text(cause)}. {volume_of(path)} Free some space and "
                "run the same again: what is complete is kept."
            )
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return None


def volume_note(path: Path, error: BaseException) -> str:
    """Return a sentence about a path's volume if it is full; empty if the error has another cause.

    It begins with a blank, to follow another sentence.
    """
    return f" {volume_of(path)}" if _is_full(path, error) else ""


def volume_of(path: Path) -> str:
    """Return a sentence with a path's mount point and what is free there."""
    folder = _existing(path)
    mount = folder
    while not os.path.ismount(mount):
        mount = mount.parent
    usage = shutil.disk_usage(folder)
    found = f"The volume {mount} has {usage.free:,} of {usage.total:,} bytes free"
    # A volume with many small files can be full although bytes are free.
    if hasattr(os, "statvfs") and (counts := os.statvfs(folder)).f_files and not counts.f_favail:
        found += ", and can't hold any more files"
    return f"{found}."


def _existing(path: Path) -> Path:
    """Return the path without links, or the lowest folder above it that exists."""
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path


def _is_full(path: Path, error: BaseException) -> bool:
    if isinstance(error, OSError):
        return isinstance(error, DiskFullError) or error.errno in FULL
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the lowest byte is the primary code
    if code == SQLITE_IO:
        return shutil.disk_usage(_existing(path)).free < NEARLY_FULL_BYTES
    return code == SQLITE_FULL


def _text(error: BaseException) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
