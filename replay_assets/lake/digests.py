"""Digests of content: the SHA-256 of a partition's records, without their timing fields.

Two runs over the same inputs with the same code have equal digests. HTML and Markdown files are
left out: they show the content of a JSON file that is included.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from replay_assets.contracts.timing import without_timing
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.formats import decode_lines

PENDING_BYTES = 1 << 16
"""Items are hashed in pieces of this size: one call per item costs more than encoding it."""

_SORTED = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return a value as JSON bytes with sorted keys."""
    return _SORTED.encode(value)


def digest_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of a JSON value without its timing fields."""
    return hashlib.sha256(canonical(without_timing(value))).hexdigest()


class ListDigest:
    """Computes `digest_of` of a list item by item, so that the list need not fit in memory."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._pending = bytearray(b"[")
        self._is_empty = True

    def add(self, item: Any) -> None:  # noqa: ANN401 - any JSON value
        """Add the next item without its timing fields."""
        self.add_plain(without_timing(item))

    def add_plain(self, item: Any) -> None:  # noqa: ANN401 - any JSON value
        """Add the next item, which has no timing field."""
        if not self._is_empty:
            self._pending += b","
        self._is_empty = False
        _SORTED.encode_into(item, self._pending, -1)
        if len(self._pending) >= PENDING_BYTES:
            self._hash_pending()

    def end(self) -> str:
        """Close the list and return the digest of its items."""
        self._pending += b"]"
        self._hash_pending()
        return self._sha256.hexdigest()

    def _hash_pending(self) -> None:
        self._sha256.update(self._pending)
        self._pending = bytearray()


@lru_cache(maxsize=8)
def vocabulary_digest(vocabulary: Vocabulary) -> str:
    """Return the digest that packs, results and scores record for the vocabulary in use.

    It is cached, because it is needed for every request of a pack.
    """
    return digest_of(vocabulary.as_json())


def aliases_digest(vocabulary: Vocabulary) -> str | None:
    """Return the digest of a team's aliases for components, which scores record; None without any.

    Packs do not depend on them, so they are not part of `vocabulary_digest`.
    """
    aliases = [one.model_dump(mode="json") for one in vocabulary.component_aliases]
    return digest_of(aliases) if aliases else None


def content_digest(tables: Mapping[str, str], files: Mapping[str, str]) -> str:
    """Return the SHA-256 of a partition from the digests of its tables and files, by name."""
    return digest_of({"tables": dict(tables), "files": dict(files)})


def file_digest(name: str, content: bytes) -> str | None:
    """Return the digest of the content of a JSON or JSONL file; None for any other file."""
    if name.endswith(".jsonl"):
        records = ListDigest()
        for record in decode_lines(content.split(b"\n"), name):
            records.add(record)
        return records.end()
    return digest_of(json.loads(content)) if name.endswith(".json") else None
