"""Rows of the source tables with what every database must have, for tests to vary."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay_assets.contracts.calendar import DayWindow, day_window
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day.batches import RowBatch
from replay_assets.source.day.reading import day_snapshot
from replay_assets.source.loading.load import load_directory

Row = dict[str, Any]
DAY = day_window("2026-09-21", "Asia/Taipei")
"""From 16:00 UTC of the 20th to 16:00 UTC of the 21st; joins look on until the 22nd, 16:00."""


def incident(number: int = 1, **changes: Any) -> Row:
    """Return a snapshot of incident `inc-<number>`, taken at two in the afternoon."""
    row: Row = {
        "id": f"ev-{number}",
        "incident_id": f"inc-{number}",
        "evidence_summary": "磁碟已滿: /var/lib is 100 % full",
        "collected_at": "2026-09-21T06:00:00Z",
        "verification_result": None,
        "schema_version": "v1",
        "matched_playbook_id": None,
    }
    return {**row, **changes}


def session(id_: str = "se-1", **changes: object) -> Row:
    """Return a coordinator's session on incident `inc-1`."""
    row: Row = {
        "id": id_,
        "incident_id": "inc-1",
        "agent_role": "coordinator",
        "output_json": {"decision": f"decision of {id_}"},
        "created_at": "2026-09-21T07:00:00Z",
    }
    return {**row, **changes}


def repair(id_: str = "re-1", **changes: object) -> Row:
    """Return a successful repair of incident `inc-1`."""
    row: Row = {
        "id": id_,
        "incident_id": "inc-1",
        "playbook_name": f"playbook of {id_}",
        "executed_steps": [{"step": "rm -r /var/lib/cache"}],
        "success": True,
        "created_at": "2026-09-21T08:00:00Z",
    }
    return {**row, **changes}


def message(position: int = 0, **changes: object) -> Row:
    """Return a message of session `se-1`."""
    row: Row = {"session_id": "se-1", "position": position, "role": "user", "content": "?"}
    return {**row, **changes}


def label(number: int = 1, **changes: object) -> Row:
    """Return a label of incident `inc-<number>` with nothing but the id."""
    return {"incident_id": f"inc-{number}", **changes}


def write(folder: Path, **tables: list[Row]) -> Path:
    """Write one JSONL file per table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {"incident_evidence": [incident()], **tables}.items():
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def load(database: IncidentDatabase, folder: Path, **tables: list[Row]) -> None:
    """Load tables into a database; one incident if none is given."""
    load_directory(database, write(folder / "to_load", **tables), lambda *_: None)


def execute(database: IncidentDatabase, *statements: str) -> None:
    """Run statements as a database's owner would."""
    with database.writing(create=True) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def count(database: IncidentDatabase, table: str) -> int:
    """Return how many rows a real table holds."""
    with database.writing(create=True) as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


@dataclass(frozen=True)
class DayRows:
    """What a snapshot holds of a day, as rows; of a value that can't be held, what stood there."""

    evidence: list[Row]
    messages: list[Row]
    repairs: list[Row]


def read_day(
    database: IncidentDatabase, window: DayWindow = DAY, *, fast: bool | None = None
) -> DayRows:
    """Read a day whole."""
    with day_snapshot(database, window, fast=fast) as snapshot:
        return DayRows(
            evidence=_rows(snapshot.evidence()),
            messages=_rows(snapshot.messages()),
            repairs=_rows(snapshot.repairs()),
        )


def _rows(batches: Iterator[RowBatch]) -> list[Row]:
    return [
        {**row, **batch.raw.get(position, {})}
        for batch in batches
        for position, row in enumerate(batch.table.to_pylist())
    ]
