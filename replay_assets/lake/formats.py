"""Encoding and decoding: Parquet for tables, JSONL for records, JSON for single documents."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from replay_assets.contracts.record import Record
from replay_assets.errors import ContractError

BATCH_ROWS = 1_000
LINE_BREAKS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that some JSONL readers treat as the end of a line; they are always escaped."""


def decode_table(content: bytes) -> pa.Table:
    """Return the table of a Parquet file after verifying its checksums."""
    return pq.read_table(pa.BufferReader(content), page_checksum_verification=True)


def tables_of(path: Path) -> Iterator[pa.Table]:
    """Yield the row groups of a local Parquet file."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)


def arrow_table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return rows as a table with exactly this schema; columns missing in a row become null."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def arrow_tables(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield rows as tables of at most `BATCH_ROWS` rows, to limit the memory in use."""
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH_ROWS)):
        yield arrow_table(batch, schema)


def json_line(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a JSON value as one line, with its keys in their given order."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escape in LINE_BREAKS.items():
        line = line.replace(character, escape)
    return line


def record_line(record: Record) -> bytes:
    """Return a record as one line, the same as `json_line(record.as_json())`, with a line feed.

    Raises:
        ValueError: it contains NaN or an infinity, which JSON does not have.
    """
    line = record.model_dump_json()
    if not line.isascii():
        for character, escape in LINE_BREAKS.items():
            line = line.replace(character, escape)
    if "NaN" in line or "Infinity" in line:  # a number or part of a text: `json_line` decides
        line = json_line(record.as_json())
    return line.encode() + b"\n"


def decode_jsonl(content: bytes, name: str) -> list[dict[str, Any]]:
    """Return the records of a JSONL file.

    Raises:
        ContractError: a line is not a JSON object; the message names the line.
    """
    return list(decode_lines(content.split(b"\n"), name))


def decode_lines(lines: Iterable[bytes], name: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file's lines.

    Raises:
        ContractError: a line is not a JSON object; the message names the line.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield decode_line(line, name, number)


def decode_line(line: bytes, name: str, number: int) -> dict[str, Any]:
    """Return the record of one line of a JSONL file.

    Raises:
        ContractError: it is not a JSON object; the message names the line.
    """
    try:
        record = json.loads(line.decode())
    except ValueError as error:
        raise ContractError(f"{name}, line {number}: not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ContractError(f"{name}, line {number}: expected an object, found {record!r:.60}")
    return record


def encode_json(document: Mapping[str, Any]) -> bytes:
    """Return a JSON document for people to read: indented, one final newline."""
    return (json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def decode_json(content: bytes, name: str) -> dict[str, Any]:
    """Return a JSON document.

    Raises:
        ContractError: it is not a JSON object.
    """
    try:
        document = json.loads(content.decode())
    except ValueError as error:
        raise ContractError(f"{name}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ContractError(f"{name}: expected an object, found {document!r:.60}")
    return document
