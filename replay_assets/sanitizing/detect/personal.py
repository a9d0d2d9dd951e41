"""Personal data: one search for every possible beginning, then a check of each hit."""

import re
from collections.abc import Callable, Sequence

from replay_assets.sanitizing.detect.addresses import dashed_ip, email, ipv4, ipv6
from replay_assets.sanitizing.detect.combined_search import AnchoredFinder
from replay_assets.sanitizing.detect.identities import card, iban, person_id, ssn
from replay_assets.sanitizing.detect.matching import EngineName
from replay_assets.sanitizing.detect.phones import WORDS, phone, phone_after_word
from replay_assets.sanitizing.detect.spans import Span

Verifiers = tuple[Callable[[bytes, int], Span | None], ...]
_QUAD, _HEX = "[0-9]{1,3}", "[0-9A-Fa-f]{1,4}"
ANCHORS = "|".join(
    (
        r"@[A-Za-z0-9\x80-\xff]|%40[A-Za-z0-9%]|\\u0040[A-Za-z]|＠[A-Za-z0-9\x80-\xff]",
        rf"{_QUAD}\.{_QUAD}\.{_QUAD}\.{_QUAD}",
        rf"{_QUAD}(?:\[\.\]|%2[Ee]){_QUAD}(?:\[\.\]|%2[Ee])[0-9]",
        rf"(?:ip|ec2|host)-{_QUAD}-{_QUAD}-[0-9]|{_QUAD}-{_QUAD}-{_QUAD}-{_QUAD}\.",
        # Two colons in a row, or four with digits between: a looser pattern hits every hh:mm:ss.
        rf"(?:{_HEX})?::[0-9A-Fa-f]|{_HEX}::|{_HEX}:{_HEX}:{_HEX}:{_HEX}:[0-9A-Fa-f]",
        r"[0-9]{13}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4}",
        r"[A-Z][1289A-D][0-9]{8}|[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}[ -]?[A-Z0-9]{4}",
        r"\b[0-9]{3}[-. ][0-9]{2}[-. ][0-9]{4}",
        r"\+ ?\(?[1-9][0-9]{0,3}\)?[-. (]{0,2}[0-9]|\(0?[0-9]{1,4}\) ?[0-9]{3}",
        r"\b0[0-9]{1,3}-(?:[0-9]{2,4}-[0-9]{3}|[0-9]{6})",
        r"\b0[0-9]{1,4} [0-9]{2,4}[ -][0-9]{2}|\b09[0-9]{8}",
        r"[2-9][0-9]{2}[-.][2-9][0-9]{2}[-. ][0-9]{4}|[2-9][0-9]{2} [2-9][0-9]{2}[- ][0-9]{4}",
        WORDS,
    )
).encode()


_DIGIT_RUN = re.compile(rb"[0-9]+")


class PersonalFinder(AnchoredFinder):
    """Finds personal data and addresses, with one search for all of them."""

    def __init__(self, engine: EngineName, *, strict_only: bool = False) -> None:
        super().__init__(ANCHORS, engine)
        self._strict_only = strict_only

    def _check(self, data: bytes, start: int, end: int) -> tuple[Sequence[Span], int]:
        verifiers = _BY_HEAD[data[start]]
        if verifiers is _OF_DIGITS:
            verifiers = _of_digits(data[start:end])
            # No other rule accepts four numbers up to 255 with dots between them.
            quad = verifiers[0] is ipv4 and not self._strict_only
            if quad and (address := ipv4(data, start)):
                return (address,), address.end
        spans = [span for verify in verifiers if (span := verify(data, start))]
        if self._strict_only:  # as in `contexts`
            spans = [span for span in spans if span.strict]
        if spans:
            best = max(spans, key=lambda span: span.end - span.start)
            return (best,), max(best.end, start + 1)
        # No rule accepts a match that begins inside a run of digits: skip the run.
        digits = _DIGIT_RUN.match(data, start)
        return (), digits.end() if digits else start + 1


_OF_DIGITS: Verifiers = (ipv4, dashed_ip, ipv6, card, ssn, phone)


def _of_digits(anchor: bytes) -> Verifiers:
    """Return the verifiers for a run of digits, chosen by the separator between them."""
    if b":" in anchor:
        return (ipv6,)
    if b"." in anchor or b"%" in anchor:
        return (ipv4, ssn, phone, dashed_ip)
    return (card, ssn, phone, dashed_ip)


def _heads() -> dict[int, Verifiers]:
    table: dict[int, Verifiers] = dict.fromkeys(range(256), (phone_after_word,))
    for byte in b"@%\\\xef":
        table[byte] = (email,)
    for byte in b"+(":
        table[byte] = (phone,)
    for byte in b"0123456789":
        table[byte] = _OF_DIGITS
    for byte in b"ABCDEFabcdef":
        table[byte] = (ipv6, *table[byte])
    table[ord(":")] = (ipv6,)
    for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        table[byte] = (*table[byte], person_id, iban)
    for byte in b"ihe":
        table[byte] = (*table[byte], dashed_ip)
    return table


_BY_HEAD = _heads()
