"""Several finders behind one search: what nobody begins with need not be looked for three times."""

from collections.abc import Sequence
from typing import Protocol

from replay_assets.sanitizing.detect.matching import EngineName, scanner
from replay_assets.sanitizing.detect.spans import Span


class AnchoredFinder(Protocol):
    """A finder whose every find begins at or behind a match of its anchors."""

    anchors: bytes

    def find(self, data: bytes, position: int = 0) -> list[Span]:
        """Return what is found from an offset on."""


class JointFinder:
    """Finds what each of some finders finds, from the first place on where any may find something.

    Clean texts, which most are, take a third of the time of a search for each; others take no more,
    because what was searched here is not searched again.
    """

    def __init__(self, finders: Sequence[AnchoredFinder], engine: EngineName) -> None:
        self._finders = finders
        self._scanner = scanner(b"|".join(b"(?:%b)" % one.anchors for one in finders), engine)

    def find(self, data: bytes) -> list[Span]:
        """Return what they find, finder by finder."""
        first = self._scanner.search(data)
        if first is None:
            return []
        start = first.span()[0]
        return [span for finder in self._finders for span in finder.find(data, start)]
