"""Converts a database's rows to Arrow: typed columns, and why a value can't be converted.

One value that can't be converted does not fail its batch: it is null here, its row carries the
reason, and the original value is kept next to the table for the quarantine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from replay_assets.parsing.instants import is_naive, parse_instant
from replay_assets.source.connection import FIRST_INSTANT, LAST_INSTANT
from replay_assets.source.schema import Kind

INSTANT = pa.timestamp("us", tz="UTC")
ARROW_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "json": pa.string(),
    "instant": INSTANT,
    "boolean": pa.bool_(),
    "integer": pa.int64(),
}
PROBLEMS = "problems"
"""The statement's column of values that the database did not return; `END_OF_PROBLEM` ends each."""
END_OF_PROBLEM = "\x1f"
FLAG_WORDS = {"true": True, "false": False}
INFINITY = ("infinity", "-infinity")


@dataclass(frozen=True)
class Field:
    """A column of a statement's result; `zone` is the time zone of instants that have none."""

    name: str
    kind: Kind
    zone: str | None = None


@dataclass
class RowBatch:
    """Some rows of a result.

    `reasons` and `raw` hold rows by their position: why a row can't be used as it is, and the
    values of its fields that the table can't hold. `versions` are the columns beyond the fields.
    """

    table: pa.Table
    versions: pa.Table
    reasons: dict[int, list[str]] = field(default_factory=dict)
    raw: dict[int, dict[str, Any]] = field(default_factory=dict)

    def blame(self, row: int, reason: str, name: str, value: object) -> None:
        """Note why a row can't be used, and the value that shows it."""
        self.reasons.setdefault(row, []).append(f"{reason}:{name}")
        self.raw.setdefault(row, {})[name] = value


def batch_of(
    columns: Sequence[Sequence[Any] | pa.Array], names: Sequence[str], fields: Sequence[Field]
) -> RowBatch:
    """Return columns of Python or Arrow values as a batch.

    Args:
        columns: one sequence per column of the statement, all of one length.
        names: the statement's column names.
        fields: the columns to convert; those named `version…` become `versions`, unchanged.
    """
    by_name = dict(zip(names, columns, strict=True))
    empty = pa.table({})
    batch = RowBatch(table=empty, versions=empty)
    arrays = {one.name: CONVERTERS[one.kind](by_name[one.name], one, batch) for one in fields}
    batch.table = pa.table(arrays)
    known = {one.name for one in fields} | {PROBLEMS}
    versions = {name: by_name[name] for name in names if name not in known}
    batch.versions = pa.table({name: pa.array(column) for name, column in versions.items()})
    if PROBLEMS in by_name:
        _note_problems(by_name[PROBLEMS], batch)
    return batch


def _note_problems(column: Sequence[str | None] | pa.Array, batch: RowBatch) -> None:
    """Note what the statement says about values that it did not return."""
    if isinstance(column, pa.Array) and column.null_count == len(column):
        return
    for row, text in enumerate(_python(column)):
        for problem in (text or "").split(END_OF_PROBLEM)[:-1]:
            # At most twice, because an instant contains colons.
            kind, name, value = problem.split(":", 2)
            if kind == "oversize":
                batch.blame(row, "oversize_text", name, f"not read: {value} bytes")
            else:
                reason = "infinite_instant" if value in INFINITY else "impossible_instant"
                batch.blame(row, reason, name, value)


def _python(column: Sequence[Any] | pa.Array) -> Sequence[Any]:
    return column.to_pylist() if isinstance(column, pa.Array) else column


def _texts(column: Sequence[Any] | pa.Array, field: Field, batch: RowBatch) -> pa.Array:
    try:
        if isinstance(column, pa.Array):
            return column.cast(pa.string())
        return pa.array(column, pa.string())
    except (UnicodeEncodeError, pa.ArrowException):
        return pa.array(_one_by_one(column, field, batch, _text), pa.string())


def _text(value: Any) -> str:  # noqa: ANN401 - a database value
    try:
        text = value.decode() if isinstance(value, bytes) else str(value)
        text.encode()
    except UnicodeError as error:
        raise _UnusableError("invalid_utf8") from error
    return text


def _instants(column: Sequence[Any] | pa.Array, field: Field, batch: RowBatch) -> pa.Array:
    try:
        values = column if isinstance(column, pa.Array) else pa.array(column)
        # PostgreSQL returns microseconds; a column of nulls only has no type yet.
        if pa.types.is_null(values.type) or pa.types.is_int64(values.type):
            return values.cast(pa.int64()).cast(INSTANT)
        instants = values.cast(INSTANT)
        bounds = pc.min_max(instants).as_py()
        if bounds["min"] is None or (
            bounds["min"] >= FIRST_INSTANT and bounds["max"] < LAST_INSTANT
        ):
            return instants
    except (UnicodeEncodeError, pa.ArrowException, OverflowError, ValueError):
        # Some value has another type, so that the column can't be converted in one step.
        return _instants_one_by_one(column, field, batch)
    return _instants_one_by_one(column, field, batch)


def _instants_one_by_one(
    column: Sequence[Any] | pa.Array, field: Field, batch: RowBatch
) -> pa.Array:
    def instant(value: Any) -> datetime:  # noqa: ANN401 - a database value
        text = str(value)
        found = parse_instant(text, field.zone)
        if found is None or not FIRST_INSTANT <= found < LAST_INSTANT:
            raise _UnusableError("no_time_zone" if is_naive(text) else "impossible_instant")
        return found

    return pa.array(_one_by_one(column, field, batch, instant), INSTANT)


def _booleans(column: Sequence[Any] | pa.Array, field: Field, batch: RowBatch) -> pa.Array:
    def flag(value: Any) -> bool:  # noqa: ANN401 - a database value
        if isinstance(value, int) and value in (0, 1):  # true and false are ints as well
            return bool(value)
        if value in FLAG_WORDS:  # as JSON spells them
            return FLAG_WORDS[value]
        raise _UnusableError("wrong_type")

    return _typed(column, field, batch, flag)


def _integers(column: Sequence[Any] | pa.Array, field: Field, batch: RowBatch) -> pa.Array:
    def integer(value: Any) -> int:  # noqa: ANN401 - a database value
        if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
            return value
        raise _UnusableError("wrong_type")

    return _typed(column, field, batch, integer)


def _typed(
    column: Sequence[Any] | pa.Array, field: Field, batch: RowBatch, convert: Callable[[Any], Any]
) -> pa.Array:
    """Return a column that arrived in its type, or one whose values are converted one by one."""
    expected = ARROW_TYPES[field.kind]
    if isinstance(column, pa.Array) and (
        column.type == expected or column.null_count == len(column)
    ):
        return column.cast(expected)
    try:
        return pa.array(_python(column), expected)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        return pa.array(_one_by_one(column, field, batch, convert), expected)


class _UnusableError(Exception):
    """A value that its column can't hold; the text is the reason's code."""


def _one_by_one(
    column: Sequence[Any] | pa.Array, field: Field, batch: RowBatch, convert: Callable[[Any], Any]
) -> list[Any]:
    converted = []
    for row, value in enumerate(_python(column)):
        try:
            converted.append(None if value is None else convert(value))
        except _UnusableError as error:
            batch.blame(row, str(error), field.name, value)
            converted.append(None)
    return converted


CONVERTERS: dict[Kind, Callable[[Any, Field, RowBatch], pa.Array]] = {
    "text": _texts,
    "json": _texts,
    "instant": _instants,
    "boolean": _booleans,
    "integer": _integers,
}
