"""Databases of many teams, and what `doctor` and `extract` say of them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner

from replay_assets.cli import main
from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import execute, incident, label, load, message, repair, session

ROLE = "replay_reader_of_tests"
SECONDS = 1789970400
"""2026-09-21T06:00:00Z."""
UUIDS = tuple(f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
SQLITE, POSTGRES = "sqlite", "postgresql"


@dataclass(frozen=True)
class Case:
    """A database, and what both commands say of it.

    Attributes:
        database: where it is.
        statements: what its owner did after loading three incidents, a session and a repair.
        columns: the mapping of columns of the evidence.
        more: further entries of the mapping.
        status: of `doctor`, the worst finding: ok, warn or fail.
        kept: how many rows a day keeps; None if it can't be read.
        says: what both messages contain, if it can't.
        reader: whether a role reads that has only been granted SELECT.
    """

    database: str
    statements: tuple[str, ...]
    columns: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    status: str = "ok"
    kept: int | None = 3
    says: str = ""
    reader: bool = False


def collected_at(sql: str) -> tuple[str, ...]:
    """Return statements that make `collected_at` a column of another type."""
    return (
        f"CREATE TABLE other AS SELECT id, incident_id, evidence_summary, {sql} AS collected_at, "
        "labels, verification_result, schema_version, matched_playbook_id FROM incident_evidence",
        "DROP TABLE incident_evidence",
        "ALTER TABLE other RENAME TO incident_evidence",
    )


def as_type(table: str, column: str, kind: str, using: str) -> str:
    return f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} USING {using}"


def ids_as(kind: str, values: tuple[object, ...], *tables: str) -> tuple[str, ...]:
    """Return statements that give the incidents other ids, of another type in some tables."""
    every = ("incident_evidence", "agent_sessions", "auto_repair_executions", "labels")
    return (
        *(
            f"UPDATE {table} SET incident_id = '{value}' WHERE incident_id = 'inc-{n}'"
            for table in every
            for n, value in enumerate(values, start=1)
        ),
        *(as_type(table, "incident_id", kind, f"incident_id::{kind}") for table in tables),
    )


CREATED = "created_at"
SESSIONS = "agent_sessions"
SECURITY = f"ALTER TABLE {SESSIONS} ENABLE ROW LEVEL SECURITY"
CASES = {
    "times as SQLAlchemy writes them": Case(
        SQLITE,
        collected_at("'2026-09-21 14:00:00.000000'"),
        status="fail", kept=None, says="timezone: Asia/Taipei",
    ),
    "times without a zone, declared": Case(
        SQLITE,
        collected_at("'2026-09-21 14:00:00.000000'"),
        {"collected_at": {"column": "collected_at", "timezone": "Asia/Taipei"}},
    ),
    "times without a zone, on other days": Case(
        SQLITE, collected_at("'2026-10-21 14:00:00'"), status="fail", kept=None, says="timezone:"
    ),
    "one of three without a zone": Case(
        SQLITE,
        ("UPDATE incident_evidence SET collected_at = '2026-09-21 14:00:00' WHERE id = 'ev-1'",),
        status="warn", kept=2,
    ),
    "seconds": Case(
        SQLITE, collected_at(f"CAST({SECONDS} AS INTEGER)"),
        status="fail", kept=None, says="unit: s",
    ),
    "seconds as texts, declared": Case(
        SQLITE, collected_at(f"CAST({SECONDS} AS TEXT)"),
        {"collected_at": {"column": "collected_at", "unit": "s"}},
    ),
    "milliseconds, declared": Case(
        SQLITE, collected_at(f"CAST({SECONDS}000 AS INTEGER)"),
        {"collected_at": {"column": "collected_at", "unit": "ms"}},
    ),
    "one id for all": Case(
        SQLITE, (*collected_at("collected_at"), "UPDATE incident_evidence SET id = 'x'"),
        status="fail", kept=None, says="duplicate_id:id",
    ),
    "a time to come": Case(
        SQLITE, ("UPDATE incident_evidence SET collected_at = '2999-01-01T00:00:00.000000+00:00'",),
        kept=0,
    ),
    "words": Case(
        SQLITE, collected_at("'yesterday'"), status="fail", kept=None, says="not instants"
    ),
    "no time at all": Case(SQLITE, collected_at("NULL"), status="fail", kept=None, says="null"),
    "session in seconds": Case(
        SQLITE, (f"UPDATE {SESSIONS} SET created_at = {SECONDS}",),
        status="fail", kept=2,
    ),
    "bigint": Case(
        POSTGRES, collected_at(f"{SECONDS}000::bigint"), status="fail", kept=None, says="unit: ms"
    ),
    "integer seconds, declared": Case(
        POSTGRES, collected_at(f"{SECONDS}::integer"),
        {"collected_at": {"column": "collected_at", "unit": "s"}},
    ),
    "double seconds, declared": Case(
        POSTGRES, collected_at(f"{SECONDS}.25::double precision"),
        {"collected_at": {"column": "collected_at", "unit": "s"}},
    ),
    "one infinite time": Case(
        POSTGRES,
        ("UPDATE incident_evidence SET collected_at = 'infinity' WHERE id = 'ev-1'",),
        status="warn", kept=2,
    ),
    "an infinite decision": Case(
        POSTGRES, (f"UPDATE {SESSIONS} SET created_at = 'infinity'",), status="warn", kept=2
    ),
    "uuid and texts": Case(
        POSTGRES, ids_as("uuid", UUIDS, "incident_evidence"),
    ),
    "texts and uuid": Case(
        POSTGRES, ids_as("uuid", UUIDS, SESSIONS, "auto_repair_executions", "labels"),
    ),
    "session ids of two types": Case(
        POSTGRES,
        (
            f"UPDATE {SESSIONS} SET id = '{UUIDS[0]}'",
            f"UPDATE session_messages SET session_id = '{UUIDS[0]}'",
            as_type(SESSIONS, "id", "uuid", "id::uuid"),
        ),
    ),
    "rows hidden from the role": Case(
        POSTGRES, (SECURITY,), status="fail", kept=None, says="row security", reader=True
    ),
    "rows hidden behind a view": Case(
        POSTGRES,
        (
            SECURITY,
            f"CREATE VIEW seen WITH (security_invoker = true) AS SELECT * FROM {SESSIONS}",
            f"GRANT SELECT ON seen TO {ROLE}",
        ),
        more={SESSIONS: {"table": "seen"}},
        status="fail", kept=None, says="row security", reader=True,
    ),
    "a policy that admits all": Case(
        POSTGRES, (SECURITY, f"CREATE POLICY all_rows ON {SESSIONS} USING (true)"), reader=True
    ),
    "a policy that admits some": Case(
        POSTGRES,
        (SECURITY, f"CREATE POLICY own_rows ON {SESSIONS} USING (agent_role = 'coordinator')"),
        status="warn", reader=True,
    ),
    "a column that may not be read": Case(
        POSTGRES,
        (
            f"REVOKE SELECT ON {SESSIONS} FROM {ROLE}",
            f"GRANT SELECT (id, incident_id, agent_role, created_at) ON {SESSIONS} TO {ROLE}",
        ),
        status="fail", kept=None, reader=True,
    ),
    "an array for labels": Case(
        POSTGRES,
        (
            "ALTER TABLE incident_evidence ADD COLUMN tags text[] DEFAULT '{a,b}'",
        ),
        {"labels": "tags"},
        status="fail", kept=None, says="labels expects a JSON object",
    ),
    "bytes for a summary": Case(
        POSTGRES,
        (as_type("incident_evidence", "evidence_summary", "bytea",
                 "convert_to(evidence_summary, 'UTF8')"),),
    ),
}  # fmt: skip


IGNORED = ("superuser", "may write", "may create", "no index")
"""Findings that say nothing of what can be read."""


@contextmanager
def source_of(case: Case, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make a case's database; yield its URL."""
    folder: Path = request.getfixturevalue("tmp_path")
    if case.database == SQLITE:
        url = f"sqlite:///{folder / 'incidents.sqlite'}"
    else:
        url = request.getfixturevalue("postgres_url")
    with IncidentDatabase(url) as owner:
        fill(owner, folder)
        if not case.reader:
            execute(owner, *case.statements)
            yield url
            return
        grant = f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}"
        execute(owner, f"CREATE ROLE {ROLE} LOGIN", grant, *case.statements)
        yield sa.make_url(url).set(username=ROLE).render_as_string(hide_password=False)
        execute(owner, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def fill(database: IncidentDatabase, folder: Path) -> None:
    load(
        database,
        folder,
        incident_evidence=[incident(n) for n in (1, 2, 3)],
        agent_sessions=[session()],
        auto_repair_executions=[repair()],
        session_messages=[message()],
        labels=[label()],
    )


def judge(case: Case, url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run both commands on a case's database, and compare with what is expected of them."""
    (home / "data").mkdir()
    mapping = home / "mapping.yaml"
    tables = {"incident_evidence": {"columns": case.columns}, **case.more}
    mapping.write_text(yaml.safe_dump({"tables": tables}), encoding="utf-8")
    for name, value in {"HOME": home, "SOURCE_URL": url, "MAPPING": mapping}.items():
        monkeypatch.setenv(f"REPLAY_{name}", str(value))
    extract = CliRunner().invoke(main, ["extract", "--date", "2026-09-21", "--out", str(home)])
    doctor = CliRunner().invoke(main, ["doctor", "--offline", "--json"])
    findings = [
        one
        for one in json.loads(doctor.output)["findings"]
        if one["check"] != "candidates" and not any(word in one["says"] for word in IGNORED)
    ]
    worst = max((one["status"] for one in findings), key=("ok", "warn", "fail").index)
    kept = re.search("kept ([0-9]+)", extract.output) if extract.exit_code == 0 else None
    assert (worst, kept and int(kept[1])) == (case.status, case.kept), (findings, extract.output)
    if case.kept is None:
        failed = str([one for one in findings if one["status"] == "fail"])
        assert case.says in failed, findings
        assert case.says in extract.output + str(extract.exception)
