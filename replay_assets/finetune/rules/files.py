"""Rules for a file of any flavour: its bytes, and types that are the same in every row.

`datasets` takes a column's type from the first rows, and `str.splitlines`, which some trainers use,
ends a line where JSON does not.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from replay_assets.finetune.rules.problem import Found, Problem

BREAKS = {"\u0085": b"\xc2\x85", "\u2028": b"\xe2\x80\xa8", "\u2029": b"\xe2\x80\xa9"}
"""Characters that some readers take for the end of a line, and their bytes."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
FREE = frozenset({"arguments", "parameters"})
"""Keys below which each tool has its own fields."""
MAY_BE_DATES = "metadata."
"""Begins fields that may be dates: they are dates in every week, and no trainer learns them."""


def line_problems(line: bytes, *, is_first: bool) -> Iterator[Found]:
    """Yield what is wrong with the bytes of a line, without its line feed."""
    if is_first and line.startswith(BYTE_ORDER_MARK):
        yield "no_byte_order_mark", "the file begins with a byte order mark"
    if line.endswith(b"\r"):
        yield "line_feed_only", "the line ends with a carriage return"
    if not line.strip():
        yield "no_empty_line", "the line is empty"
    for character, encoded in BREAKS.items():
        if encoded in line:
            yield "line_breaks_are_escaped", f"U+{ord(character):04X} is not escaped"


def decoded(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return the object of a line, or None and what is wrong with it."""
    try:
        record = json.loads(line.decode("utf-8-sig"), parse_constant=_not_json)
    except ValueError as error:
        return None, f"not JSON in UTF-8: {error}"
    if not isinstance(record, dict):
        return None, "not a JSON object"
    return record, ""


class ColumnTypes:
    """Compares the type of every field with the same field in earlier rows, and looks for nulls."""

    def __init__(self) -> None:
        self._types: dict[str, tuple[str, int]] = {}
        self._dates: dict[str, bool] = {}

    def problems(self, record: dict[str, Any], line: int) -> Iterator[Found]:
        """Yield the fields of a row that are null, half a character, or of another type."""
        for path, value in _fields(record, ""):
            kind = _type(value)
            if value is None:
                yield "no_null", f"{path} is null; use an empty text, or leave the key out"
                continue
            first, where = self._types.setdefault(path, (kind, line))
            if kind != first:
                yield "one_type", f"{path} is {kind} here and {first} in line {where}"
            if isinstance(value, str):
                self._dates[path] = self._dates.get(path, True) and bool(_DATE.fullmatch(value))
                if _SURROGATE.search(value):
                    yield "no_half_character", f"{path} has half of a surrogate pair"

    def dates(self) -> Iterator[Problem]:
        """Yield the fields whose every value is a date: `datasets` makes them timestamps."""
        for path in sorted(name for name, all_dates in self._dates.items() if all_dates):
            if not path.startswith(MAY_BE_DATES):
                yield Problem(0, "no_column_of_dates", f"every value of {path} is a date")


def _fields(value: Any, path: str) -> Iterable[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    if path:
        yield path, value
    if path.rpartition(".")[2] in FREE:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item, f"{path}[]")


def _type(value: object) -> str:
    names = {str: "a text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "an object")


def _not_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
