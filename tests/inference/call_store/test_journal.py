"""The journal: what was appended is there again, whole, or the file is refused by line."""

import asyncio
import errno
import os
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from replay_assets.errors import JournalError
from replay_assets.inference.call.call import Call
from replay_assets.inference.call_store.journal import FileJournal, header_of
from tests.inference.calls import answered, failed

HEADER = {"format": 1, "pack_digest": "a"}
CALLS = [answered("k1", "one"), failed("k2"), answered("k3", "磁碟 \u2028 \ud7ff"), failed("k1")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "state" / "journal.jsonl"


@pytest.fixture
def written(path: Path) -> Path:
    """A journal of a few calls, closed."""
    with closing(FileJournal(path, HEADER)) as journal:
        for call in CALLS:
            journal.append(call)
    return path


def read(path: Path, *keys: str) -> list[Call | None]:
    """Open a journal and get calls from it."""
    with closing(FileJournal(path, HEADER)) as journal:
        return [journal.get(key) for key in keys]


def test_what_was_appended_is_there_again(written: Path) -> None:
    """Equal, attempts and reasoning included; of one key the newest; nothing for an unknown one."""
    assert read(written, "k1", "k2", "k3", "k4") == [CALLS[3], CALLS[1], CALLS[2], None]
    assert header_of(written) == HEADER


def test_a_call_is_found_at_once_and_on_disk_before_any_sync(path: Path) -> None:
    """It outlives this process from the moment it is appended."""
    with closing(FileJournal(path, HEADER)) as journal:
        journal.append(CALLS[0])
        assert journal.get("k1") == CALLS[0]
        assert b'"k1"' in path.read_bytes()


def test_nobody_else_may_read_it(written: Path) -> None:
    """Answers lie there before they are masked."""
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


@pytest.mark.parametrize("cut", [1, 2, 40, -1], ids=["newline", "brace", "middle", "all_but_one"])
def test_a_torn_last_record_is_cut_off(written: Path, cut: int) -> None:
    """At whatever byte it was torn; the next record is whole again."""
    whole = written.read_bytes()
    last = whole.rstrip(b"\n").rindex(b"\n") + 1
    written.write_bytes(whole[: last + 1] if cut == -1 else whole[:-cut])
    with closing(FileJournal(written, HEADER)) as journal:
        assert journal.get("k1") == CALLS[0]
        journal.append(CALLS[3])
    assert written.read_bytes() == whole


def test_a_torn_header_is_written_again(written: Path) -> None:
    """The process died in its first millisecond."""
    whole = written.read_bytes()
    written.write_bytes(whole[:20])
    assert header_of(written) is None
    assert read(written, "k1") == [None]
    assert header_of(written) == HEADER


@pytest.mark.parametrize("line", [1, 2, 4])
@pytest.mark.parametrize("damage", ["flipped", "zeroed", "cut_short"])
def test_damage_before_the_last_record_is_refused_by_file_and_line(
    written: Path, line: int, damage: str
) -> None:
    """An answer that was paid for stood there; nothing is cut off in silence."""
    lines = written.read_bytes().splitlines(keepends=True)
    old = lines[line - 1]
    lines[line - 1] = {
        "flipped": old.replace(b"1", b"2", 1),
        "zeroed": b"\0" * (len(old) - 1) + b"\n",
        "cut_short": old[: len(old) // 2] + b"\n",
    }[damage]
    damaged = b"".join(lines)
    written.write_bytes(damaged)
    with pytest.raises(JournalError, match=rf"{written}, line {line}: damaged"):
        FileJournal(written, HEADER)
    assert written.read_bytes() == damaged


def groups_of(journal: FileJournal, calls: list[Call]) -> list[list[str]]:
    """Append calls while groups are synced; return the keys of each group."""

    async def run() -> list[list[str]]:
        found: list[list[str]] = []

        async def listen() -> None:
            async for group in journal.groups():
                found.append([call.key for call in group])

        listening = asyncio.create_task(listen())
        for call in calls:
            journal.append(call)
        await asyncio.wait([listening], timeout=0.2)
        listening.cancel()
        if not found:
            await listening
        return found

    return asyncio.run(run())


def test_calls_count_in_groups_once_they_are_synced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sync for a group, not one a record; what is left is settled at the end."""
    with closing(FileJournal(path, HEADER)) as journal:
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", synced.append)
        assert groups_of(journal, CALLS) == [["k1", "k2", "k3", "k1"]]
        assert len(synced) == 1
        journal.append(CALLS[0])
        assert journal.settle() == [CALLS[0]]
        assert journal.settle() == []


def test_a_failed_sync_is_an_error_and_nothing_counts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By file and cause, with the way out."""
    with closing(FileJournal(path, HEADER)) as journal:
        monkeypatch.setattr(os, "fsync", _no_space)
        with pytest.raises(JournalError, match=r"journal\.jsonl can't be written: No space left"):
            groups_of(journal, CALLS)
        with pytest.raises(JournalError, match="it continues"):
            journal.settle()


def test_a_failed_write_is_an_error(path: Path) -> None:
    """Here: the file can't grow."""
    full = Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115 - closed with the journal
    with closing(FileJournal(path, HEADER)) as journal, closing(full):
        journal._file.close()
        journal._file = full
        with pytest.raises(JournalError, match="can't be written"):
            journal.append(CALLS[0])
        assert journal.get("k1") is None


def test_what_follows_a_torn_write_is_refused_so_that_nothing_whole_is_lost(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full in the middle of a record, and has room again for the next."""
    whole = written.read_bytes()
    with closing(FileJournal(written, HEADER)) as journal:
        _tear_one_write(journal, monkeypatch)
        for _ in range(2):
            with pytest.raises(JournalError, match="can't be written: No space left"):
                journal.append(CALLS[0])
        with pytest.raises(JournalError, match="No space left"):
            journal.settle()
        with pytest.raises(JournalError, match="No space left"):
            groups_of(journal, [])
        assert journal.get("k1") == CALLS[3]
    assert written.read_bytes() == whole
    assert read(written, "k1") == [CALLS[3]]


def test_a_failed_sync_is_not_forgotten_by_one_that_succeeds(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells it once; what was lost is lost."""
    with closing(FileJournal(path, HEADER)) as journal:
        journal.append(CALLS[0])
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", _no_space)
            with pytest.raises(JournalError, match="No space left"):
                journal.settle()
        with pytest.raises(JournalError, match="No space left"):
            journal.settle()
        with pytest.raises(JournalError, match="No space left"):
            journal.append(CALLS[1])


def test_a_sync_that_fails_while_it_is_cancelled_is_heard_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in a thread, which nobody waits for by then."""
    real, begun, calls = os.fsync, threading.Event(), [0]

    def fail_once(file: int) -> None:
        calls[0] += 1
        if calls[0] > 1:
            return real(file)
        begun.set()
        time.sleep(0.2)
        return _no_space(file)

    async def run(journal: FileJournal) -> None:
        async def listen() -> None:
            async for _ in journal.groups():
                pass

        listening = asyncio.create_task(listen())
        journal.append(CALLS[0])
        await asyncio.to_thread(begun.wait)
        listening.cancel()
        await asyncio.wait([listening])
        journal.settle()

    with closing(FileJournal(path, HEADER)) as journal:
        monkeypatch.setattr(os, "fsync", fail_once)
        with pytest.raises(JournalError, match="No space left"):
            asyncio.run(run(journal))


def _tear_one_write(journal: FileJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next record be written by half, and those after it whole."""
    file = journal._file
    left = [20]

    class Torn:
        """The journal's file, on a disk that is full once."""

        def __getattr__(self, name: str) -> object:
            return getattr(file, name)

        def write(self, content: memoryview) -> int:
            """Write what there is room for."""
            if left == [20]:
                left[0] = 0
                return file.write(content[:20])
            if left == [0]:
                left[0] = -1
                _no_space(file.fileno())
            return file.write(content)

    monkeypatch.setattr(journal, "_file", Torn())


def _no_space(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
