"""The statements that read a day: set-based, in a stated order, from one snapshot.

The newest coordinator session and the newest repair are chosen by time, NULLs last (PostgreSQL
would put them first), ties by id, and only up to the day's `as_of`: a session of next week must not
change last week's file.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from replay_assets.contracts.calendar import DayWindow
from replay_assets.source.database import IncidentDatabase, MappedTable
from replay_assets.source.tables import (
    AGENT_SESSIONS,
    AUTO_REPAIR_EXECUTIONS,
    INCIDENT_EVIDENCE,
    SESSION_MESSAGES,
    LogicalTable,
)

Row = dict[str, Any]
COORDINATOR = "coordinator"
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


@dataclass(frozen=True)
class DayRows:
    """What the database holds of a day, rows in a fixed order."""

    evidence: list[Row]
    messages: list[Row]
    repairs: list[Row]


def read_day(database: IncidentDatabase, window: DayWindow) -> DayRows:
    """Read a day's evidence with its newest session and repair, its messages, all its repairs."""
    with database.snapshot() as connection:
        evidence = _needed(database, connection, INCIDENT_EVIDENCE)
        sessions = _needed(database, connection, AGENT_SESSIONS)
        repairs = _needed(database, connection, AUTO_REPAIR_EXECUTIONS)
        messages = database.selectable(connection, SESSION_MESSAGES)
        newest = _newest(sessions, evidence, window.as_of, role=COORDINATOR)
        return DayRows(
            evidence=_rows(connection, _evidence(evidence, sessions, repairs, newest, window)),
            messages=_rows(connection, _messages(messages, sessions, evidence, newest, window))
            if messages is not None
            else [],
            repairs=_rows(connection, _repairs(repairs, evidence, window)),
        )


def _evidence(
    evidence: MappedTable,
    sessions: MappedTable,
    repairs: MappedTable,
    newest_session: sa.ScalarSelect[Any],
    window: DayWindow,
) -> sa.Select[Any]:
    columns = [
        evidence.value(column.name).label(column.name) for column in INCIDENT_EVIDENCE.columns
    ]
    columns += [sessions.value(name).label(label) for label, name in SESSION_COLUMNS.items()]
    columns += [repairs.value(name).label(label) for label, name in REPAIR_COLUMNS.items()]
    newest_repair = _newest(repairs, evidence, window.as_of)
    joined = evidence.sql.outerjoin(
        sessions.sql, sessions.native("id") == newest_session
    ).outerjoin(repairs.sql, repairs.native("id") == newest_repair)
    return (
        sa.select(*columns)
        .select_from(joined)
        .where(_in_window(evidence, window))
        .order_by(evidence.order("collected_at"), evidence.order("id"))
    )


def _newest(
    table: MappedTable, evidence: MappedTable, as_of: datetime, role: str | None = None
) -> sa.ScalarSelect[Any]:
    """Return the id of an incident's newest row, correlated to the evidence."""
    inner = table.aliased(f"newest_{table.logical.name}")
    created_at = inner.native("created_at")
    conditions = [
        inner.native("incident_id") == evidence.native("incident_id"),
        sa.or_(created_at <= as_of, created_at.is_(None)),
        *inner.conditions,
    ]
    if role is not None:
        conditions.append(inner.native("agent_role") == role)
    return (
        sa.select(inner.native("id"))
        .where(*conditions)
        .order_by(created_at.desc().nulls_last(), inner.order("id").desc())
        .limit(1)
        .correlate(evidence.sql)
        .scalar_subquery()
    )


def _messages(
    messages: MappedTable,
    sessions: MappedTable,
    evidence: MappedTable,
    newest_session: sa.ScalarSelect[Any],
    window: DayWindow,
) -> sa.Select[Any]:
    columns = [sessions.value("incident_id").label("incident_id")]
    columns += [
        messages.value(column.name).label(column.name) for column in SESSION_MESSAGES.columns
    ]
    joined = evidence.sql.join(sessions.sql, sessions.native("id") == newest_session).join(
        messages.sql, messages.native("session_id") == sessions.native("id")
    )
    return (
        sa.select(*columns)
        .select_from(joined)
        .where(
            _in_window(evidence, window),
            _last_of_the_day(evidence, window),
            *messages.conditions,
        )
        .order_by(evidence.order("collected_at"), evidence.order("id"), messages.order("position"))
    )


def _repairs(repairs: MappedTable, evidence: MappedTable, window: DayWindow) -> sa.Select[Any]:
    names = (
        "incident_id",
        "id",
        "playbook_name",
        "executed_steps",
        "success",
        "error",
        "executor",
        "created_at",
    )
    created_at = repairs.native("created_at")
    joined = evidence.sql.join(
        repairs.sql, repairs.native("incident_id") == evidence.native("incident_id")
    )
    return (
        sa.select(*(repairs.value(name).label(name) for name in names))
        .select_from(joined)
        .where(
            _in_window(evidence, window),
            _last_of_the_day(evidence, window),
            sa.or_(created_at <= window.as_of, created_at.is_(None)),
            *repairs.conditions,
        )
        .order_by(
            evidence.order("collected_at"),
            evidence.order("id"),
            created_at.asc().nulls_first(),
            repairs.order("id"),
        )
    )


def _in_window(evidence: MappedTable, window: DayWindow) -> sa.ColumnElement[bool]:
    return sa.and_(_between(evidence.native("collected_at"), window), *evidence.conditions)


def _between(collected_at: sa.ColumnElement[Any], window: DayWindow) -> sa.ColumnElement[bool]:
    return sa.and_(collected_at >= window.start, collected_at < window.end)


def _last_of_the_day(evidence: MappedTable, window: DayWindow) -> sa.ColumnElement[bool]:
    """Take one snapshot an incident, or what hangs on the incident would be read once for each."""
    inner = evidence.aliased("last_evidence")
    last = (
        sa.select(inner.native("id"))
        .where(
            inner.native("incident_id") == evidence.native("incident_id"),
            _in_window(inner, window),
        )
        .order_by(inner.native("collected_at").desc(), inner.order("id").desc())
        .limit(1)
        .correlate(evidence.sql)
        .scalar_subquery()
    )
    return evidence.native("id") == last


def _needed(
    database: IncidentDatabase, connection: sa.Connection, logical: LogicalTable
) -> MappedTable:
    table = database.selectable(connection, logical)
    if table is None:
        raise AssertionError("a required table is there or selectable() has raised")
    return table


def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(statement).mappings()]
