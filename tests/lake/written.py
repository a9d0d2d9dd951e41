"""Whole tables and JSONL files written in one call, for tests that compare."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from replay_assets.lake.jsonl import encode_line
from replay_assets.lake.tables import TableDigest, TableWriter


def encode_table(table: pa.Table) -> bytes:
    """Return a table as the bytes of its Parquet file."""
    stream = io.BytesIO()
    writer = TableWriter(stream, table.schema)
    writer.write(table)
    writer.close()
    return stream.getvalue()


def table_digest(table: pa.Table) -> str:
    """Return the digest of a table's rows."""
    digest = TableDigest(table.schema)
    digest.update(table)
    return digest.hexdigest()


def encode_jsonl(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return records as the bytes of their JSONL file."""
    return b"".join(encode_line(record) + b"\n" for record in records)
