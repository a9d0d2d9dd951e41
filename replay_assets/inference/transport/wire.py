"""What the HTTP client returns: a complete response within its limits, or why there is none."""

import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from replay_assets.inference.call import AttemptOutcome

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Checked for the bytes received and again after decompression."""
PIECE_BYTES = 4096
GZIP_OR_ZLIB, RAW_DEFLATE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS
"""Which header zlib expects: gzip's or zlib's, or none."""
CHARSET = re.compile(
    r"""charset\s*=\s*["']?((?:utf|ucs|iso|latin|windows|cp|gb|big5|euc|shift|koi)[\w.:-]*)""",
    re.IGNORECASE,
)
"""Encodings of text. Python has others, which take minutes for a large body."""
GZIP_MAGIC = b"\x1f\x8b"
NOT_COMPRESSED = (b"{", b"[", b"data:", b"event:", b":")
"""How JSON and event streams begin."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ttft_ms: float | None


class WireError(Exception):
    """No complete response. `possibly_paid`: the request may have reached the model."""

    def __init__(self, outcome: AttemptOutcome, message: str, *, possibly_paid: bool) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.possibly_paid = possibly_paid


def decompressed(body: bytes, encoding: str) -> bytes:
    """Return a decompressed body, never more than the size limit.

    JSON and event streams are not compressed, whatever the header says: some proxies decompress a
    body and leave the header, and some servers write the encoding of the text into it.

    Raises:
        WireError: the body is too large, incomplete, or not in its declared encoding.
    """
    if encoding in ("identity", ""):
        return body
    for name in reversed([one.strip() for one in encoding.split(",")]):
        if name not in ("identity", ""):
            body = _decoded(body, name)
    return body


def _decoded(body: bytes, name: str) -> bytes:
    """Return a body without one of its content encodings.

    Raises:
        WireError: as in `decompressed`.
    """
    try:
        if name in ("gzip", "x-gzip", "deflate"):
            return _inflated(body, GZIP_OR_ZLIB)
        problem = f"a body in the content encoding {name[:20]!r}, which was not requested"
    except zlib.error:
        problem = "a body that is not in its declared encoding"
        if name == "deflate":
            with suppress(zlib.error):  # without zlib's header, which browsers accept too
                return _inflated(body, RAW_DEFLATE)
    if body.lstrip().startswith(NOT_COMPRESSED):
        with suppress(UnicodeDecodeError):  # not text: the body is encoded after all
            body.decode()
            return body
    raise WireError("not_protocol", problem, possibly_paid=True)


def _inflated(body: bytes, wbits: int) -> bytes:
    """Return an inflated body, with all of its members if it is gzip.

    Read in pieces: zlib copies what follows a member, and there may be 400,000 members of 20 bytes.

    Raises:
        zlib.error: the body is not in the form that `wbits` expects.
        WireError: the body is larger than the limit, or incomplete.
    """
    inflated = bytearray()
    position = 0
    decoder = zlib.decompressobj(wbits)
    while position < len(body):
        piece = body[position : position + PIECE_BYTES]
        # One byte more than the limit, so that a larger body is noticed.
        inflated += decoder.decompress(piece, MAX_BODY_BYTES + 1 - len(inflated))
        within_limit(len(inflated))
        position += len(piece) - len(decoder.unused_data)
        if decoder.eof:
            if not body.startswith(GZIP_MAGIC, position):
                break  # the end, or padding after it
            decoder = zlib.decompressobj(wbits)
    if not decoder.eof:
        raise WireError("truncated", "an incomplete compressed body", possibly_paid=True)
    return bytes(inflated)


def as_utf8(body: bytes, content_type: str) -> bytes:
    """Return a body in UTF-8, which JSON and event streams must be in, but some servers are not.

    Some declare another encoding and send UTF-8 all the same, so that is tried first.
    """
    declared = CHARSET.search(content_type)
    if declared is None or declared[1].lower() in ("utf-8", "utf8"):
        return body
    try:
        if b"\0" not in body[:4]:  # UTF-16 and UTF-32 of ASCII would pass too
            body.decode()
            return body
    except UnicodeDecodeError:  # not UTF-8: the declared encoding is tried next
        pass
    try:
        return body.decode(declared[1]).encode("utf-8", "replace")
    except (LookupError, ValueError):
        return body


def within_limit(size: int) -> None:
    """Check the size of a body.

    Raises:
        WireError: the body is larger than the limit.
    """
    if size > MAX_BODY_BYTES:
        raise WireError(
            "too_large", f"a body of more than {MAX_BODY_BYTES:,} bytes", possibly_paid=True
        )
