"""The statements that read a day: set-based, one per table, in a fixed order.

Rows come by `collected_at`, then `id` (text by code point).
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow
from replay_assets.contracts.evidence import EvidenceSnapshot, RecordedMessage, RecordedRepair
from replay_assets.source.connection import MappedTable
from replay_assets.source.day.day_tables import DayTables, Read
from replay_assets.source.day.newest import JoinedDay
from replay_assets.source.day.same_ids import same_id

EVIDENCE_COLUMNS = tuple(EvidenceSnapshot.model_fields)
SESSION_COLUMNS = {
    "coordinator_id": "id",
    "coordinator_model": "model",
    "coordinator_output": "output_json",
    "coordinator_at": "created_at",
}
REPAIR_COLUMNS = {
    "repair_id": "id",
    "repair_playbook": "playbook_name",
    "repair_steps": "executed_steps",
    "repair_success": "success",
    "repair_error": "error",
    "repair_executor": "executor",
    "repair_at": "created_at",
}
REPAIR_HISTORY_COLUMNS = tuple(RecordedRepair.model_fields)
MESSAGE_COLUMNS = tuple(name for name in RecordedMessage.model_fields if name != "incident_id")


def evidence_statement(tables: DayTables, window: DayWindow) -> Read:
    """Return the day's evidence with each row's newest session and repair."""
    joined = JoinedDay(tables, window)
    columns = (
        tables.read_columns(joined.evidence, {name: name for name in EVIDENCE_COLUMNS})
        + tables.read_columns(joined.session, SESSION_COLUMNS)
        + tables.read_columns(joined.repair, REPAIR_COLUMNS)
    )
    read = columns.read(joined.statement())
    return Read(read.statement.add_columns(*joined.versions()), read.fields)


def keys_statement(tables: DayTables, window: DayWindow) -> Read:
    """Return the keys and row versions of the same rows, without the wide columns."""
    joined = JoinedDay(tables, window)
    ids = (
        tables.read_columns(joined.evidence, {"id": "id"})
        + tables.read_columns(joined.session, {"coordinator_id": "id"})
        + tables.read_columns(joined.repair, {"repair_id": "id"})
    )
    statement = joined.statement().add_columns(*ids.selected, *joined.versions())
    return Read(statement, ids.fields)


def survey_statement(tables: DayTables, window: DayWindow) -> sa.Select[Any]:
    """Return, in one pass over the day's keys, how many rows it has and which share a key.

    The first row holds the number of rows; each of the others, in the day's order, the `id` and the
    `incident_id` of a row that shares either with another.
    """
    inner = tables.evidence.aliased("inside")
    shared: list[sa.ColumnElement[int]] = []
    for name in ("incident_id", "id"):
        # A unique index already rules out that two rows share the value.
        if inner.native(name).name not in tables.layouts[inner.logical.name].unique:
            same = sa.func.count().over(partition_by=inner.native(name))
            shared.append(same.label(f"rows_with_this_{name}"))
    keys = (
        sa.select(*(inner.native(name) for name in ("id", "incident_id", "collected_at")), *shared)
        .where(tables.instants.in_day(inner, window))
        .cte("keys")
    )
    evidence = tables.evidence.over(keys)
    names = tables.read_columns(evidence, {"id": "id", "incident_id": "incident_id"}).selected
    nothing = [sa.cast(sa.null(), sa.Text).label(one.name) for one in names]
    order = sa.func.row_number().over(order_by=tables.instants.day_order(evidence))
    total = sa.select(sa.literal(0).label("position"), sa.func.count().label("rows"), *nothing)
    repeated = sa.select(order, sa.cast(sa.null(), sa.BigInteger), *names).where(
        # `false` first: nothing is counted if both columns are unique, and an OR can't be empty.
        sa.or_(sa.false(), *(keys.c[one.name] > 1 for one in shared))
    )
    both = sa.union_all(total.select_from(keys), repeated).subquery("survey")
    return sa.select(*list(both.c)[1:]).order_by(both.c.position)


def messages_statement(
    tables: DayTables, messages: MappedTable, window: DayWindow, *, repeated: bool
) -> Read:
    """Return the messages of each incident's newest coordinator session, in conversation order."""
    last = _once_each(tables, window, repeated=repeated)
    joined = JoinedDay(tables, window, last.evidence)
    # As the evidence spells it: the other tables may have ids of another type.
    columns = tables.read_columns(last.evidence, {"incident_id": "incident_id"})
    columns = columns + tables.read_columns(messages, {name: name for name in MESSAGE_COLUMNS})
    statement = (
        sa.select()
        .select_from(
            joined.evidence_and_session().join(
                messages.sql, same_id(messages, joined.session, "session_id", "id")
            )
        )
        .where(last.condition, *messages.conditions)
        .order_by(*tables.instants.day_order(last.evidence), messages.order("position"))
    )
    return columns.read(statement)


def repairs_statement(tables: DayTables, window: DayWindow, *, repeated: bool) -> Read:
    """Return every repair of the day's incidents up to `as_of`, oldest first."""
    last, repairs = _once_each(tables, window, repeated=repeated), tables.repairs
    created_at = tables.instants.instant(repairs, "created_at")
    statement = (
        sa.select()
        .select_from(last.evidence.sql.join(repairs.sql, same_id(repairs, last.evidence)))
        .where(last.condition, created_at.known_by(window.as_of), *repairs.conditions)
        .order_by(
            *tables.instants.day_order(last.evidence), created_at.oldest_first, repairs.order("id")
        )
    )
    columns = tables.read_columns(last.evidence, {"incident_id": "incident_id"})
    own = {name: name for name in REPAIR_HISTORY_COLUMNS if name != "incident_id"}
    return (columns + tables.read_columns(repairs, own)).read(statement)


@dataclass(frozen=True)
class _OnceEach:
    """Each incident's last snapshot of a day, and the condition that selects only it."""

    evidence: MappedTable
    condition: sa.ColumnElement[bool]


def _once_each(tables: DayTables, window: DayWindow, *, repeated: bool) -> _OnceEach:
    """Take one snapshot per incident: its messages and repairs must not be read once for each."""
    if not repeated:
        return _OnceEach(tables.evidence, tables.instants.in_day(tables.evidence, window))
    inner = tables.evidence.aliased("of_the_day")
    names = ("id", "incident_id", "collected_at")
    collected_at = tables.instants.instant(inner, "collected_at")
    rank = sa.func.row_number().over(
        partition_by=inner.native("incident_id"),
        order_by=[collected_at.newest_first, inner.order("id").desc()],
    )
    ranked = (
        sa.select(*(inner.native(name) for name in names), rank.label("rank"))
        .where(tables.instants.in_day(inner, window))
        .subquery("last_evidence")
    )
    return _OnceEach(tables.evidence.over(ranked), ranked.c.rank == 1)
