"""Writing JSONL: each record is encoded once, and counted and hashed at the same time.

One record per line: UTF-8, keys in their given order, a line feed at the end. Characters that some
readers treat as the end of a line are escaped.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from replay_assets.contracts.timing import NOT_PLAIN
from replay_assets.lake.digests import ListDigest
from replay_assets.lake.files import HashedFile
from replay_assets.lake.formats import decode_line, json_line

BUFFER_BYTES = 1 << 16
"""Lines are written in pieces of this size: one call per line costs more than encoding it."""
SMALLEST, LARGEST = 1e-4, 1e16
"""Floats between these are written the same by msgspec and by the standard library."""
ALWAYS_PLAIN = frozenset({int, bool, type(None)})

_ENCODER = msgspec.json.Encoder()


class JsonlWriter:
    """Writes records to a JSONL file.

    Args:
        stream: the file to write to.
        name: of the file, for messages.
    """

    def __init__(self, stream: HashedFile, name: str) -> None:
        self.records = 0
        self._stream = stream
        self._name = name
        self._buffer = bytearray()
        self._digest = ListDigest()

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record.

        Raises:
            ValueError: it contains NaN, an infinity or half of a surrogate pair.
        """
        if is_plain(record):
            # Not encoded into the buffer: a rejected record would leave a part of it there.
            self._buffer += _ENCODER.encode(record)
            self._digest.add_plain(record)
        else:
            self._buffer += json_line(record).encode()
            self._digest.add(record)
        self._end_line()

    def write_line(self, line: bytes) -> dict[str, Any]:
        """Write a line that is already encoded, with or without its line feed; return its record.

        Raises:
            ContractError: it is not a JSON object; the message names the line.
        """
        record = decode_line(line, self._name, self.records + 1)
        self._buffer += line.rstrip(b"\n")
        self._digest.add(record)
        self._end_line()
        return record

    def flush(self) -> None:
        """Write the lines that are still in memory."""
        if self._buffer:
            self._stream.write(self._buffer)
            self._buffer = bytearray()

    @property
    def size_bytes(self) -> int:
        """Size in bytes of the lines so far."""
        return self._stream.size_bytes + len(self._buffer)

    def sha256(self) -> str:
        """Return the hexadecimal SHA-256 of the lines so far."""
        self.flush()
        return self._stream.sha256()

    def close(self) -> str:
        """Write the rest; return the digest of all records without their timing fields."""
        self.flush()
        return self._digest.end()

    def _end_line(self) -> None:
        self.records += 1
        self._buffer += b"\n"
        if len(self._buffer) >= BUFFER_BYTES:
            self.flush()


def encode_line(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return a JSON value as one line, without the line feed.

    Raises:
        ValueError: it contains NaN, an infinity or half of a surrogate pair.
    """
    return _ENCODER.encode(value) if is_plain([value]) else json_line(value).encode()


def is_plain(value: Any) -> bool:  # noqa: ANN401 - any JSON value that holds others
    """Return whether msgspec encodes a value as the standard library does, without timing fields.

    False if a float is very small, very large or not finite, if a character must be escaped for
    other readers, or if there is a timing field. Such records are rare and take the slower path.
    This runs for every row, so it avoids function calls where it can.
    """
    items = value
    if type(value) is dict:
        if not NOT_PLAIN.isdisjoint(value) or not _are_plain_names(value):
            return False
        items = value.values()
    for item in items:
        kind = type(item)
        if kind is str:
            if not item.isascii() and _breaks_lines(item):
                return False
        elif kind not in ALWAYS_PLAIN and not _is_plain_item(item):
            return False
    return True


def _is_plain_item(item: Any) -> bool:  # noqa: ANN401 - any JSON value but a text
    if type(item) is float:
        return item == 0 or SMALLEST <= abs(item) < LARGEST
    return type(item) in (dict, list, tuple) and is_plain(item)


def _are_plain_names(names: dict[Any, Any]) -> bool:
    try:
        text = "".join(names)
    except TypeError:  # a key that is not a string
        return False
    return text.isascii() or not _breaks_lines(text)


def _breaks_lines(text: str) -> bool:
    """Return whether a text contains a character that some readers treat as the end of a line."""
    return "\u2028" in text or "\u2029" in text or "\x85" in text
