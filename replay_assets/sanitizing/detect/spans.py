"""A range of text to be masked, and how overlapping ranges are merged."""

from collections.abc import Iterable
from typing import NamedTuple

ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset(b"0123456789")
SECRET = "CRED"  # noqa: S105 - a category; "SECRET" would look like a rest of AGE-SECRET-KEY-1…


def digits_of(text: bytes) -> str:
    """Return the digits of a text, without anything between them."""
    return bytes(byte for byte in text if byte in DIGITS).decode()


class Span(NamedTuple):
    """Byte offsets of a value, and what it is; `canonical` if its spelling varies."""

    start: int
    end: int
    category: str
    rule_id: str
    strict: bool = False
    canonical: str | None = None


def merged(spans: Iterable[Span], data: bytes) -> list[Span]:
    """Return spans in order and without overlap; of two that overlap, the first given wins.

    Secrets that overlap become one span: half of a value must not stay because another rule found
    the other half. If personal data overlaps a secret, the secret wins.
    """
    kept: list[Span] = []
    ranked = sorted(enumerate(spans), key=lambda pair: (pair[1].start, pair[0]))
    rank_of: list[int] = []
    for rank, span in ranked:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
            rank_of.append(rank)
            continue
        last = kept[-1]
        winner, winner_rank = (last, rank_of[-1]) if rank_of[-1] <= rank else (span, rank)
        if span.category == last.category == SECRET:
            end = max(last.end, span.end)
            joined = (
                winner
                if winner[:2] == (last.start, end)
                else winner._replace(start=last.start, end=end, canonical=None)
            )
            kept[-1], rank_of[-1] = joined, winner_rank
        elif winner is span and span.category == SECRET:
            if span.start > last.start:
                kept[-1] = last._replace(end=span.start, canonical=None)
                kept.append(span)
                rank_of.append(rank)
            else:
                kept[-1], rank_of[-1] = span, rank
        elif span.end > last.end and span.category == SECRET:
            kept.append(span._replace(start=last.end, canonical=None))
            rank_of.append(rank)
    return [_whole_characters(span, data) for span in kept]


def _whole_characters(span: Span, data: bytes) -> Span:
    """Extend a span so that it does not begin or end inside a UTF-8 character."""
    start, end = span.start, span.end
    while start > 0 and data[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return span if (start, end) == span[:2] else span._replace(start=start, end=end, canonical=None)
