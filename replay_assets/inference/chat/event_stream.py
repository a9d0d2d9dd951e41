"""Reads a stream of server-sent events by WHATWG's rules, and joins its chunks to a completion.

Whether a body is a stream is decided by its first character, because gateways send JSON under the
content type of a stream, and streams under any content type.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from replay_assets.inference.chat.error_text import says_error
from replay_assets.inference.chat.json_values import decoded
from replay_assets.inference.chat.message_parts import CONTENT_FIELDS
from replay_assets.inference.chat.tool_calls import CALL_FIELDS, CallPieces
from replay_assets.inference.chat.usage import merged, reported_usage

BOM = b"\xef\xbb\xbf"
DONE = re.compile(rb'"?\[?DONE\]?"?')
KEEP_ALIVE = re.compile(rb"(?:ping|keep[- ]?alive|heartbeat)?", re.IGNORECASE)
"""Data that some gateways send while the model works, although a comment is meant for that."""
_END: Any = object()
SAYS_ERROR = frozenset({"error", "errors", "message", "detail", "code"})


def without_bom(body: bytes) -> bytes:
    """Return a body without the mark of its encoding and blanks in front of it."""
    return body.removeprefix(BOM).lstrip()


def is_stream(body: bytes) -> bool:
    """Return whether a body, without blanks in front of it, is not a JSON value."""
    return not body.startswith((b"{", b"["))


def events(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the data of each event that has data.

    Names are empty except for named events. An event that is not followed by a blank line is
    incomplete by the rules; it is yielded if it is JSON or the end mark, because some servers
    leave the line out.
    """
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    name: bytes = b""
    data: list[bytes] = []
    for line in body.split(b"\n"):
        if line.startswith(b"data:"):
            data.append(line[5:])
        elif line.startswith(b"event:"):
            name = line[6:].strip()
        elif not line:
            if data:
                yield name, b"\n".join(data)
            name, data = b"", []
        elif data and line.lstrip().startswith(b"{"):  # some servers break the line after `data:`
            data.append(line)
    last = b"\n".join(data)
    if last and _is_whole(last):
        yield name, last


def joined(body: bytes) -> dict[str, Any]:
    """Return the chunks of a stream joined to one completion.

    Raises:
        ValueError: the stream is incomplete: it has no finish reason and no end mark.
        LookupError: it has an event that is not a chunk, like an error sent within a stream.
    """
    stream = _Stream()
    for name, data in events(body):
        stream.add(name, data.strip())
    return stream.completion()


def joined_lines(body: bytes) -> dict[str, Any]:
    """Return the chunks in the lines of a body joined to one completion.

    Raises:
        ValueError, LookupError: as in `joined`.
    """
    stream = _Stream()
    for line in body.splitlines():
        stream.add(b"", line.strip())
    return stream.completion()


class _Stream:
    """What the chunks so far contain."""

    def __init__(self) -> None:
        self._fields: dict[str, list[Any]] = {}
        self._calls = CallPieces()
        self._message: Mapping[str, Any] | None = None
        self._ended: Mapping[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._is_done = False

    def add(self, name: bytes, data: bytes) -> None:
        """Add the next event."""
        for value in _values(data):
            if value is _END:
                self._is_done = True
            elif _is_chunk(value, name):
                self._add_chunk(value)

    def _add_chunk(self, chunk: dict[str, Any]) -> None:
        choices = chunk.get("choices") or ()
        if chunk.get("usage") or "x_groq" in chunk or (choices and "usage" in choices[0]):
            merged(self._usage, reported_usage(chunk))
        for choice in choices:
            if "error" in choice and says_error(choice):
                raise LookupError("an error in a chunk")
            reason = choice.get("finish_reason")
            if reason and reason != "null":  # DashScope writes the word until the last chunk
                self._ended = choice
            delta = choice.get("delta")
            if delta is None:  # a gateway that sends the complete answer as one chunk
                self._message = choice.get("message") or self._message
                continue
            for name in delta:
                if name in CONTENT_FIELDS and (part := delta[name]):
                    self._fields.setdefault(name, []).append(part)
                elif name in CALL_FIELDS:
                    self._calls.add(name, delta[name])

    def completion(self) -> dict[str, Any]:
        """Return the completion.

        Raises:
            ValueError: the stream is incomplete.
        """
        if not self._is_done and not self._ended:
            raise ValueError("an incomplete stream")
        message = {name: _joined_parts(parts) for name, parts in self._fields.items()}
        message |= self._calls.message()
        ended = {name: self._ended.get(name) for name in ("finish_reason", "native_finish_reason")}
        choice = {"message": message or self._message or {}, **ended}
        return {"choices": [choice], "usage": self._usage}


def _values(data: bytes) -> list[Any]:
    """Return the JSON value of an event, or the values of its lines; the end mark is `_END`.

    Some servers write no blank line between events, which makes one event of them.

    Raises:
        ValueError: the data is not JSON.
    """
    if data[:1] != b"{":
        if DONE.fullmatch(data):
            return [_END]
        if KEEP_ALIVE.fullmatch(data):
            return []
    try:
        return [decoded(data)]
    except UnicodeDecodeError:  # a character's bytes may be split between two pieces
        return [decoded(data.decode("utf-8", "surrogateescape"))]
    except ValueError:
        lines = data.split(b"\n")
        if len(lines) == 1:
            raise
    return [value for line in lines for value in _values(line.strip())]


def _is_chunk(value: Any, name: bytes) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether the value of an event is a chunk; others are signs of life.

    Raises:
        LookupError: it is an error, or no JSON object.
    """
    if value is None:
        return False
    if not isinstance(value, dict) or value.get("error") or name == b"error":
        raise LookupError("an event that is not a chunk")
    if value.get("choices") is not None or value.get("usage"):
        return True
    if not name and not SAYS_ERROR.isdisjoint(value):
        raise LookupError("an event that is not a chunk")
    return False


def _joined_parts(parts: list[Any]) -> Any:  # noqa: ANN401 - any JSON value
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return [one for part in parts for one in (part if isinstance(part, list) else [part])]


def _is_whole(data: bytes) -> bool:
    try:
        _values(data.strip())
    except (ValueError, RecursionError):
        return False
    return True
