"""Locks, so that only one process at a time does the same work.

On a local disk it is a lock of the operating system (`filelock`) on a file that is never replaced:
it is released when its process ends, even if that is killed. A second file records which process
holds it, because on Windows other processes can't read a locked file.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from upath import UPath

from replay_assets.errors import LockedError
from replay_assets.lake.files import publish, remove
from replay_assets.volumes import naming_full_disk

HOLDER_SUFFIX = ".holder.json"


class Locks(Protocol):
    """Locks by the name of a work."""

    def hold(self, work: str) -> AbstractContextManager[None]:
        """Hold the lock of a work within a `with` block.

        Raises:
            LockedError: the lock is held already; the message says by which process, since when.
        """
        ...


class LocalLocks:
    """Locks between the processes of this machine: a file in the folder of each work below `root`.

    Args:
        root: a folder on a local disk; a work is a path below it.
        file_name: the name of the lock's file.
    """

    def __init__(self, root: Path, file_name: str) -> None:
        self._root = root
        self._file_name = file_name

    @contextmanager
    def hold(self, work: str) -> Iterator[None]:
        """Hold the lock of a work within a `with` block.

        Raises:
            LockedError: another process holds it; the message says which, and since when.
        """
        from filelock import FileLock, Timeout  # imported here, because only runs need it

        folder = self._root / work
        with naming_full_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        holder = folder / f"{self._file_name}{HOLDER_SUFFIX}"
        lock = FileLock(folder / self._file_name)
        try:
            with naming_full_disk(folder):
                lock.acquire(timeout=0)
        except Timeout as error:
            raise _locked(folder, _read(holder)) from error
        try:
            # The lock does not need this file. If a full disk prevents writing it, the work fails
            # too, with an error that says what to do.
            with suppress(OSError):
                remove(UPath(holder))  # left by a process that was killed
                publish(UPath(holder), json.dumps(_this_process()).encode())
            yield
        finally:
            # Before the release: after it, this may already be the file of the next holder.
            remove(UPath(holder))
            lock.release()


class MemoryLocks:
    """Locks within this process, for as long as the object lives."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, object]] = {}

    @contextmanager
    def hold(self, work: str) -> Iterator[None]:
        """Hold the lock of a work within a `with` block.

        Raises:
            LockedError: it is held already.
        """
        if self._held.setdefault(work, mine := _this_process()) is not mine:
            raise _locked(work, self._held[work])
        try:
            yield
        finally:
            del self._held[work]


def _this_process() -> dict[str, object]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def _read(holder: Path) -> dict[str, object] | None:
    """Return which process holds a lock; None if that is not recorded yet."""
    try:
        found: dict[str, object] = json.loads(holder.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _locked(work: object, holder: dict[str, object] | None) -> LockedError:
    if holder is None:
        return LockedError(
            f"{work}: another process has just begun to work on it; nothing was sent by this one"
        )
    return LockedError(
        f"{work}: process {holder['pid']} on {holder['host']} has worked on it since "
        f"{holder['since']}; nothing was sent by this one"
    )
