"""A full disk is reported with the path, its volume and what is free there, wherever it shows."""

import errno
import io
import os
import re
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest
import sqlalchemy as sa
from upath import UPath

from replay_assets.errors import DiskFullError, JournalError
from replay_assets.inference.call_store.journal import FileJournal
from replay_assets.inference.spending.sql_ledger import SqlLedger
from replay_assets.lake import files
from replay_assets.lake.locks import LocalLocks
from replay_assets.source.connection.source_url import SourceUrl
from replay_assets.volumes import disk_full, naming_full_disk, volume_note, volume_of

NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
ITS_VOLUME = r"The volume /\S* has [0-9,]+ of [0-9,]+ bytes free"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file of the lake hold a byte, although it can be created."""
    file_io = io.FileIO

    def device(path: Path, mode: str) -> io.FileIO:
        file_io(path, mode).close()
        return file_io("/dev/full", mode)

    monkeypatch.setattr(io, "FileIO", device)


def sqlite_error(path: Path) -> sqlite3.OperationalError:
    """The error of a SQLite file that may not grow."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as raised:
            connection.execute("CREATE TABLE t AS SELECT randomblob(100000)")
    return raised.value


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("size", [10, 1_000_000], ids=["at its end", "within"])
def test_a_file_of_the_lake_names_itself_and_its_volume(
    full: None, tmp_path: Path, size: int
) -> None:
    """By its final name, whether the disk is found full in a write or when the file is closed."""
    target = tmp_path / "day" / "rows.parquet"
    with pytest.raises(DiskFullError, match=rf"^{target} can't be written: No.*{ITS_VOLUME}"):
        files.publish(UPath(target), b"x" * size)
    assert list(target.parent.iterdir()) == []
    with pytest.raises(DiskFullError, match=str(tmp_path / "results.jsonl")):
        files.publish_parts(tmp_path / "results.jsonl", [b"x"] * size)


def test_sqlite_and_wrapped_errors_are_recognized(tmp_path: Path) -> None:
    """Dagster's storage is SQLite, and its errors are raised from SQLite's."""
    file = tmp_path / "runs.db"
    wrapped = RuntimeError("a step failed")
    wrapped.__cause__ = sqlite_error(file)
    with (
        pytest.raises(DiskFullError, match=f"{tmp_path} can't be written: .*full. {ITS_VOLUME}"),
        naming_full_disk(tmp_path),
    ):
        raise wrapped


def test_the_file_that_is_named_first_stays_named(tmp_path: Path) -> None:
    """Dagster can't record the failure of a step either, on the same disk."""
    first = disk_full(tmp_path / "rows.parquet", NO_SPACE)
    then = RuntimeError("could not record it")
    then.__context__ = first
    assert disk_full(tmp_path / "dagster_home", then) is first


@pytest.mark.parametrize(
    "error",
    [OSError(errno.EACCES, "denied"), sqlite3.OperationalError("locked"), ValueError("full")],
    ids=str,
)
def test_other_errors_are_unchanged(tmp_path: Path, error: Exception) -> None:
    """Only the system's and SQLite's codes count, not words."""
    with pytest.raises(type(error)) as raised, naming_full_disk(tmp_path):
        raise error
    assert raised.value is error
    assert volume_note(tmp_path, error) == ""


def test_a_failing_disk_is_full_only_if_little_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite reports a full disk as `disk I/O error` where it writes its log."""
    broken = sqlite3.OperationalError("disk I/O error")
    broken.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(2**30, 0, 2**30))
    assert disk_full(tmp_path, broken) is None
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(2**30, 2**30 - 512, 512))
    assert "has 512 of 1,073,741,824 bytes free" in str(disk_full(tmp_path, broken))


def test_the_volume_is_that_of_the_lowest_folder_that_exists(tmp_path: Path) -> None:
    """A folder that could not be created is on the volume of its parent."""
    mount = re.match(r"The volume (/\S*) has", volume_of(tmp_path / "not" / "yet"))
    assert mount is not None
    assert os.path.ismount(mount[1])
    assert tmp_path.is_relative_to(mount[1])


def test_the_journal_names_its_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And still says that nothing more is sent."""
    monkeypatch.setattr(FileJournal, "_write", lambda *_: (_ for _ in ()).throw(NO_SPACE))
    path = tmp_path / "journal.jsonl"
    with pytest.raises(JournalError, match=rf"^{path} can't .*{ITS_VOLUME}\. Nothing more is sent"):
        FileJournal(path, {})


def test_the_ledger_names_its_volume(tmp_path: Path) -> None:
    """It is a SQLite file."""
    ledger = SqlLedger.in_folder(tmp_path)
    error = ledger._unusable(sqlite_error(tmp_path / "other.db"))
    assert re.search(rf"{ITS_VOLUME}\. Nothing more is sent", str(error))


def test_the_incident_database_names_its_volume(tmp_path: Path) -> None:
    """`load` writes to it."""
    file = tmp_path / "incidents.sqlite"
    cause = sqlite_error(tmp_path / "other.db")
    with (
        pytest.raises(DiskFullError, match=rf"^{file} can't be written: .*{ITS_VOLUME}"),
        SourceUrl(f"sqlite:///{file}").errors_named(),
    ):
        raise sa.exc.OperationalError("INSERT", {}, cause)


def test_the_folder_of_a_lock_names_its_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A volume that can hold no more files fails there first."""
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(NO_SPACE))
    locks = LocalLocks(tmp_path, ".lock")
    with pytest.raises(DiskFullError, match=ITS_VOLUME), locks.hold("work"):
        pass
