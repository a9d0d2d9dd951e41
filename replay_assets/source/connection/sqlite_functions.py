"""SQL functions that SQLite gets from us: reading instants that are not in the canonical form."""

import sqlite3
from typing import Literal

from replay_assets.parsing.instants import Unit, is_naive, likely_unit, parse_instant
from replay_assets.source.connection.instants import FIRST_INSTANT, LAST_INSTANT
from replay_assets.source.schema import instant_text


def register_sqlite_functions(connection: sqlite3.Connection) -> None:
    """Let SQL read other forms: `replay_instant(bytes, zone, unit)` makes them canonical.

    `replay_form`, of the same arguments, says what form a value has. Both take bytes, because the
    driver fails the whole statement on a text that is not UTF-8.
    """

    def canonical(text: bytes | None, zone: str | None, unit: Unit | None) -> str | None:
        try:
            instant = None if text is None else parse_instant(text.decode(), zone, unit)
        except UnicodeDecodeError:
            return None
        return None if instant is None else instant_text(instant)

    def form(text: bytes | None, zone: str | None, unit: Unit | None) -> str:
        return form_of(None if text is None else text.decode(errors="replace"), zone, unit)

    connection.create_function("replay_instant", 3, canonical, deterministic=True)
    connection.create_function("replay_form", 3, form, deterministic=True)


Form = Literal["canonical", "readable", "null", "no_zone", "s", "ms", "us", "impossible"]
"""What a value of a column of instants is; a unit, if a number is in one that is not declared."""


def form_of(text: str | None, zone: str | None, unit: Unit | None) -> Form:
    """Return the form of a value in SQLite; the first two can be read as instants."""
    if text is None:
        return "null"
    instant = parse_instant(text, zone, unit)
    if instant is not None and FIRST_INSTANT <= instant < LAST_INSTANT:
        return "canonical" if instant_text(instant) == text else "readable"
    if instant is None and is_naive(text):
        return "no_zone"
    return likely_unit(text) or "impossible"
