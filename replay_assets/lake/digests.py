"""Digests of content: what a partition says, less when it was said and how fast.

Two runs over the same inputs with the same code have equal digests; a rendering (HTML, Markdown)
says nothing that its JSON does not, so it is left out.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa

from replay_assets.contracts.timing import TIMING_FIELDS, without_timing
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.formats import decode_jsonl


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return a value as JSON bytes with sorted keys; instants in ISO form."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_instant
    ).encode()


def digest_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of a JSON value, its timing fields left out."""
    return hashlib.sha256(canonical(without_timing(value))).hexdigest()


@lru_cache(maxsize=8)
def vocabulary_digest(vocabulary: Vocabulary) -> str:
    """Return the digest by which packs, results and scores name the vocabulary they were made with.

    Kept, because every request of a pack names it.
    """
    return digest_of(vocabulary.as_json())


def content_digest(tables: Mapping[str, pa.Table], files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of a partition's tables and files, by name."""
    return digest_of(
        {
            "tables": {name: table_digest(table) for name, table in tables.items()},
            "files": {
                name: digest_of(_parsed(name, content))
                for name, content in files.items()
                if name.endswith((".json", ".jsonl"))
            },
        }
    )


def table_digest(table: pa.Table) -> str:
    """Return the SHA-256 of a table's rows, in order, and of its column names and types."""
    kept = table.select([name for name in table.column_names if name not in TIMING_FIELDS])
    columns = [[field.name, str(field.type)] for field in kept.schema]
    return digest_of([columns, kept.to_pylist()])


def _parsed(name: str, content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    return decode_jsonl(content, name) if name.endswith(".jsonl") else json.loads(content)


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"not JSON: {value!r}")
