"""What comes over the wire: a whole response within its limit, or why there is none."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from replay_assets.inference.call.completion import AttemptOutcome

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Counted on the wire and again after decompression."""
PIECE_BYTES = 4096
GZIP_OR_ZLIB, RAW_DEFLATE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS
"""What zlib is told to expect: either header, or none."""
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole response. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ttft_ms: float | None


class WireError(Exception):
    """No whole response. `possibly_paid`: the request may have reached the model."""

    def __init__(self, outcome: AttemptOutcome, message: str, *, possibly_paid: bool) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.possibly_paid = possibly_paid


def decompressed(body: bytes, encoding: str) -> bytes:
    """Return a body decompressed, never more than the limit of it.

    Raises:
        WireError: it is larger, breaks off, or is not what its encoding says.
    """
    if encoding in ("identity", ""):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        message = "a content encoding that was not asked for"
        raise WireError("not_protocol", message, possibly_paid=True)
    try:
        try:
            return _inflated(body, GZIP_OR_ZLIB)
        except zlib.error:
            if encoding != "deflate":
                raise
            return _inflated(body, RAW_DEFLATE)  # without zlib's header, as browsers accept it
    except zlib.error as error:
        raise WireError(
            "not_protocol", "a body that is not what it says", possibly_paid=True
        ) from error


def _inflated(body: bytes, wbits: int) -> bytes:
    """Return a body inflated, all members of it where it is gzip.

    In pieces: zlib copies what stands behind a member, and there may be 400,000 of 20 bytes.

    Raises:
        zlib.error: it is not in the form that `wbits` tells.
        WireError: it is larger than the limit, or breaks off.
    """
    whole = bytearray()
    position = 0
    decoder = zlib.decompressobj(wbits)
    while position < len(body):
        piece = body[position : position + PIECE_BYTES]
        whole += decoder.decompress(piece, MAX_BODY_BYTES + 1 - len(whole))
        within_limit(len(whole))
        position += len(piece) - len(decoder.unused_data)
        if decoder.eof:
            if not body.startswith(GZIP_MAGIC, position):
                break  # the end, or padding behind it
            decoder = zlib.decompressobj(wbits)
    if not decoder.eof:
        raise WireError("truncated", "a compressed body without its end", possibly_paid=True)
    return bytes(whole)


def within_limit(size: int) -> None:
    """Let a body of so many bytes pass.

    Raises:
        WireError: it is larger than the limit.
    """
    if size > MAX_BODY_BYTES:
        raise WireError(
            "too_large", f"a body of more than {MAX_BODY_BYTES:,} bytes", possibly_paid=True
        )
