"""Digests of content: what a partition says, less when it was said and how fast.

Two runs over the same inputs with the same code have equal digests; a rendering (HTML, Markdown)
says nothing that its JSON does not, so it is left out.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from replay_assets.contracts.timing import without_timing
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.formats import decode_jsonl


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return a value as JSON bytes with sorted keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of a JSON value, its timing fields left out."""
    return hashlib.sha256(canonical(without_timing(value))).hexdigest()


@lru_cache(maxsize=8)
def vocabulary_digest(vocabulary: Vocabulary) -> str:
    """Return the digest by which packs, results and scores name the vocabulary they were made with.

    Kept, because every request of a pack names it.
    """
    return digest_of(vocabulary.as_json())


def content_digest(tables: Mapping[str, str], files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of a partition: its tables by their own digests, its files by content."""
    return digest_of(
        {
            "tables": dict(tables),
            "files": {
                name: digest_of(_parsed(name, content))
                for name, content in files.items()
                if name.endswith((".json", ".jsonl"))
            },
        }
    )


def _parsed(name: str, content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    return decode_jsonl(content, name) if name.endswith(".jsonl") else json.loads(content)
