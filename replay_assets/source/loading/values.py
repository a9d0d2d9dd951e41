"""One field of a record as its logical column takes it, and as the real column takes that.

Nothing is converted by guess: a value of another kind is refused, with the field's name.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from replay_assets.parsing.instants import is_naive, parse_instant
from replay_assets.parsing.json_text import strict_json
from replay_assets.source.loading.odd_values import instant_hint
from replay_assets.source.schema import SQL_TYPES, Column, word_for

LONGEST_SHOWN = 40
"""Characters of a value in a message."""
EXAMPLE = '["a", "b"] or {"a": "b"}'
DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
WHOLE_NUMBER = re.compile("-?[0-9]{1,25}")
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
        ValueError: it is of another kind.
    """
    value = record.get(column.name)
    # A null is loaded: whether a row can be used without the value is decided on reading a day.
    if value is None:
        return None
    if column.kind == "json":
        return _json(column.name, value, from_text=from_text)
    if column.kind == "instant":
        return _instant(column.name, value, zone)
    if column.kind == "text":
        return _text(column.name, value)
    if column.kind == "boolean":
        flag = BOOLEAN_WORDS.get(value.lower(), value) if from_text else value
        if not isinstance(flag, bool):
            raise ValueError(f"{column.name}: expected true or false, found {value!r}")
        return flag
    number = int(value) if from_text and WHOLE_NUMBER.fullmatch(value) else value
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError(f"{column.name}: expected a whole number, found {value!r}")
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{column.name}: {value} does not fit into 64 bits")
    return number


def _text(name: str, value: object) -> str:
    """Return a text, or the digits of a whole number; what others become is a guess."""
    if isinstance(value, str):
        return _storable(name, value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    kinds: dict[type, str] = {dict: "an object", list: "a list"}
    found = kinds.get(type(value)) or json.dumps(value)
    raise ValueError(f"{name}: expected text, found {found}")


Convert = Callable[[Any], Any]


def translated_type_of(
    column: Column, values: Mapping[str, Any], present: TypeEngine[Any], zone: str | None
) -> tuple[TypeEngine[Any], Convert]:
    """Return the type to bind for a translated column, and what finds the word to write."""
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
        ValueError: raised by the function, if a value does not fit the column's type.
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
            return sa.Uuid(), lambda text: _uuid(column.name, text)
        if isinstance(present, sa.Enum):
            return present, str
    return SQL_TYPES[column.kind], lambda value: value


def _json(name: str, value: Any, *, from_text: bool) -> str:  # noqa: ANN401 - any JSON value
    try:
        parsed = strict_json(value) if from_text else value
        text = json.dumps(parsed, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        if not from_text:
            raise ValueError(f"{name}: {error}") from None
        problem = (
            f"expected JSON, such as {EXAMPLE}"
            if isinstance(error, json.JSONDecodeError)
            else str(error)
        )
        raise ValueError(f"{name}: {problem} (found {_short(value)})") from None
    except RecursionError:
        raise ValueError(f"{name}: nested too deep") from None
    # JSON within a JSON text, or a word: no column of JSON holds a single value.
    if parsed is not None and not isinstance(parsed, dict | list):
        raise ValueError(f"{name}: expected a JSON object or list, found {_short(text)}")
    return _storable(name, text)


def _short(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…")


def _instant(name: str, value: object, zone: str | None) -> datetime:
    text = value if isinstance(value, str) else ""
    if zone is not None and DATE.fullmatch(text.strip()):
        raise ValueError(f"{name}: {value!r} is a date without a time; write 2026-09-21T06:10")
    if (instant := parse_instant(text, zone)) is not None:
        return instant
    if zone is None and is_naive(text):
        raise ValueError(
            f"{name}: {value!r} has no time zone; write 2026-09-21T06:10Z, or declare the zone in "
            "the mapping file"
        )
    raise ValueError(
        f"{name}: {value!r} is not a valid instant{instant_hint(value)}; write 2026-09-21T06:10Z"
    )


def _local(name: str, instant: datetime, zone: str | None) -> datetime:
    if zone is None:
        raise ValueError(
            f"{name}: the column keeps no time zone; declare the one it means in the mapping file"
        )
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _whole(name: str, value: object) -> int:
    # An item of a JSON list may be a number already.
    if not WHOLE_NUMBER.fullmatch(str(value)):
        raise ValueError(f"{name}: the column takes whole numbers, found {value!r}")
    return int(str(value))


def _uuid(name: str, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValueError(f"{name}: the column takes UUIDs, found {text!r}") from None


def _storable(name: str, text: str) -> str:
    """Refuse what no database takes as text: NUL (PostgreSQL), half a UTF-16 pair (both)."""
    if "\x00" in text:
        raise ValueError(f"{name}: holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}: holds a lone surrogate, half of a character") from None
    return text
