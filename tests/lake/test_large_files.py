"""Files that are not held in memory: published, digested and locked like any other."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from replay_assets.errors import LockedError
from replay_assets.lake.addresses import Address
from replay_assets.lake.files import hold, lines_of, publish_parts
from replay_assets.lake.formats import BATCH_ROWS, encode_jsonl, table_in_batches, table_of
from replay_assets.lake.store import Publication, Store

RECORDS = [{"incident_id": f"inc-{number}", "latency_ms": number} for number in range(2_500)]
SCHEMA = pa.schema([("incident_id", pa.string()), ("latency_ms", pa.int64())])


def test_a_large_file_is_published_as_its_bytes_would_be(tmp_path: Path) -> None:
    """Content, checksum, counts and digest are the same; the file itself stays where it was."""
    content = encode_jsonl(RECORDS)
    source = tmp_path / "results.jsonl"
    source.write_bytes(content)
    address = Address("results", "2026-09-21")
    one = Store(str(tmp_path / "one")).publish(address, Publication(files={"r.jsonl": content}))
    other = Store(str(tmp_path / "other")).publish(
        address, Publication(large_files={"r.jsonl": source})
    )
    assert one.manifest == other.manifest
    assert other.file("r.jsonl") == content == source.read_bytes()
    assert [path.name for path in (tmp_path / "other").rglob("*") if path.is_file()].count(
        "r.jsonl"
    ) == 1


def test_a_table_in_batches_is_the_same_table() -> None:
    """However many batches it takes; none at all for no rows."""
    assert len(RECORDS) > 2 * BATCH_ROWS
    assert table_in_batches(iter(RECORDS), SCHEMA).equals(table_of(RECORDS, SCHEMA))
    assert table_in_batches([], SCHEMA).equals(table_of([], SCHEMA))


def test_parts_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    """A source that fails half way leaves what was there before, and no trace of itself."""
    target = tmp_path / "file"
    publish_parts(target, [b"be", b"fore\n"])

    def failing() -> object:
        yield b"half"
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        publish_parts(target, failing())  # type: ignore[arg-type]
    assert list(lines_of(target)) == [b"before\n"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """However that ends: the system holds it, not the file."""
    path = tmp_path / "state" / ".lock"
    code = (
        "import os, sys; from pathlib import Path; from replay_assets.lake.files import hold\n"
        f"with hold(Path({str(path)!r}), 'work'):\n"
        "    print(os.getpid(), flush=True); sys.stdin.read(1); os.kill(os.getpid(), 9)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        pid = int(other.stdout.readline())
        with (
            pytest.raises(LockedError, match=rf"the day: process {pid} on \S+ has worked"),
            hold(path, "the day"),
        ):
            pass
        other.communicate(b"x")
    with hold(path, "the day"):
        pass


def test_a_holder_that_has_not_signed_yet_is_told_all_the_same(tmp_path: Path) -> None:
    """The moment between taking the lock and writing the name."""
    path = tmp_path / ".lock"
    with hold(path, "one"):
        path.write_text("")
        with pytest.raises(LockedError, match="another process has just begun"), hold(path, "two"):
            pass
