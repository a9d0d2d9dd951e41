"""Digests of content: what a partition says, less when it was said and how fast.

Two runs over the same inputs with the same code have equal digests; a rendering (HTML, Markdown)
says nothing that its JSON does not, so it is left out.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from replay_assets.contracts.timing import without_timing
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.files import Content, lines_of, parts_of
from replay_assets.lake.formats import decode_lines


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return a value as JSON bytes with sorted keys."""
    return msgspec.json.encode(value, order="sorted")


def digest_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of a JSON value, its timing fields left out."""
    return hashlib.sha256(canonical(without_timing(value))).hexdigest()


class ListDigest:
    """The digest of a list, as `digest_of` gives it, from items that need not be in memory."""

    def __init__(self, sha256: "hashlib._Hash | None" = None) -> None:
        self._sha256 = sha256 or hashlib.sha256()
        self._sha256.update(b"[")
        self._separator = b""

    def add(self, item: Any) -> None:  # noqa: ANN401 - any JSON value
        """Take up the next item."""
        self._sha256.update(self._separator + canonical(without_timing(item)))
        self._separator = b","

    def end(self) -> str:
        """Close the list and return the digest of what was taken up."""
        self._sha256.update(b"]")
        return self._sha256.hexdigest()


@lru_cache(maxsize=8)
def vocabulary_digest(vocabulary: Vocabulary) -> str:
    """Return the digest by which packs, results and scores name the vocabulary they were made with.

    Kept, because every request of a pack names it.
    """
    return digest_of(vocabulary.as_json())


def content_digest(tables: Mapping[str, str], files: Mapping[str, Content]) -> str:
    """Return the SHA-256 of a partition: its tables by their own digests, its files by content."""
    return digest_of(
        {
            "tables": dict(tables),
            "files": {
                name: _file_digest(name, content)
                for name, content in files.items()
                if name.endswith((".json", ".jsonl"))
            },
        }
    )


def _file_digest(name: str, content: Content) -> str:
    if not name.endswith(".jsonl"):
        return digest_of(json.loads(b"".join(parts_of(content))))
    records = ListDigest()
    for record in decode_lines(lines_of(content), name):
        records.add(record)
    return records.end()
