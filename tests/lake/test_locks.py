"""Locks: one process at a time does the same work, and the message names it."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from replay_assets.errors import LockedError
from replay_assets.lake.locks import LocalLocks, Locks, MemoryLocks

FILE = ".lock"


@pytest.fixture(params=["local", "memory"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Locks:
    """Locks of each kind."""
    return LocalLocks(tmp_path, FILE) if request.param == "local" else MemoryLocks()


def test_a_work_is_held_once_until_its_block_ends(locks: Locks) -> None:
    """The message names the work, the process that holds it, and since when."""
    says = rf"the/day: process {os.getpid()} on \S+ has worked on it since 2\d\d\d-"
    with (
        locks.hold("the/day"),
        locks.hold("another/day"),
        pytest.raises(LockedError, match=says),
        locks.hold("the/day"),
    ):
        pass
    with locks.hold("the/day"):
        pass


def test_a_work_is_free_again_after_an_error(locks: Locks) -> None:
    """An error in the block is raised unchanged."""
    with pytest.raises(KeyError), locks.hold("work"):
        raise KeyError
    with locks.hold("work"):
        pass


def test_a_refused_attempt_leaves_the_lock_and_its_holder(locks: Locks) -> None:
    """The second attempt is refused with the same message as the first."""
    with locks.hold("work"):
        for _ in range(2):
            with pytest.raises(LockedError, match=f"process {os.getpid()}"), locks.hold("work"):
                pass


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """Even if that is killed: the lock belongs to the operating system, not to the file."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from replay_assets.lake.locks import LocalLocks\n"
        f"with LocalLocks(Path({str(tmp_path)!r}), {FILE!r}).hold('the/day'):\n"
        "    print(os.getpid(), flush=True); sys.stdin.read(1); os.kill(os.getpid(), 9)"
    )
    locks = LocalLocks(tmp_path, FILE)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        pid = int(other.stdout.readline())
        with (
            pytest.raises(LockedError, match=rf"the/day: process {pid} on \S+ has worked"),
            locks.hold("the/day"),
        ):
            pass
        other.communicate(b"x")
    with locks.hold("the/day"):
        pass


def test_a_lock_whose_holder_is_not_recorded_yet_is_reported_too(tmp_path: Path) -> None:
    """There is a moment between taking the lock and recording its holder."""
    locks = LocalLocks(tmp_path, FILE)
    with locks.hold("one"):
        (tmp_path / "one" / ".lock.holder.json").unlink()
        with pytest.raises(LockedError, match="another process has just begun"), locks.hold("one"):
            pass


def test_on_a_full_disk_the_lock_holds_and_names_no_process_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work itself says that the disk is full, and what to do."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("replay_assets.lake.locks.publish", full)
    locks = LocalLocks(tmp_path, FILE)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / ".lock.holder.json").write_text(
        '{"pid": 1, "host": "gone", "since": "2026-01-01T00:00:00+00:00"}'
    )
    with (
        locks.hold("one"),
        pytest.raises(LockedError, match="another process has just begun"),
        locks.hold("one"),
    ):
        pass


def test_the_file_of_a_lock_stays_and_is_the_only_one_that_does(tmp_path: Path) -> None:
    """If it were replaced, two processes could each hold a lock on a file of that name."""
    locks = LocalLocks(tmp_path, FILE)
    inodes = []
    for _ in range(2):
        with locks.hold("one"):
            pass
        inodes.append((tmp_path / "one" / FILE).stat().st_ino)
    assert inodes[0] == inodes[1]
    assert [path.name for path in (tmp_path / "one").iterdir()] == [FILE]
