"""Instants and JSON mean the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.schema.types import JSON_TEXT, Flag, Instant, instant_text

TABLE = sa.Table(
    "kept",
    sa.MetaData(),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("at", Instant()),
    sa.Column("document", JSON_TEXT),
)
AT = datetime(2026, 9, 21, 14, 5, 6, 7, tzinfo=timezone(timedelta(hours=8)))


def kept(database: IncidentDatabase, **values: Any) -> sa.RowMapping:
    """Write a row and read it back, JSON as text."""
    document = sa.cast(TABLE.c.document, sa.Text).label("document")
    with database.engine.begin() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert().values(n=1, **values))
        return connection.execute(sa.select(TABLE.c.at, document)).mappings().one()


def test_an_instant_comes_back_in_utc_to_the_microsecond(database: IncidentDatabase):
    """Neither the offset nor the last digits are lost, and it is the same instant."""
    at = kept(database, at=AT)["at"]
    assert at == AT
    assert at.tzinfo is UTC


def test_a_naive_instant_is_refused(database: IncidentDatabase):
    """Its zone is unknown."""
    with pytest.raises(StatementError, match="needs a time zone"):
        kept(database, at=datetime(2026, 9, 21))  # noqa: DTZ001 - the case itself


def test_text_that_is_no_instant_comes_back_as_it_is(tmp_path: Path):
    """One bad value must not cost the whole day: quarantine decides."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with database.engine.begin() as connection:
        TABLE.create(connection)
        for n, text in enumerate(["yesterday", "2026-09-21T06:00:00"]):
            connection.exec_driver_sql("INSERT INTO kept (n, at) VALUES (?, ?)", (n, text))
        found = connection.execute(sa.select(TABLE.c.at).order_by(TABLE.c.n)).scalars().all()
    assert found == ["yesterday", "2026-09-21T06:00:00"]
    database.close()


def test_instants_as_text_sort_as_instants():
    """SQLite compares text: whole seconds and fractions must have one width."""
    instants = [AT.replace(microsecond=0), AT, AT + timedelta(seconds=1)]
    texts = [instant_text(instant) for instant in instants]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {len("2026-09-21T06:05:06.000007+00:00")}


def test_only_true_and_false_are_booleans(tmp_path: Path):
    """On SQLite the text 'false' must not read as true: it would turn a failed repair around."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'x.sqlite'}")
    column = sa.column("success", Flag())
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tried (success BOOLEAN)")
        connection.exec_driver_sql("INSERT INTO tried VALUES (1), (0), (NULL), ('false'), (2)")
        found = connection.execute(sa.select(column).select_from(sa.table("tried"))).scalars().all()
    assert [repr(value) for value in found] == ["True", "False", "None", "'false'", "2"]
    database.close()


def test_json_keeps_its_text(database: IncidentDatabase):
    """PostgreSQL's `jsonb` would reorder keys and drop repeated ones."""
    text = '{"b": 1.50, "a": {"磁碟": null},  "b": 2}'
    assert kept(database, document=text)["document"] == text
