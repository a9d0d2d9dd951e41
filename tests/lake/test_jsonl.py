"""Writing JSONL: the same bytes as the standard library, in one pass over the records."""

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay_assets.contracts.timing import TIMING_FIELDS
from replay_assets.errors import ContractError
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import MANIFEST_FILE, UNFINISHED_FILE
from replay_assets.lake.digests import digest_of, file_digest
from replay_assets.lake.files import HashedFile, publish_parts, sha256
from replay_assets.lake.formats import BATCH_ROWS, LINE_BREAKS, arrow_table, arrow_tables, json_line
from replay_assets.lake.jsonl import BUFFER_BYTES, JsonlWriter, encode_line
from replay_assets.lake.published import Published
from replay_assets.lake.store import Publication, Store
from tests.lake.written import encode_jsonl

RECORDS = [{"incident_id": f"inc-{number}", "latency_ms": number} for number in range(2_500)]
SCHEMA = pa.schema([("incident_id", pa.string()), ("latency_ms", pa.int64())])
DAY = Address("results", "2026-09-21")

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["", "磁碟已滿", '\x00\x1f\x7f\\"/', "NaN", *(f"a{one}b" for one in LINE_BREAKS)]
)
NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.0, -0.0, 1e16, 1e-4, 9.9e-5, 9999999999999998.0, 5e-324, 2**64, -(2**63)])
)
NAMES = TEXTS | st.sampled_from([*sorted(TIMING_FIELDS), "model_output", "incident_context"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)

EXAMPLES = settings(deadline=None, derandomize=True)
"""Without a time limit per example: each writes a file, and a busy machine may need long."""


def written(folder: Path, records: list[dict[str, Any]], *, as_lines: bool = False) -> JsonlWriter:
    """Write records, then close the writer."""
    with HashedFile(folder / "f.jsonl") as stream:
        writer = JsonlWriter(stream, "f.jsonl")
        for record in records:
            if as_lines:
                assert writer.write_line(encode_line(record) + b"\n") == record
            else:
                writer.write(record)
        writer.flush()
    return writer


@EXAMPLES
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_a_line_has_the_bytes_of_the_standard_library(record: dict[str, Any]):
    """Numbers, escapes and the order of keys are those of what was published before."""
    line = encode_line(record)
    assert line == json_line(record).encode()
    assert len(line.decode().splitlines()) <= 1


@pytest.mark.parametrize("as_lines", [False, True], ids=["records", "lines"])
@EXAMPLES
@given(records=st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=4))
def test_digest_checksum_and_count_are_those_of_the_whole_file(
    as_lines: bool, records: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
):
    """The values computed while writing equal those of the finished file."""
    folder = tmp_path_factory.mktemp("jsonl")
    writer = written(folder, records, as_lines=as_lines)
    content = (folder / "f.jsonl").read_bytes()
    assert content == encode_jsonl(records)
    assert writer.records == len(records) == content.count(b"\n")
    assert writer.sha256() == sha256(content)
    assert writer.size_bytes == len(content)
    assert writer.close() == digest_of(records) == file_digest("f.jsonl", content)


def test_a_file_of_many_buffers_is_complete(tmp_path: Path):
    """Lines are written in pieces; the checksum is available in between."""
    records = [{"text": "x" * 1000, "n": number} for number in range(3 * BUFFER_BYTES // 1000)]
    with HashedFile(tmp_path / "f.jsonl") as stream:
        writer = JsonlWriter(stream, "f.jsonl")
        for record in records:
            writer.write(record)
        assert writer.sha256() == sha256(encode_jsonl(records))
        writer.write({"text": "last"})
        assert writer.close() == digest_of([*records, {"text": "last"}])
    assert (tmp_path / "f.jsonl").read_bytes() == encode_jsonl([*records, {"text": "last"}])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", [lambda v: v, lambda v: [{"a": v}]], ids=["top", "deep"])
def test_a_number_that_json_does_not_have_is_rejected(value: float, where: Any, tmp_path: Path):
    """msgspec would write null, which is another value."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(tmp_path, [{"cost_usd": where(value)}])


@pytest.mark.parametrize(
    "value", ["\ud83d", "\ud83d\u2028", {"\ud83d": 1}], ids=["text", "with_break", "key"]
)
def test_half_a_surrogate_pair_is_rejected(value: Any, tmp_path: Path):
    """It can't be encoded as UTF-8."""
    with pytest.raises(ValueError, match="surrogates not allowed"):
        written(tmp_path, [{"text": value}])


def test_a_rejected_record_leaves_no_bytes(tmp_path: Path):
    """A caller that skips it and continues gets a complete file."""
    with HashedFile(tmp_path / "f.jsonl") as stream:
        writer = JsonlWriter(stream, "f.jsonl")
        for record in ({"a": 1}, {"a": "long" * 99, "b": "\ud83d"}, {"a": math.nan}, {"a": 2}):
            with suppress(ValueError):
                writer.write(record)
        assert writer.close() == digest_of([{"a": 1}, {"a": 2}])
    assert (tmp_path / "f.jsonl").read_bytes() == b'{"a":1}\n{"a":2}\n'


def test_a_line_that_is_not_a_record_is_named(tmp_path: Path):
    """A truncated results file must not be published."""
    with HashedFile(tmp_path / "f.jsonl") as stream:
        writer = JsonlWriter(stream, "f.jsonl")
        writer.write_line(b'{"a":1}\n')
        with pytest.raises(ContractError, match=r"^f\.jsonl, line 2: not JSON"):
            writer.write_line(b'{"a":')


def published_in_pieces(store: Store) -> Published:
    """A partition of one JSONL file, written record by record."""
    with store.writing(DAY) as partition:
        rows = partition.jsonl("r.jsonl")
        for record in RECORDS:
            rows.write(record)
        return partition.publish(facts={}, inputs={}, code_version="1")


def test_a_file_written_in_pieces_is_published_as_its_bytes_would_be(tmp_path: Path):
    """The manifest is the same for both ways of writing."""
    one = published_in_pieces(Store(str(tmp_path / "pieces")))
    content = encode_jsonl(RECORDS)
    other = Store(str(tmp_path / "whole")).publish(DAY, Publication(files={"r.jsonl": content}))
    assert one.manifest == other.manifest
    assert one.file("r.jsonl") == content
    assert one.entry("r.jsonl").records == len(RECORDS)


def test_publishing_reads_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A pack was once parsed and read four times after it was written."""
    opened, names = Path.open, list[str]()

    def record(path: Path, *arguments: Any, **options: Any) -> Any:
        names.append(path.name)
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", record)
    monkeypatch.setattr(json, "loads", None)
    published_in_pieces(Store(str(tmp_path)))
    assert names == [MANIFEST_FILE, UNFINISHED_FILE], "those of the partition that is replaced"


def test_tables_of_rows_are_the_parts_of_one_table():
    """For any number of parts; no rows give no table."""
    parts = list(arrow_tables(iter(RECORDS), SCHEMA))
    assert [part.num_rows for part in parts] == [BATCH_ROWS, BATCH_ROWS, len(RECORDS) % BATCH_ROWS]
    assert pa.concat_tables(parts).equals(arrow_table(RECORDS, SCHEMA))
    assert list(arrow_tables([], SCHEMA)) == []


def test_parts_are_written_atomically(tmp_path: Path):
    """If the source fails half way, the old file stays and no new one is left."""
    target = tmp_path / "file"
    publish_parts(target, [b"be", b"fore\n"])

    def failing() -> object:
        yield b"half"
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        publish_parts(target, failing())  # type: ignore[arg-type]
    assert target.read_bytes() == b"before\n"
    assert list(tmp_path.iterdir()) == [target]
