"""Atomic writes, also when the disk is full or the process is killed."""

import hashlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from upath import UPath

from replay_assets.errors import ConfigurationError, NotMaterializedError
from replay_assets.lake.files import (
    HOST,
    is_local,
    open_root,
    publish,
    publish_parts,
    read,
    remove,
    sha256,
    staged,
    sweep,
)

SIZE = 2_000_000
PUBLISH_FOR_EVER = f"""
import itertools, sys
from upath import UPath
from replay_assets.lake.files import publish
for letter in itertools.cycle([b"a", b"b"]):
    publish(UPath(sys.argv[1]), letter * {SIZE})
    print("published", flush=True)
"""


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """Limit the size of this process's files, to simulate a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_published_file_reads_back_byte_for_byte(tmp_path: Path):
    """Missing folders are created; no other file is left in them."""
    path = UPath(tmp_path) / "files" / "date=2026-09-21" / "pack.jsonl"
    publish(path, b"\x00 \xff\r\n")
    assert read(path) == b"\x00 \xff\r\n"
    assert [one.name for one in Path(str(path.parent)).iterdir()] == ["pack.jsonl"]


def test_publishing_again_replaces_the_complete_file(tmp_path: Path):
    """After shorter content, no bytes of the longer file are left."""
    path = UPath(tmp_path) / "pack.jsonl"
    publish(path, b"a long first content")
    publish(path, b"short")
    assert read(path) == b"short"


def test_a_write_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path: Path):
    """If the disk is full, the new content is lost, never the old."""
    path = UPath(tmp_path) / "pack.jsonl"
    publish(path, b"old")
    with room_for(1000), pytest.raises(OSError, match="too large"):
        publish(path, b"x" * 100_000)
    assert read(path) == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["pack.jsonl"]


def test_a_first_write_that_fails_leaves_no_file(tmp_path: Path):
    """A file that was never complete does not exist."""
    with room_for(1000), pytest.raises(OSError, match="too large"):
        publish(UPath(tmp_path) / "pack.jsonl", b"x" * 100_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("reads_before_the_kill", [1, 7, 40], ids=lambda n: f"after {n} reads")
def test_a_reader_never_sees_part_of_a_file(reads_before_the_kill: int, tmp_path: Path):
    """Neither while another process publishes again and again, nor after it was killed."""
    path = tmp_path / "pack.jsonl"
    whole = {hashlib.sha256(letter * SIZE).hexdigest() for letter in (b"a", b"b")}
    writer = subprocess.Popen(
        [sys.executable, "-c", PUBLISH_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "published\n"
        for _ in range(reads_before_the_kill):
            assert sha256(path.read_bytes()) in whole
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    assert writer.returncode == -signal.SIGKILL, "it was still publishing"
    assert sha256(path.read_bytes()) in whole


def test_a_missing_file_is_a_partition_that_does_not_exist(tmp_path: Path):
    """The message names the path."""
    with pytest.raises(NotMaterializedError, match=r"gone\.json does not exist"):
        read(UPath(tmp_path) / "gone.json")


def test_removing_a_missing_file_is_not_an_error(tmp_path: Path):
    """The first publication of a partition removes a manifest that does not exist."""
    path = UPath(tmp_path) / "manifest.json"
    publish(path, b"{}")
    remove(path)
    remove(path)
    assert not path.exists()


def test_a_root_may_be_on_any_fsspec_filesystem():
    """On an object store a file is one PUT; no hidden file is written next to it."""
    path = UPath("memory://lake-of-test-files/date=2026-09-21/pack.jsonl")
    assert not is_local(path)
    publish(path, b"first")
    publish(path, b"second")
    assert read(path) == b"second"
    assert [one.name for one in path.parent.iterdir()] == ["pack.jsonl"]
    remove(path)
    with pytest.raises(NotMaterializedError):
        read(path)


def test_a_root_without_a_file_system_is_refused_by_name():
    """A driver that is not installed is reported in the same way."""
    with pytest.raises(ConfigurationError, match=r"nosuch://b/lake can't be used.*local folder"):
        open_root("nosuch://b/lake")


def hidden_name(host: str, pid: int) -> str:
    return f".x.parquet.{host}-{pid}-{'0' * 32}.tmp"


def dead_process() -> int:
    """Return the id of a process that has ended."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    return dead.pid


@pytest.mark.parametrize("write", [publish, lambda path, content: publish_parts(path, [content])])
def test_each_write_sweeps_what_a_killed_one_left(
    write: Callable[[UPath, bytes], None], tmp_path: Path
):
    """Also a write of one small file, such as a manifest in a folder that has no other file."""
    (tmp_path / hidden_name(HOST, dead_process())).write_bytes(b"left by a kill")
    write(UPath(tmp_path / "manifest.json"), b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_dead_writers_hidden_file_is_swept_and_a_living_ones_is_not(tmp_path: Path):
    """After a kill the next run removes the files; parallel runs do not disturb each other."""
    mine = tmp_path / hidden_name(HOST, os.getpid())
    theirs = tmp_path / hidden_name("00000000", 1)
    gone = tmp_path / hidden_name(HOST, dead_process())
    old = tmp_path / hidden_name("00000001", 1)
    foreign = tmp_path / ".notes.tmp"
    for path in (mine, theirs, gone, old, foreign):
        path.write_bytes(b"x")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    assert sweep(open_root(str(tmp_path))) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in (mine, theirs, foreign)
    )


def test_files_for_an_object_store_wait_unseen_and_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """They hold raw evidence, and are in a folder that all users of the machine share."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    target = UPath("memory://lake-of-swept-files/date=2026-09-21/pack.jsonl")
    (tmp_path / hidden_name(HOST, dead_process())).write_bytes(b"left by a kill")
    assert sweep(target.parent) == 1
    with staged(target):
        (waiting,) = tmp_path.iterdir()
        assert waiting.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []
