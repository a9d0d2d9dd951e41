"""One field of a record as its logical column takes it, and as the real column takes that.

Nothing is converted by guess: a value of another kind is refused, with the field's name.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from replay_assets.parsing.instants import is_naive, parse_instant
from replay_assets.parsing.json_text import strict_json
from replay_assets.source.schema.tables import Column
from replay_assets.source.schema.translation import word_for
from replay_assets.source.schema.types import SQL_TYPES

BOOLEAN_WORDS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def value_of(
    record: dict[str, Any], column: Column, *, from_text: bool = False, zone: str | None = None
) -> Any:  # noqa: ANN401 - a database value
    """Return one field as its column takes it.

    Args:
        record: the fields of a JSON object, or of a line of text.
        column: the logical column.
        from_text: whether JSON, booleans and numbers are written as text, as in CSV.
        zone: of timestamps that name none; without one they are refused.

    Raises:
        ValueError: it is missing though required, or of another kind.
    """
    value = record.get(column.name)
    if value is None:
        # A null is loaded: whether a row can be used without the value is decided on reading a day.
        if column.required and column.name not in record:
            raise ValueError(f"{column.name} is missing")
        return None
    if column.kind == "json":
        return _json(column.name, value, from_text=from_text)
    if column.kind == "instant":
        return _instant(column.name, value, zone)
    if from_text and column.kind == "boolean":
        value = BOOLEAN_WORDS.get(value.lower(), value)
    if from_text and column.kind == "integer":
        value = int(value) if value.removeprefix("-").isdecimal() else value
    if column.kind == "boolean" and not isinstance(value, bool):
        raise ValueError(f"{column.name}: expected true or false, found {value!r}")
    if column.kind == "integer" and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError(f"{column.name}: expected a whole number, found {value!r}")
    if column.kind == "text" and isinstance(value, dict | list):
        raise ValueError(f"{column.name}: expected text, found {type(value).__name__}")
    return _storable(column.name, str(value)) if column.kind == "text" else value


Convert = Callable[[Any], Any]


def translated_type_of(
    column: Column, values: Mapping[str, Any], present: TypeEngine[Any], zone: str | None
) -> tuple[TypeEngine[Any], Convert]:
    """Return the type to bind for a column of other words, and how to find the word to write."""
    flags = isinstance(present, sa.Boolean)
    kind, convert = real_type_of(Column(column.name, "boolean" if flags else "text"), present, zone)

    def written(value: Any) -> Any:  # noqa: ANN401 - a database value
        try:
            word = word_for(values, value)
        except ValueError as error:
            raise ValueError(f"{column.name}: {error}") from None
        return convert(BOOLEAN_WORDS.get(word.lower(), word) if flags else word)

    return kind, written


def real_type_of(
    column: Column, present: TypeEngine[Any] | None, zone: str | None
) -> tuple[TypeEngine[Any], Convert]:
    """Return the type to bind for a real column, and how a logical value becomes one of it.

    Columns of our own types take values as they are; a team's may be integers, UUIDs, arrays or
    timestamps without a zone.

    Raises:
        ValueError: by the function, where a value is none of the column's type.
    """
    if column.kind == "json" and isinstance(present, sa.ARRAY):
        item = real_type_of(Column(column.name), present.item_type, zone)[1]
        return present, lambda text: [item(one) for one in json.loads(text)]
    if column.kind == "instant" and isinstance(present, sa.DateTime) and not present.timezone:
        return present, lambda instant: _local(column.name, instant, zone)
    if column.kind == "boolean" and isinstance(present, sa.Integer):
        return present, int
    if column.kind == "text":
        if isinstance(present, sa.Integer):
            return present, lambda text: _whole(column.name, text)
        if isinstance(present, sa.Uuid):
            return sa.Uuid(), uuid.UUID
        if isinstance(present, sa.Enum):
            return present, str
    return SQL_TYPES[column.kind], lambda value: value


def _json(name: str, value: Any, *, from_text: bool) -> str:  # noqa: ANN401 - any JSON value
    try:
        parsed = strict_json(value) if from_text else value
        text = json.dumps(parsed, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    except RecursionError:
        raise ValueError(f"{name}: nested too deep") from None
    return _storable(name, text)


def _instant(name: str, value: object, zone: str | None) -> datetime:
    text = str(value)
    if (instant := parse_instant(text, zone)) is not None:
        return instant
    if zone is None and is_naive(text):
        raise ValueError(
            f"{name}: {value!r} has no time zone; write 2026-09-21T06:10Z, or declare the zone in "
            "the mapping file"
        )
    raise ValueError(f"{name}: {value!r} is not a valid instant; write 2026-09-21T06:10Z")


def _local(name: str, instant: datetime, zone: str | None) -> datetime:
    if zone is None:
        raise ValueError(
            f"{name}: the column keeps no time zone; declare the one it means in the mapping file"
        )
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name}: the column takes whole numbers, found {text!r}") from None


def _storable(name: str, text: str) -> str:
    """Refuse what no database takes as text: NUL (PostgreSQL), half a UTF-16 pair (both)."""
    if "\x00" in text:
        raise ValueError(f"{name}: holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}: holds a lone surrogate, half of a character") from None
    return text
