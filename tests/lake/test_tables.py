"""Tables written in batches: bytes and digest do not depend on the batches."""

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replay_assets.lake.tables import GROUP_BYTES, TableDigest, TableWriter
from tests.lake.written import encode_table, table_digest

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("n", pa.int64()),
        ("ok", pa.bool_()),
        ("seen_at", pa.timestamp("us", tz="UTC")),
        ("parts", pa.list_(pa.string())),
        ("rate", pa.float64()),
    ]
)


def table(rows: int, seed: int = 0) -> pa.Table:
    draw = random.Random(seed)

    def maybe(value: object) -> object:
        return None if draw.random() < 0.2 else value

    return pa.Table.from_pylist(
        [
            {
                "id": maybe("磁碟" * draw.randrange(4)),
                "n": maybe(draw.randrange(-9, 9)),
                "ok": maybe(draw.random() < 0.5),
                "seen_at": maybe(draw.randrange(10**15)),
                "parts": maybe([maybe("x" * k) for k in range(draw.randrange(3))]),
                "rate": maybe(draw.random()),
            }
            for _ in range(rows)
        ],
        schema=SCHEMA,
    )


def written(parts: list[pa.Table]) -> tuple[bytes, str]:
    stream = io.BytesIO()
    writer = TableWriter(stream, SCHEMA)
    for part in parts:
        writer.write(part)
    writer.close()
    return stream.getvalue(), writer.digest.hexdigest()


@pytest.mark.parametrize("step", [1, 7, 100, 1000])
def test_batches_change_neither_bytes_nor_digest(step: int):
    """One reader yields 500 rows at a time, another 4 MiB; the file is the same."""
    whole = table(1000)
    parts = [whole.slice(start, step) for start in range(0, 1000, step)]
    assert written(parts) == written([whole])


def test_empty_batches_change_nothing():
    """A reader's last batch may be empty."""
    whole = table(10)
    assert written([SCHEMA.empty_table(), whole, SCHEMA.empty_table()]) == written([whole])


@pytest.mark.parametrize("column", SCHEMA.names)
@pytest.mark.parametrize("row", [0, 5, 9])
def test_a_null_in_place_of_a_value_changes_the_digest(column: str, row: int):
    """An empty text, zero and false differ from null."""
    rows = table(10, seed=3).to_pylist()
    zero = {"id": "", "n": 0, "ok": False, "seen_at": 0, "parts": [], "rate": 0.0}[column]
    variants = ([*rows[:row], {**rows[row], column: one}, *rows[row + 1 :]] for one in (None, zero))
    assert len({table_digest(pa.Table.from_pylist(rows, SCHEMA)) for rows in variants}) == 2


def test_the_digest_separates_neighbouring_texts():
    """`ab` and `c` are not `a` and `bc`."""
    schema = pa.schema([("id", pa.string())])
    assert table_digest(pa.table([["ab", "c"]], schema=schema)) != table_digest(
        pa.table([["a", "bc"]], schema=schema)
    )


def test_a_row_group_ends_at_eight_mebibytes_of_text():
    """This limits a reader's memory; the sizes of the rows decide."""
    big = pa.Table.from_pylist([{"id": "x" * 2**20}] * 20, schema=SCHEMA)
    metadata = pq.ParquetFile(io.BytesIO(encode_table(big))).metadata
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [8, 8, 4]
    assert GROUP_BYTES == 8 * 2**20


def test_the_digest_of_no_rows_is_the_digest_of_the_columns():
    """Writing nothing and writing an empty table give the same digest."""
    assert TableDigest(SCHEMA).hexdigest() == table_digest(SCHEMA.empty_table())
