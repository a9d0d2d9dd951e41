"""Values of a column of instants that can't be read as such: how many, of which form, and the fix.

A day that reads nothing is an error if rows of it are there, but can't be placed in any day.
`doctor` counts by the same functions, so that both agree.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow
from replay_assets.errors import SourceError
from replay_assets.parsing.instants import PER_SECOND
from replay_assets.source.connection import Form, MappedTable
from replay_assets.source.day.instant_columns import InstantColumns

READABLE: tuple[Form, ...] = ("canonical", "readable")
CANONICAL = "fixed-width UTC, such as 2026-09-21T06:10:00.000000+00:00"
NEAR = timedelta(days=2)
"""The text of an instant may show another date than the day it belongs to."""


def forms_of(
    connection: sa.Connection,
    instants: InstantColumns,
    table: MappedTable,
    name: str,
    window: DayWindow | None = None,
) -> Counter[Form]:
    """Return how many values of a column have which form.

    Args:
        connection: a snapshot of the database.
        instants: how its instants are read.
        table: the table; only rows that the mapping admits are counted.
        name: the column of instants.
        window: count only values that name this day or its neighbours, as far as they show it.
    """
    conditions = list(table.conditions)
    if window is not None and not instants.postgres:
        column = instants.sqlite_instant(table, name)
        conditions.append(column.seems_near(window.start - NEAR, window.end + NEAR))
    named: sa.Label[Any] = instants.instant(table, name).form.label("form")
    counted = sa.select(named, sa.func.count()).where(*conditions).group_by(named)
    rows = connection.execute(counted.select_from(table.sql))
    return Counter({row[0]: row[1] for row in rows})


def reason_of(form: Form) -> str:
    """Return why values of a form can't be read."""
    if form == "no_zone":
        return "they name no time zone"
    if form in PER_SECOND:
        return "they are numbers in a unit that the mapping does not declare"
    return "they are null" if form == "null" else "they are not instants that a day can hold"


def cure_of(form: Form, table: MappedTable, name: str) -> str:
    """Return what to do about values of a form that can't be read."""
    column, where = table.native(name).name, f"{table.logical.name}.{name}"
    if form == "no_zone":
        return (
            "declare the zone in the mapping file, such as timezone: Asia/Taipei, or only for "
            f"{where}: {name}: {{column: {column}, timezone: UTC}}"
        )
    if form in PER_SECOND:
        return (
            f"declare the unit in the mapping file, under {table.logical.name}: "
            f"{name}: {{column: {column}, unit: {form}}}"
        )
    if form == "null":
        return f"map {where} to the column that has the time"
    return f"write {CANONICAL}, or map {where} to another column"


def worst_of(forms: Counter[Form]) -> Form:
    """Return the most frequent form that can't be read."""
    return max((one for one in forms if one not in READABLE), key=lambda one: (forms[one], one))


def refuse_where(connection: sa.Connection, evidence: MappedTable) -> None:
    """Raise an error if the mapping's `where` admits no row, though the table has some.

    Raises:
        SourceError: every day would be empty; the message names the columns.
    """
    any_row = sa.select(sa.literal(1)).select_from(evidence.sql).limit(1)
    if not evidence.filtered_by or connection.execute(any_row).first() is None:
        return
    if connection.execute(any_row.where(*evidence.conditions)).first() is None:
        raise SourceError(
            f"no row of {evidence.table.name} meets the mapping's `where` "
            f"({', '.join(evidence.filtered_by)}), so every day would be empty; correct it: values "
            "are compared exactly"
        )


def refuse_unplaced(
    connection: sa.Connection, instants: InstantColumns, evidence: MappedTable, window: DayWindow
) -> None:
    """Raise an error if a day without rows has rows that can't be placed.

    Raises:
        SourceError: there are some of this day, or no row at all can be placed in any day, or
            meets the mapping's `where`; the message says what to declare.
    """
    near = Counter[Form]()
    if not instants.postgres:
        near = forms_of(connection, instants, evidence, "collected_at", window)
        near = Counter({form: count for form, count in near.items() if form not in READABLE})
    placed = sa.select(sa.literal(1)).select_from(evidence.sql).limit(1)
    readable = sa.not_(instants.instant(evidence, "collected_at").in_no_day)
    if not near and connection.execute(placed.where(readable, *evidence.conditions)).first():
        return
    found = near or forms_of(connection, instants, evidence, "collected_at")
    if not found:
        refuse_where(connection, evidence)
        return
    worst = worst_of(found)
    column = f"{evidence.table.name}.{evidence.native('collected_at').name}"
    raise SourceError(
        f"{window.day} reads no row, because values of {column} can't be placed in any day "
        f"({found[worst]}): {reason_of(worst)}; {cure_of(worst, evidence, 'collected_at')}"
    )
