"""SQL for what a mapping adds: places inside JSON, translations, constants, conditions on rows.

One document that is not JSON must not fail a day: only valid documents are parsed.
Values and paths are bound parameters, never SQL text.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from replay_assets.source.schema import (
    Condition,
    Conditions,
    JsonFlag,
    Kind,
    NotNull,
    instant_text,
    word_of,
)

Place = tuple[str | int, ...]

UNREADABLE_ESCAPE = (
    r"\\u0000"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
"""NUL or half a surrogate pair behind an escape: PostgreSQL's `json` takes it, but raises if
anything is read from the document."""
BOOLEAN_SPELLINGS = {"t": "true", "1": "true", "f": "false", "0": "false"}
"""How people write the values of a boolean column, which a database itself spells in two ways."""
CHECKS_INPUT = (16,)
"""The first PostgreSQL that can ask whether a text is JSON without raising."""


def json_place(
    column: sa.ColumnElement[Any],
    path: Place,
    kind: Kind,
    *,
    real: TypeEngine[Any],
    dialect: Dialect,
) -> sa.ColumnElement[Any]:
    """Return the value at a path inside a JSON column, in the form of a column of its kind.

    Text is the string itself, JSON is text, a boolean is `true` or `false` or whatever else is
    there. NULL if the path leads nowhere or the document can't be read. SQLite finds a key only
    if the document spells it as the path does, not behind escapes.
    """
    postgres = dialect.name == "postgresql"
    if kind == "json":
        place = _postgres_json(column, path, real) if postgres else _sqlite_json(column, path)
    else:
        place = _postgres_text(column, path, real) if postgres else _sqlite_text(column, path)
    readable = _readable_in_postgres(column, real, dialect) if postgres else _readable(column)
    # CASE parses a document only after the test; AND may evaluate its sides in any order.
    guarded = place if readable is None else sa.case((readable, place), else_=sa.null())
    if kind == "integer":
        # 18 digits always fit into 64 bits; a number out of range would fail the statement.
        whole = sa.cast(guarded, sa.Text).regexp_match("^-?[0-9]{1,18}$")
        return sa.case((whole, sa.cast(guarded, sa.BigInteger)), else_=sa.null())
    return sa.type_coerce(guarded, JsonFlag() if kind == "boolean" else sa.Text())


def translation(
    column: sa.ColumnElement[Any],
    values: Mapping[str, Any],
    kind: Kind,
    real: TypeEngine[Any],
    dialect: Dialect,
) -> sa.ColumnElement[Any]:
    """Return a column with its words replaced by logical values; other words are kept.

    Words are compared as text. A boolean is `true`, `false` or whatever else is there, as in JSON.
    """
    text: sa.ColumnElement[Any] = sa.cast(column, sa.Text)
    if isinstance(real, sa.Boolean):
        if dialect.name == "sqlite":
            number = sa.type_coerce(column, sa.Integer)
            text = sa.case((number == 1, "true"), (number == 0, "false"), else_=text)
        values = {BOOLEAN_SPELLINGS.get(word.lower(), word): one for word, one in values.items()}
    targets = {
        word: sa.null() if one is None else sa.literal(word_of(one), sa.Text())
        for word, one in values.items()
    }
    found = sa.case(targets, value=text, else_=text)
    return sa.type_coerce(found, JsonFlag() if kind == "boolean" else sa.Text())


def constant(kind: Kind, value: Any, dialect: Dialect) -> sa.ColumnElement[Any]:  # noqa: ANN401
    """Return a constant of the mapping as a column of its kind has it."""
    if kind == "instant":
        text = instant_text(value)
        if dialect.name == "postgresql":
            return sa.literal_column(f"TIMESTAMPTZ '{text}'", sa.DateTime(timezone=True))
        return sa.literal(text, sa.Text())
    types: dict[Kind, TypeEngine[Any]] = {"boolean": sa.Boolean(), "integer": sa.BigInteger()}
    return sa.literal(value, types.get(kind, sa.Text()))


def conditions_on(
    columns: Conditions, table: sa.FromClause, real: dict[str, TypeEngine[Any]], dialect: Dialect
) -> list[sa.ColumnElement[bool]]:
    """Return a table's conditions; a value is compared as text where its type is not ours."""
    return [
        _condition(table.c[name], wanted, real[name], dialect) for name, wanted in columns.items()
    ]


def _condition(
    column: sa.ColumnElement[Any],
    wanted: Condition,
    real: TypeEngine[Any],
    dialect: Dialect,
) -> sa.ColumnElement[bool]:
    if wanted is None:
        return column.is_(None)
    if isinstance(wanted, NotNull):
        return column.is_not(None)
    values = wanted if isinstance(wanted, list) else [wanted]
    if dialect.name == "sqlite":
        # Its columns take any value, and compare it by their own affinity; true is 1.
        plain: sa.ColumnElement[Any] = sa.type_coerce(column, sa.types.NullType())
        values = [int(value) if isinstance(value, bool) else value for value in values]
    elif all(_comparable(value, real) for value in values):
        plain = sa.type_coerce(column, real)
    else:
        # PostgreSQL has no = between an enumeration and text.
        plain = sa.cast(column, sa.Text)
        values = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return plain == values[0] if len(values) == 1 else plain.in_(values)


def _comparable(value: object, real: TypeEngine[Any]) -> bool:
    if isinstance(value, bool):
        return isinstance(real, sa.Boolean)
    if isinstance(value, str):
        return isinstance(real, sa.String) and not isinstance(real, sa.Enum)
    return isinstance(real, sa.Integer | sa.Numeric)


def _readable(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Return which documents SQLite can read; it cuts text off at an escaped NUL."""
    # An escaped backslash before a u does not begin an escape.
    bare = sa.func.replace(column, "\\\\", "")
    return sa.and_(sa.func.json_valid(column) == 1, sa.func.instr(bare, "\\u0000") == 0)


def _readable_in_postgres(
    column: sa.ColumnElement[Any], real: TypeEngine[Any], dialect: Dialect
) -> sa.ColumnElement[bool] | None:
    """Return which documents PostgreSQL can parse; None if it can parse all of them."""
    if isinstance(real, postgresql.JSONB):
        return None
    text = sa.cast(column, sa.Text)
    # An escaped backslash before a u does not begin an escape.
    escapes = sa.not_(sa.func.replace(text, "\\\\", "").regexp_match(UNREADABLE_ESCAPE))
    if isinstance(real, postgresql.JSON) or (dialect.server_version_info or ()) < CHECKS_INPUT:
        return escapes
    return sa.and_(escapes, sa.func.pg_input_is_valid(text, "json"))


def _postgres_document(
    column: sa.ColumnElement[Any], real: TypeEngine[Any]
) -> tuple[str, sa.ColumnElement[Any]]:
    if isinstance(real, postgresql.JSONB):
        return "jsonb", column
    return "json", column if isinstance(real, postgresql.JSON) else sa.cast(column, postgresql.JSON)


def _postgres_json(
    column: sa.ColumnElement[Any], path: Place, real: TypeEngine[Any]
) -> sa.ColumnElement[Any]:
    prefix, document = _postgres_document(column, real)
    extract = getattr(sa.func, f"{prefix}_extract_path")
    return sa.cast(extract(document, *map(str, path)), sa.Text)


def _postgres_text(
    column: sa.ColumnElement[Any], path: Place, real: TypeEngine[Any]
) -> sa.ColumnElement[Any]:
    prefix, document = _postgres_document(column, real)
    extract = getattr(sa.func, f"{prefix}_extract_path_text")
    place: sa.ColumnElement[Any] = extract(document, *map(str, path), type_=sa.Text)
    return place


def _sqlite_path(path: Place) -> str:
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f'."{key}"' for key in path)


def _sqlite_json(column: sa.ColumnElement[Any], path: Place) -> sa.ColumnElement[Any]:
    # `json_extract` would turn strings and numbers into SQL values; `->` returns JSON text.
    return column.op("->", return_type=sa.Text())(_sqlite_path(path))


def _sqlite_text(column: sa.ColumnElement[Any], path: Place) -> sa.ColumnElement[Any]:
    at = _sqlite_path(path)
    kind = sa.func.json_type(column, at)
    # json_extract gives 1 for true, where PostgreSQL gives its name.
    return sa.case(
        (kind.in_(("true", "false")), kind),
        else_=sa.cast(sa.func.json_extract(column, at), sa.Text),
    )
