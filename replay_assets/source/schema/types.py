"""Column types that mean the same on SQLite and PostgreSQL.

SQLAlchemy's own DateTime drops the offset on SQLite, its Boolean takes any text for true there, and
a JSON column decodes what we want as text; so we define these.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from replay_assets.parsing.instants import parse_instant
from replay_assets.source.schema.tables import Kind


class Instant(TypeDecorator[datetime | str]):
    """An instant: `timestamptz` on PostgreSQL, fixed-width UTC text on SQLite.

    The fixed width makes text order time order. Other text is returned unchanged:
    refusing it is the reader's decision, and one bad value must not fail a whole day.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: datetime | str | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Write an aware instant; a naive one is refused, because its zone is unknown."""
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone, found {value!r}")
        return value if dialect.name == "postgresql" else instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | str | None:  # noqa: ANN401
        """Read an instant in UTC."""
        if isinstance(value, str):
            return parse_instant(value, None) or value
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
        return None if value is None else str(value)


def instant_text(value: datetime) -> str:
    """Return an instant as fixed-width UTC text, microseconds always written."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class Flag(UserDefinedType[bool]):
    """A boolean: `true` and `false`, 0 and 1. Anything else comes back as it is, as with instants.

    On SQLite a column may hold the text 'false', which must not read as true.
    """

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name in DDL."""
        return "BOOLEAN"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Read 0 and 1 as false and true."""
        return lambda value: bool(value) if value in (0, 1) else value


class JsonFlag(TypeDecorator[bool | str]):
    """A boolean inside JSON, read as text: `true` and `false`; anything else as it is."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> bool | str | None:
        """Read the two words of JSON."""
        return {"true": True, "false": False}.get(value, value) if value is not None else None


class PostgresJson(UserDefinedType[str]):
    """PostgreSQL's `json`, written from text: it keeps the text, where `jsonb` reorders it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name in DDL."""
        return "JSON"


JSON_TEXT = sa.Text().with_variant(PostgresJson(), "postgresql")

SQL_TYPES: dict[Kind, TypeEngine[Any]] = {
    "text": sa.Text(),
    "json": JSON_TEXT,
    "instant": Instant(),
    "boolean": Flag(),
    "integer": sa.BigInteger(),
}
