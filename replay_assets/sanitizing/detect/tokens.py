"""Tokens recognized by a literal part: one search for all literals, then a check of each hit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from replay_assets.sanitizing.detect.checks import CHECKS, is_mixed
from replay_assets.sanitizing.detect.combined_search import AnchoredFinder
from replay_assets.sanitizing.detect.matching import EngineName
from replay_assets.sanitizing.detect.spans import ALNUM, DIGITS, SECRET, Span

_LETTERS_AND_DIGITS = bytes(sorted(ALNUM))

LONGEST_BEFORE = 220
FEWEST_DIGITS_GLUED = 6
"""Digits needed after a weak prefix inside a word: generated tokens have more than names."""
_OPEN_END = re.compile(r"\[((?:\\.|[^\]])+)\]\{\d+,(\d+)\}(?:=?\{0,2\})?$")
_RUN = re.compile(rb"[A-Za-z0-9_-]*")
_GLUED = re.compile(rb"[A-Za-z0-9]*")
_WORD = re.compile(rb"[A-Z]?(?:[a-z]{2,}|[A-Z]+)\Z")


@dataclass(frozen=True)
class TokenRule:
    """A vendor's token: `before` ends at one of `starts`, `body` follows (shipped/tokens.yaml).

    With `kept`, everything before the body stays: the path of a webhook's URL is evidence.
    """

    id: str
    starts: tuple[str, ...]
    body: str
    example: str
    unlike: str
    before: str | None = None
    kept: str | None = None
    left: bool = False
    head: str = ""
    check: str | None = None
    example_before: str = ""
    category: str = SECRET
    strict: bool = True

    def examples(self) -> list[str]:
        """Return a complete example token for each of `starts`."""
        return [f"{self.example_before}{start}{self.example}" for start in self.starts]

    @cached_property
    def _after(self) -> re.Pattern[bytes]:
        # Compiled at the first hit: most of some 230 rules never have one.
        return re.compile(self.body.encode())

    @cached_property
    def _ahead(self) -> re.Pattern[bytes] | None:
        return re.compile(rf"(?:{self.before})\Z".encode()) if self.before else None

    @cached_property
    def _stays(self) -> re.Pattern[bytes] | None:
        return re.compile(self.kept.encode()) if self.kept is not None else None

    @cached_property
    def anchors(self) -> list[str]:
        """Patterns of the search over a complete text."""
        return [re.escape(start) + self.head for start in self.starts]

    def span_at(self, data: bytes, hit: int, start: bytes) -> Span | None:
        """Return the token whose literal is at a hit; None if the rest does not match."""
        first = hit + len(start)
        if self._stays is not None:
            stays = self._stays.match(data, first)
            first = stays.end() if stays else first
        body = self._after.match(data, first)
        if body is None:
            return None
        begin, end = hit if self._stays is None else first, body.end()
        if self._ahead is not None:
            ahead = self._ahead.search(data, max(0, hit - LONGEST_BEFORE), hit)
            if ahead is None:
                return None
            begin = ahead.start()
            if begin and data[begin] in DIGITS and data[begin - 1] in DIGITS:
                return None  # cut out of a longer number
        found = body.group()
        if self.left and not is_mixed(found) and _is_in_word(data, begin, found):
            return None
        if self.check is not None and not CHECKS[self.check](found):
            return None
        run = (_RUN if self.left or end - body.start() >= self._cap else _GLUED).match(data, end)
        end = run.end() if run else end
        if self.left and begin > 0 and data[begin - 1] in ALNUM:
            begin -= _glued_before(data, begin)  # inside a word the token's start is unknown
        return Span(begin, end, self.category, f"token.{self.id}", self.strict)

    @cached_property
    def _cap(self) -> int:
        """The body's maximum length; if it is reached, the rest of the run belongs to it."""
        open_end = _OPEN_END.search(self.body)
        return int(open_end.group(2)) if open_end else 1 << 60


class TokenFinder(AnchoredFinder):
    """Finds the tokens of all rules of a rule set with one search."""

    def __init__(self, rules: Sequence[TokenRule], engine: EngineName) -> None:
        self._by_head: dict[bytes, list[tuple[bytes, TokenRule]]] = {}
        for rule in rules:
            for start in rule.starts:
                literal = start.encode()
                self._by_head.setdefault(literal[:2], []).append((literal, rule))
        for entries in self._by_head.values():
            entries.sort(key=lambda entry: -len(entry[0]))
        anchors = sorted({anchor for rule in rules for anchor in rule.anchors})
        super().__init__("|".join(anchors).encode(), engine)

    def _check(self, data: bytes, start: int, end: int) -> tuple[Sequence[Span], int]:
        """Return the longest token; a hit that is not a token is searched again from inside."""
        best: Span | None = None
        for head in (data[start : start + 2], data[start : start + 1]):
            for literal, rule in self._by_head.get(head, ()):
                if data.startswith(literal, start):
                    span = rule.span_at(data, start, literal)
                    if span is not None and (best is None or _size(span) > _size(best)):
                        best = span
        # A rejected hit must not hide a token that begins inside it.
        return ((), start + 1) if best is None else ((best,), max(best.end, start + 1))


def _is_in_word(data: bytes, begin: int, found: bytes) -> bool:
    """Return whether letters before a weak prefix make it the end of a word: `task_`, `disk-`."""
    glued = data[begin - _glued_before(data, begin) : begin]
    if glued and sum(byte in DIGITS for byte in found) < FEWEST_DIGITS_GLUED:
        return True  # "ask-holmes-namespace-45"
    return len(glued) > 1 and _WORD.search(glued) is not None


def _glued_before(data: bytes, begin: int) -> int:
    """Return how many letters and digits are directly before an offset."""
    ahead = data[max(0, begin - 100) : begin]
    return len(ahead) - len(ahead.rstrip(_LETTERS_AND_DIGITS))


def _size(span: Span) -> int:
    return span.end - span.start
