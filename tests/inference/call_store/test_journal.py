"""The journal: what was appended is read back complete, or an error names the damaged line."""

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
    """The path of the journal."""
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


def test_what_was_appended_is_read_back(written: Path) -> None:
    """Equal, with attempts and reasoning; the newest call of a key; None for an unknown key."""
    assert read(written, "k1", "k2", "k3", "k4") == [CALLS[3], CALLS[1], CALLS[2], None]
    assert header_of(written) == HEADER


def test_a_call_is_found_and_in_the_file_before_any_sync(path: Path) -> None:
    """As soon as it is appended, it is not lost if this process dies."""
    with closing(FileJournal(path, HEADER)) as journal:
        journal.append(CALLS[0])
        assert journal.get("k1") == CALLS[0]
        assert b'"k1"' in path.read_bytes()


def test_no_other_user_may_read_it(written: Path) -> None:
    """It contains answers that are not masked yet."""
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


@pytest.mark.parametrize("cut", [1, 2, 40, -1], ids=["newline", "brace", "middle", "all_but_one"])
def test_an_incomplete_last_record_is_cut_off(written: Path, cut: int) -> None:
    """At any byte; the next record is complete again."""
    whole = written.read_bytes()
    last = whole.rstrip(b"\n").rindex(b"\n") + 1
    written.write_bytes(whole[: last + 1] if cut == -1 else whole[:-cut])
    with closing(FileJournal(written, HEADER)) as journal:
        assert journal.get("k1") == CALLS[0]
        journal.append(CALLS[3])
    assert written.read_bytes() == whole


def test_an_incomplete_header_is_written_again(written: Path) -> None:
    """The process died just after it created the file."""
    whole = written.read_bytes()
    written.write_bytes(whole[:20])
    assert header_of(written) is None
    assert read(written, "k1") == [None]
    assert header_of(written) == HEADER


@pytest.mark.parametrize("line", [1, 2, 4])
@pytest.mark.parametrize("damage", ["flipped", "zeroed", "cut_short"])
def test_damage_before_the_last_record_is_an_error_with_file_and_line(
    written: Path, line: int, damage: str
) -> None:
    """An answer that was paid for may be lost, so nothing is cut off without an error."""
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


def first_group(journal: FileJournal, calls: list[Call]) -> list[str]:
    """Append calls; return the keys of the first group that is synced."""

    async def run() -> list[str]:
        for call in calls:
            journal.append(call)
        async with asyncio.timeout(10):
            return [call.key for call in await anext(aiter(journal.groups()))]

    return asyncio.run(run())


def test_calls_count_in_groups_once_they_are_synced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sync per group, not one per record; the remaining calls are synced at the end."""
    with closing(FileJournal(path, HEADER)) as journal:
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", synced.append)
        assert first_group(journal, CALLS) == ["k1", "k2", "k3", "k1"]
        assert len(synced) == 1
        journal.append(CALLS[0])
        assert journal.settle() == [CALLS[0]]
        assert journal.settle() == []


def test_a_failed_sync_is_an_error_and_nothing_counts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names file, cause and way out."""
    with closing(FileJournal(path, HEADER)) as journal:
        monkeypatch.setattr(os, "fsync", _no_space)
        with pytest.raises(JournalError, match=r"journal\.jsonl can't be written: No space left"):
            first_group(journal, CALLS)
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


def test_after_an_incomplete_write_nothing_more_is_written(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record after it would be lost with it, even if the disk has room again."""
    whole = written.read_bytes()
    with closing(FileJournal(written, HEADER)) as journal:
        _tear_one_write(journal, monkeypatch)
        for _ in range(2):
            with pytest.raises(JournalError, match="can't be written: No space left"):
                journal.append(CALLS[0])
        with pytest.raises(JournalError, match="No space left"):
            journal.settle()
        with pytest.raises(JournalError, match="No space left"):
            first_group(journal, [])
        assert journal.get("k1") == CALLS[3]
    assert written.read_bytes() == whole
    assert read(written, "k1") == [CALLS[3]]


def test_a_failed_sync_is_an_error_even_if_the_next_one_succeeds(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system reports the failure only once, and the pages are lost."""
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


def test_the_failure_of_a_sync_whose_caller_was_cancelled_is_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in a thread, and nothing waits for this thread any more."""
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
    """Let the next record be written only in part, and later records completely."""
    file = journal._file
    left = [20]

    class Torn:
        """The journal's file on a disk that is full for one write."""

        def __getattr__(self, name: str) -> object:
            return getattr(file, name)

        def write(self, content: memoryview) -> int:
            """Write the part for which there is room."""
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
