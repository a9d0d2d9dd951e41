"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy does not share."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def upsert_statement(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[dict[str, Any]],
    key: Sequence[str],
) -> sa.Insert:
    """Return an INSERT that overwrites rows of the same key, in the database's own dialect."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(list(rows))
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    conflict = [table.c[name] for name in key]
    upsert: sa.Insert = (
        statement.on_conflict_do_update(index_elements=conflict, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=conflict)
    )
    return upsert
