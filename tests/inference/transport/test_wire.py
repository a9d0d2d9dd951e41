"""Compressed responses are read completely, and never beyond the limit."""

import gzip
import zlib

import pytest

from replay_assets.inference.transport import wire
from replay_assets.inference.transport.wire import WireError, as_utf8, decompressed

TEXT = b'{"choices": []}' * 1000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT[:7]) + gzip.compress(b"") + gzip.compress(TEXT[7:])),
        ("gzip", gzip.compress(TEXT) + b"\x00" * 512),
        ("deflate", zlib.compress(TEXT)[2:-4]),
        ("gzip, identity", gzip.compress(TEXT)),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
        ("gzip", TEXT),
        ("utf-8", TEXT),
    ],
    ids=[
        *("gzip_members", "gzip_padded", "raw_deflate", "list", "twice"),
        *("decompressed", "encoding_of_text"),
    ],
)
def test_a_body_is_read_as_browsers_read_it(encoding: str, body: bytes) -> None:
    """Gateways compress piece by piece, pad what they send, or omit zlib's header."""
    assert decompressed(body, encoding) == TEXT


@pytest.mark.parametrize("body", [b"", (gzip.compress(b"x") * 2)[:-6]], ids=["empty", "member_cut"])
def test_half_a_body_is_distinguished_from_a_complete_one(body: bytes) -> None:
    """Half an answer must not be graded."""
    with pytest.raises(WireError) as caught:
        decompressed(body, "gzip")
    assert caught.value.outcome == "truncated"


@pytest.mark.parametrize(
    ("encoding", "problem"),
    [("br", "content encoding 'br', which was not"), ("gzip", "not in its declared encoding")],
)
def test_a_body_that_cannot_be_decompressed_is_not_read(encoding: str, problem: str) -> None:
    """Neither JSON nor a stream begins like this."""
    with pytest.raises(WireError, match=problem) as caught:
        decompressed(b"\x8b\x01\x80\xff", encoding)
    assert caught.value.outcome == "not_protocol"


def test_members_that_are_too_large_together_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alone is within the limit."""
    monkeypatch.setattr(wire, "MAX_BODY_BYTES", 10_000)
    with pytest.raises(WireError, match="more than 10,000 bytes"):
        decompressed(gzip.compress(b"x" * 6_000) * 2, "gzip")


@pytest.mark.parametrize(
    ("text", "sent_as", "declared"),
    [
        ("重启", "gbk", "application/json; charset=GBK"),
        ("Redémarrer", "latin-1", "text/plain;charset='iso-8859-1'"),
        ("{}", "utf-16", 'application/json; charset="utf-16"'),
        ("{}", "utf-16-le", "application/json; charset=utf-16le"),
        ("重启", "utf-8", "application/json; charset=ISO-8859-1"),
        ("重启", "utf-8", "application/json; charset=unknown"),
        ("重启", "utf-8", "application/json"),
    ],
)
def test_a_body_in_another_encoding_is_read(text: str, sent_as: str, declared: str) -> None:
    """A declared encoding counts for a body that is not in UTF-8."""
    assert as_utf8(text.encode(sent_as), declared) == text.encode()


@pytest.mark.parametrize("declared", ["gbk", "punycode"])
def test_a_body_in_no_encoding_stays_as_it_is(declared: str) -> None:
    """What reads it says that it is not JSON."""
    assert as_utf8(b"\xff\xfe\xff", f"text/plain; charset={declared}") == b"\xff\xfe\xff"
