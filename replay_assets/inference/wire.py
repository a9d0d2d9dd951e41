"""What comes over the wire: a whole response within its limit, or why there is none."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from replay_assets.inference.completion import AttemptOutcome

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Counted on the wire and again after decompression."""


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
    decoder = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, told by the header
    try:
        whole = decoder.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise WireError(
            "not_protocol", "a body that is not what it says", possibly_paid=True
        ) from error
    within_limit(len(whole))
    if not decoder.eof:
        raise WireError("truncated", "a compressed body without its end", possibly_paid=True)
    return whole


def within_limit(size: int) -> None:
    """Let a body of so many bytes pass.

    Raises:
        WireError: it is larger than the limit.
    """
    if size > MAX_BODY_BYTES:
        raise WireError(
            "too_large", f"a body of more than {MAX_BODY_BYTES:,} bytes", possibly_paid=True
        )
