"""Writing a Parquet table batch by batch, in limited memory, and hashing it at the same time.

Row groups are split by the sizes of the rows, not by batches: the same rows give the same bytes
whatever the batch size of the reader was.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from replay_assets.contracts.timing import TIMING_FIELDS

# Limits the memory of readers, which decode a row group at a time.
GROUP_BYTES = 8 * 2**20
GROUP_ROWS = 50_000
"""A row group ends at the first of both limits. With 500 rows per group, files were 14 % larger."""


class TableWriter:
    """Writes a Parquet file with page checksums and zstd level 3 (higher levels gain little size).

    Args:
        stream: the file to write to; it is not closed.
        schema: the schema of every batch.
        dictionary: the columns to encode with a dictionary; True lets the library choose.
    """

    def __init__(
        self, stream: IO[bytes], schema: pa.Schema, *, dictionary: Sequence[str] | bool = True
    ) -> None:
        self.schema = schema
        self.digest = TableDigest(schema)
        self.rows = 0
        self._writer = pq.ParquetWriter(
            stream,
            schema,
            compression="zstd",
            compression_level=3,
            write_page_checksum=True,
            use_dictionary=dictionary if isinstance(dictionary, bool) else list(dictionary),
        )
        self._thread = ThreadPoolExecutor(1, "parquet")
        self._task: Future[None] | None = None
        self._pending: list[pa.Table] = []
        self._pending_bytes = 0
        self._pending_rows = 0

    def write(self, table: pa.Table) -> None:
        """Append rows; a thread hashes and encodes them while the caller reads the next ones.

        Raises:
            OSError: the previous rows could not be written.
        """
        self._wait()
        self.rows += table.num_rows
        self._task = self._thread.submit(self._append, table)

    def close(self) -> None:
        """Write the remaining rows and the footer, which has the schema also of an empty table."""
        self._wait()
        self._thread.shutdown()
        # Not a group without rows: some readers fail on one, also if other files have rows.
        if self._pending:
            self._end_group()
        self._writer.close()

    def abandon(self) -> None:
        """Stop using the stream, because its file will be removed; do nothing if closed."""
        self._thread.shutdown(cancel_futures=True)
        with suppress(OSError):  # a full disk, which may be why the file is discarded
            self._writer.close()

    def _wait(self) -> None:
        """Wait for the previous rows: at most one batch is processed at a time, to limit memory."""
        if self._task is not None:
            self._task.result()
            self._task = None

    def _append(self, table: pa.Table) -> None:
        self.digest.update(table)
        sizes = row_bytes(table)
        start = 0
        while start < table.num_rows:
            total = self._pending_bytes + np.cumsum(sizes[start:])
            length = min(
                int(np.searchsorted(total, GROUP_BYTES)) + 1,
                GROUP_ROWS - self._pending_rows,
                table.num_rows - start,
            )
            self._pending.append(table.slice(start, length))
            self._pending_bytes = int(total[length - 1])
            self._pending_rows += length
            start += length
            if self._pending_bytes >= GROUP_BYTES or self._pending_rows >= GROUP_ROWS:
                self._end_group()

    def _end_group(self) -> None:
        # Into one chunk, because the pages of the file must not depend on the batches either.
        group = pa.concat_tables(self._pending).combine_chunks()
        self._writer.write_table(group, row_group_size=group.num_rows)
        self._pending, self._pending_bytes, self._pending_rows = [], 0, 0


def row_bytes(table: pa.Table) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the size of each row in bytes: the length of each text, 8 for any other value."""
    sizes = np.full(table.num_rows, 8 * table.num_columns, dtype=np.int64)
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            sizes += pc.fill_null(pc.binary_length(column), 0).to_numpy()
    return sizes


class TableDigest:
    """The SHA-256 of a table's rows in order, column names and types, without timing columns.

    A column's nulls, lengths and values are hashed separately, so that the digest depends neither
    on the batches nor on the memory layout.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = {
            field.name: _ColumnDigest(field.type)
            for field in schema
            if field.name not in TIMING_FIELDS
        }

    def update(self, table: pa.Table) -> None:
        """Add rows."""
        for name, column in self._columns.items():
            for chunk in table.column(name).chunks:
                column.update(chunk)

    def hexdigest(self) -> str:
        """Return the digest of the rows so far."""
        whole = hashlib.sha256()
        for name, column in self._columns.items():
            whole.update(f"{name}\0{column.type}\0{column.hexdigest()}\n".encode())
        return whole.hexdigest()


class _ColumnDigest:
    def __init__(self, type_: pa.DataType) -> None:
        self.type = type_
        self._nulls, self._values, self._texts = (hashlib.sha256() for _ in range(3))
        nested = pa.types.is_list(type_) or pa.types.is_struct(type_)
        fields = [type_.field(index) for index in range(type_.num_fields)] if nested else []
        self._below = [_ColumnDigest(field.type) for field in fields]

    def update(self, array: pa.Array) -> None:
        if len(array) == 0:
            return
        # Nulls are filled below, so only this separates them from 0, false or an empty text.
        self._nulls.update(_plain(pc.is_null(array).cast(pa.uint8())))
        if pa.types.is_null(self.type):
            return
        if pa.types.is_list(self.type):
            self._values.update(_plain(pc.fill_null(pc.list_value_length(array), 0)))
            self._below[0].update(array.flatten())
        elif pa.types.is_struct(self.type):
            for digest, child in zip(self._below, array.flatten(), strict=True):
                digest.update(child)
        elif pa.types.is_string(self.type) or pa.types.is_binary(self.type):
            self._update_texts(array)
        elif pa.types.is_boolean(self.type):
            self._values.update(_plain(pc.fill_null(array, False).cast(pa.uint8())))
        else:
            zero = pa.scalar(0).cast(pa.int64()).cast(self.type)
            self._values.update(_plain(pc.fill_null(array, zero)))

    def _update_texts(self, array: pa.Array) -> None:
        filled = pc.fill_null(array, "" if pa.types.is_string(self.type) else b"")
        # Without the lengths, `ab` and `c` would have the digest of `a` and `bc`.
        self._values.update(_plain(pc.binary_length(filled)))
        _, offsets, data = filled.buffers()
        # A slice shares the buffers of its table, so only its own part of them is hashed.
        bounds = np.frombuffer(offsets, np.int32, len(filled) + 1, filled.offset * 4)
        if data is not None:  # None if every text is empty
            self._texts.update(memoryview(data)[bounds[0] : bounds[-1]])

    def hexdigest(self) -> str:
        hashes = [one.hexdigest() for one in (self._nulls, self._values, self._texts)]
        return " ".join([*hashes, *(below.hexdigest() for below in self._below)])


def _plain(array: pa.Array) -> memoryview:
    """Return the values of a fixed-width array without nulls, as bytes."""
    width = array.type.bit_width // 8
    start = array.offset * width
    return memoryview(array.buffers()[1])[start : start + len(array) * width]
