"""Search for anchors, then check each match; clean text is scanned once for several finders."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from replay_assets.sanitizing.detect.matching import EngineName, scanner
from replay_assets.sanitizing.detect.spans import Span


class AnchoredFinder(ABC):
    """Finds what begins at or after a match of its anchors: one search, a check of each match."""

    def __init__(self, anchors: bytes, engine: EngineName) -> None:
        self.anchors = anchors
        self._scanner = scanner(anchors, engine)

    def find(self, data: bytes, position: int = 0) -> list[Span]:
        """Return the spans found from an offset on, in order."""
        found: list[Span] = []
        while (hit := self._scanner.search(data, position)) is not None:
            start, end = hit.span()
            spans, position = self._check(data, start, end)
            found += spans
        return found

    @abstractmethod
    def _check(self, data: bytes, start: int, end: int) -> tuple[Sequence[Span], int]:
        """Return what an anchor leads to, and the offset after `start` to search on from."""


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
