"""Runs several finders behind one combined search, so that clean text is scanned only once."""

from collections.abc import Sequence
from typing import Protocol

from replay_assets.sanitizing.detect.matching import EngineName, scanner
from replay_assets.sanitizing.detect.spans import Span


class AnchoredFinder(Protocol):
    """A finder whose matches all begin at or after a match of its anchors."""

    anchors: bytes

    def find(self, data: bytes, position: int = 0) -> list[Span]:
        """Return the spans found from an offset on."""


class CombinedFinder:
    """Runs several finders from the first place on where any of them may find something.

    Clean texts (most texts) take a third of the time of separate searches. Other texts take no
    longer, because the part that was searched here is not searched again.
    """

    def __init__(self, finders: Sequence[AnchoredFinder], engine: EngineName) -> None:
        self._finders = finders
        self._scanner = scanner(b"|".join(b"(?:%b)" % one.anchors for one in finders), engine)

    def find(self, data: bytes) -> list[Span]:
        """Return the spans of all finders, finder by finder."""
        first = self._scanner.search(data)
        if first is None:
            return []
        start = first.span()[0]
        return [span for finder in self._finders for span in finder.find(data, start)]
