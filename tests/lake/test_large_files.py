"""Files that are not held in memory: published and digested like any other."""

from pathlib import Path

import pyarrow as pa
import pytest

from replay_assets.lake.addresses import Address
from replay_assets.lake.files import lines_of, publish_parts
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
