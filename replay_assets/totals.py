"""Sums of figures of which one may be unknown, such as costs and token counts."""

from collections.abc import Iterable
from typing import TypeVar

Figure = TypeVar("Figure", int, float)


def known_total(figures: Iterable[Figure | None]) -> Figure | None:
    """Return the sum of figures; None if one is unknown, 0 if there are none.

    A sum of the known ones would make a candidate look too cheap.
    """
    known: list[Figure] = []
    for figure in figures:
        if figure is None:
            return None
        known.append(figure)
    return sum(known)
