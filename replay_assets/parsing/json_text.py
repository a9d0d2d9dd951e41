"""JSON that others wrote: parsed strictly, or found within a text.

A value is found by a JSON parser that starts at its opening bracket, never by counting brackets: a
string may hold any of them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

DEEPEST = 200
"""Levels of nesting: later steps need a few Python stack frames per level, of a thousand."""
OBJECTS = re.compile(r"\{")
OBJECTS_AND_LISTS = re.compile(r"[{\[]")
_DECODER = json.JSONDecoder()


class Value(NamedTuple):
    """A whole JSON value of a text."""

    start: int
    end: int
    value: Any


class Broken(NamedTuple):
    """An opening bracket that does not start a JSON value, and where its parser stopped.

    `too_deep` values are nested a thousand levels. Each level would be parsed again from its own
    bracket, so most callers should stop there.
    """

    start: int
    stopped_at: int
    too_deep: bool = False


class _Unnumbered(str):
    """A text whose lines are not counted.

    JSONDecodeError counts the lines before its place, which takes quadratic time where thousands
    of brackets don't start a value.
    """

    __slots__ = ()

    def count(self, *_: object) -> int:
        return 0

    def rfind(self, *_: object) -> int:
        return -1


def values_in(
    text: str, opening: re.Pattern[str] = OBJECTS, decoder: json.JSONDecoder = _DECODER
) -> Iterator[Value | Broken]:
    """Yield the outermost JSON values of a text, and every bracket that does not start one.

    What is within a broken value is yielded as well, so that parts of a text that nests broken
    values may be parsed many times: callers that read hostile texts stop after some of them.

    Args:
        text: any text.
        opening: the brackets to start from.
        decoder: parses the values; what its hooks raise is raised, unless it is a ValueError.
    """
    position, unnumbered = 0, _Unnumbered(text)
    while (bracket := opening.search(text, position)) is not None:
        start = bracket.start()
        position = start + 1
        try:
            value, position = decoder.raw_decode(unnumbered, start)
        except RecursionError:
            yield Broken(start, start, too_deep=True)
        except ValueError as error:
            # A number of thousands of digits is an error without a place.
            yield Broken(start, getattr(error, "pos", start))
        else:
            yield Value(start, position, value)


def strict_json(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:  # noqa: ANN401 - any JSON value
    """Parse JSON; NaN and Infinity are refused, which Python's parser accepts.

    Args:
        text: the JSON.
        pairs: makes an object of its fields; by default the last one of a name counts.

    Raises:
        ValueError: the text is not JSON.
        RecursionError: it is nested a thousand levels deep.
    """
    return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=pairs)


def is_too_deep(text: str) -> bool:
    """Return whether JSON is nested so deep that later steps could not walk through its value."""
    # Counting is fast, but it includes brackets inside strings: the depth decides.
    return text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST


def nests_too_deep(value: object) -> bool:
    """Return whether a JSON value is nested too deep, as `is_too_deep` does for its text."""
    level = [value]
    for _ in range(DEEPEST):
        level = [child for one in level for child in _children(one)]
    return any(isinstance(one, dict | list) for one in level)


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def without_strings(text: str) -> str:
    """Return JSON with every string in it empty."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


def _depth(text: str) -> int:
    """Return how deep brackets are nested outside of strings."""
    depth = deepest = 0
    for character in without_strings(text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not valid JSON")
