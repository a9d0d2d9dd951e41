"""What a mapping says of a column's values: one constant for every row, or other words for some."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from replay_assets.parsing.instants import parse_instant
from replay_assets.source.schema.tables import (
    FINETUNE_EXPORTS,
    INCIDENT_EVIDENCE,
    Column,
    Kind,
    LogicalTable,
)

BOOLEANS = {True: "true", False: "false"}
TRANSLATABLE: tuple[Kind, ...] = ("text", "boolean")


def _with_text_keys(values: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    if not isinstance(values, dict):
        return values
    for word in values:
        # YAML reads yes, no, on and off as true and false: which word was meant is lost.
        if not isinstance(word, str | int) or isinstance(word, bool):
            raise ValueError(f"put the word that is read as {word!r} in quotes, such as 'yes'")
    return {str(word): value for word, value in values.items()}


Translation = Annotated[dict[str, Any], BeforeValidator(_with_text_keys)]
"""Logical values by the words of the database; a word that is not among them is kept."""


def word_of(value: Any) -> str:  # noqa: ANN401 - a scalar
    """Return a value as the word that a translation compares: booleans as JSON spells them."""
    return BOOLEANS[value] if isinstance(value, bool) else str(value)


def translated(values: Mapping[str, Any], value: Any) -> Any:  # noqa: ANN401 - a scalar
    """Return the logical value of a word; a word that is not translated is returned unchanged."""
    if value is None or isinstance(value, dict | list):
        return value
    return values.get(word_of(value), value)


def word_for(values: Mapping[str, Any], value: Any) -> str:  # noqa: ANN401 - a scalar
    """Return the word that must be written for a logical value, so that it is read again.

    Raises:
        ValueError: there are several such words, or none.
    """
    words = [word for word, one in values.items() if one == value and type(one) is type(value)]
    if len(words) == 1:
        return words[0]
    same = word_of(value)
    # A word that is not translated is read as it is.
    if same in words or same not in values:
        return same
    raise ValueError(
        f"{value!r} can't be written: by the mapping's `values` it is "
        + (f"each of {', '.join(words)}" if words else f"read as {values[same]!r}")
    )


def constant_as(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return a constant of the mapping as a database would give a value of its kind.

    Raises:
        ValueError: it is of another kind.
    """
    if value is None:
        return None
    if kind == "json" and isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if kind == "instant":
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        if (instant := parse_instant(text, None)) is not None:
            return instant
    # By type, because true is an int for Python.
    if kind in _TYPES and type(value) is _TYPES[kind]:
        return value
    raise ValueError(f"expected {_EXPECTED[kind]}, found {value!r}")


_TYPES: dict[Kind, type] = {"text": str, "boolean": bool, "integer": int}
_EXPECTED: dict[Kind, str] = {
    "text": "a text; put it in quotes",
    "boolean": "true or false",
    "integer": "a whole number",
    "json": "a list or a mapping",
    "instant": "an instant with a time zone, such as 2026-09-21T06:10Z",
}


def mistaken_values(kind: Kind, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the words whose logical value a column of a kind can't have, each with the reason."""
    for word, value in values.items():
        try:
            constant_as(kind, value)
        except ValueError as error:
            yield word, str(error)


def constant_problem(logical: LogicalTable, column: Column, value: object) -> str | None:
    """Return why a column can't have one value for every row; None if it can."""
    if value is None:
        return "is required; name its column, or give a `value`" if column.required else None
    if logical is FINETUNE_EXPORTS:
        return "is written, and can't be a constant; null leaves it out"
    if column.name in logical.ids or _gives_the_day(logical, column):
        return "must be a separate column, not a constant: rows are found and joined by it"
    try:
        constant_as(column.kind, value)
    except ValueError as error:
        return f"can't have this value: {error}"
    return None


def column_problem(
    logical: LogicalTable, column: Column, path: Sequence[str | int], values: Mapping[str, Any]
) -> str | None:
    """Return why a column can't be a place inside JSON, or translated; None if it can."""
    if not path and not values:
        return None
    what = "a place inside JSON" if path else "translated"
    if column.name in logical.ids or column.kind == "instant":
        return (
            f"must be a separate column, not {what}: rows are found and joined by it. A generated "
            "column or a view provides one"
        )
    if logical is FINETUNE_EXPORTS:
        return "is written, and can't be inside JSON or translated"
    if values and column.kind not in TRANSLATABLE:
        return "can't have `values`: only texts and booleans are translated; a view can do more"
    return None


def _gives_the_day(logical: LogicalTable, column: Column) -> bool:
    return logical is INCIDENT_EVIDENCE and column.kind == "instant"
