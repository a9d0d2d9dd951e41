"""What `doctor` says of a database: each fault with its cure, and nothing of a row's text."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.errors import SourceError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.diagnosis.examine import examine_source
from replay_assets.source.schema.mapping import load_mapping
from replay_assets.source.schema.tables import TABLES
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, count, execute, incident, label, load, message, read_day, session

SECRET_TEXT = "only the incident may say this"
Mapped = Callable[[object], IncidentDatabase]


@pytest.fixture
def mapped(database_url: str, tmp_path: Path) -> Iterator[Mapped]:
    """Open the test's database through a mapping file."""
    opened = []

    def open_with(content: object) -> IncidentDatabase:
        path = tmp_path / "mapping.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        opened.append(IncidentDatabase(database_url, load_mapping(path)))
        return opened[-1]

    yield open_with
    for one in opened:
        one.close()


def of(findings: list[Diagnosis], check: str, status: str) -> list[Diagnosis]:
    return [one for one in findings if (one.check, one.status) == (check, status)]


def test_a_database_that_load_made_has_nothing_to_cure(database: IncidentDatabase, tmp_path: Path):
    """Ids and lengths of the newest row are shown, its text is not."""
    load(
        database,
        tmp_path,
        incident_evidence=[incident(1), incident(2, evidence_summary=SECRET_TEXT)],
        labels=[label()],
        session_messages=[message()],
    )
    findings = examine_source(database)
    assert {one.status for one in findings if one.check != "permissions"} == {"ok"}
    assert not of(findings, "permissions", "fail")
    (sample,) = of(findings, "sample", "ok")
    assert f"id ev-2, incident inc-2, {len(SECRET_TEXT)} characters" in sample.says
    assert SECRET_TEXT not in str(findings)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/x.sqlite", "postgresql+psycopg://u:hunter2-FAKE@127.0.0.1:1/db"],
)
def test_a_database_that_cannot_be_reached_is_one_finding(url: str):
    """The rest would only say so again; the password stays out of it."""
    (finding,) = examine_source(IncidentDatabase(url))
    assert (finding.check, finding.status) == ("connection", "fail")
    assert "REPLAY_SOURCE_URL" in str(finding.cure)
    assert "hunter2-FAKE" not in str(finding)


def test_everything_that_is_missing_is_a_finding_of_its_own(
    database: IncidentDatabase, tmp_path: Path
):
    """With the nearest names; what only some checks need does not stop the others."""
    load(database, tmp_path)
    execute(
        database,
        "ALTER TABLE agent_sessions RENAME COLUMN output_json TO output_jsonb",
        "ALTER TABLE agent_sessions RENAME COLUMN incident_id TO incident",
        "DROP TABLE labels",
        "DROP TABLE session_messages",
        "ALTER TABLE incident_evidence DROP COLUMN severity",
    )
    findings = examine_source(database)
    texts = [one.says for one in of(findings, "tables", "fail")]
    assert len(texts) == 2
    assert any("'output_json' (nearest: output_jsonb" in text for text in texts)
    told = " ".join(one.says for one in of(findings, "tables", "ok"))
    assert "no session_messages: optional" in told
    assert "read as null: severity" in told
    assert [one.cure is not None for one in of(findings, "labels", "warn")] == [True]
    assert of(findings, "time zone", "ok")
    assert not of(findings, "indexes", "fail")


@pytest.mark.parametrize("table", ["plain", "Odd Name"])
def test_a_missing_index_comes_with_the_statement_that_makes_it(
    table: str, database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """In the team's own names, ready to paste: pasted, the finding is gone."""
    load(database, tmp_path)
    indexes = ("agent_sessions_incident_id", "auto_repair_executions_incident_id",
               "incident_evidence_collected_at")  # fmt: skip
    execute(
        database,
        *(f"DROP INDEX ix_{name}" for name in indexes),
        f'ALTER TABLE agent_sessions RENAME TO "{table}"',
        f'ALTER TABLE "{table}" RENAME COLUMN incident_id TO "Incident"',
        f'CREATE INDEX partial ON "{table}" ("Incident") WHERE agent_role = \'x\'',
        f'CREATE INDEX second ON "{table}" (agent_role, "Incident")',
    )
    theirs = mapped(
        {"tables": {"agent_sessions": {"table": table, "columns": {"incident_id": "Incident"}}}}
    )
    statements = [one.statement for one in of(examine_source(theirs), "indexes", "warn")]
    assert len(statements) == 3
    postgres = database.engine.dialect.name == "postgresql"
    assert all(("CONCURRENTLY" in str(one)) == postgres for one in statements)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(str(statement))
    assert not of(examine_source(theirs), "indexes", "warn")


def test_a_view_is_no_table_without_an_index(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """A team may offer views; nothing can be created on them."""
    load(database, tmp_path, agent_sessions=[session()])
    execute(database, "CREATE VIEW offered AS SELECT * FROM agent_sessions")
    theirs = mapped({"tables": {"agent_sessions": {"table": "offered"}}})
    findings = examine_source(theirs)
    assert any("offered is not a table" in one.says for one in of(findings, "indexes", "ok"))
    assert not of(findings, "tables", "fail")


@pytest.mark.parametrize(
    ("kind", "value", "zone", "sqlite", "postgres"),
    [
        ("TIMESTAMP", "2026-09-21 14:00:00", None, "fail", "fail"),
        ("TIMESTAMP", "2026-09-21 14:00:00", "Asia/Taipei", "ok", "ok"),
        ("TEXT", "2026-09-21T06:00:00.000000+00:00", None, "ok", "fail"),
        ("TEXT", "2026-09-21T14:00:00+08:00", None, "warn", "fail"),
        ("TEXT", "0001-01-01T00:00:00+08:00", None, "fail", "fail"),
        ("TEXT", "20260921T061000Z", None, "fail", "fail"),
        ("TEXT", "yesterday", None, "fail", "fail"),
        ("TEXT", "2026-09-21 14:00:00", None, "fail", "fail"),
    ],
)
def test_times_that_do_not_say_when_are_found(
    kind: str, value: str, zone: str | None, sqlite: str, postgres: str,
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path,
):  # fmt: skip
    """Without a zone the day of a row is unknown; PostgreSQL's text columns are not read."""
    load(database, tmp_path)
    execute(
        database,
        "DROP TABLE agent_sessions",
        "CREATE TABLE agent_sessions (id TEXT, incident_id TEXT, agent_role TEXT, "
        f"output_json TEXT, created_at {kind})",
        f"INSERT INTO agent_sessions VALUES ('1', 'x', 'x', '', '{value}'), "
        "('2', 'x', 'x', '', NULL)",
    )
    theirs = mapped({"tables": {"agent_sessions": {"timezone": zone}}})
    (found,) = [
        one
        for one in examine_source(theirs)
        if one.check == "time zone" and "agent_sessions.created_at" in one.says
    ]
    assert found.status == (sqlite if database.file else postgres)
    assert (found.cure is None) == (found.status == "ok")


@pytest.mark.parametrize(
    ("value", "readable"),
    [
        ("2026-09-21T14:10:00+08:00", True),
        ("20260921T061000Z", False),
        ("0001-01-02T00:00:00Z", False),
        ("9999-12-31T00:00:00Z", False),
    ],
)
def test_doctor_calls_readable_what_a_day_reads(value: str, readable: bool, tmp_path: Path):
    """Both apply one rule of what is an instant."""
    database = IncidentDatabase(f"sqlite:///{tmp_path / 'theirs.sqlite'}")
    load(database, tmp_path, incident_evidence=[incident()])
    execute(database, f"UPDATE incident_evidence SET collected_at = '{value}'")
    (found,) = [one for one in examine_source(database) if "evidence.collected_at" in one.says]
    assert (found.status != "fail") is readable
    if readable:
        assert len(read_day(database, DAY).evidence) == 1
    else:
        with pytest.raises(SourceError, match=r"values of incident_evidence\.collected_at.*\(1\)"):
            extracted(database)
    database.close()


def test_a_condition_that_no_row_meets_is_an_error(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """Every day would be empty, and succeed. A table without rows is only worth a look."""
    theirs = mapped({"tables": {"incident_evidence": {"where": {"severity": "none"}}}})
    load(database, tmp_path, incident_evidence=[])
    (found,) = of(examine_source(theirs), "sample", "warn")
    assert found.says == "incident_evidence has no row"
    assert extracted(theirs).kept == []
    load(database, tmp_path)
    (found,) = of(examine_source(theirs), "sample", "fail")
    assert "no row of incident_evidence meets the mapping's `where` (severity)" in found.says
    with pytest.raises(SourceError, match=r"meets the mapping's `where` \(severity\)"):
        extracted(theirs)


def test_a_label_file_is_counted(database: IncidentDatabase, mapped: Mapped, tmp_path: Path):
    """And the lines of it that can't be read."""
    load(database, tmp_path)
    (tmp_path / "truth.jsonl").write_text('{"incident_id": "inc-1"}\n{"incident_id"\n')
    theirs = mapped({"labels": {"file": "truth.jsonl"}})
    (found,) = of(examine_source(theirs), "labels", "warn")
    assert "1 labels and 1 lines that can't be read" in found.says
    (tmp_path / "truth.jsonl").write_text('{"incident_id": "inc-1"}\n')
    (found,) = of(examine_source(theirs), "labels", "ok")
    assert "none of them has root_cause_category" in found.says


def test_labels_that_a_day_quarantines_are_counted(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """`doctor` must not call well what is not read."""
    load(database, tmp_path)
    rows = [
        label(1, root_cause_component="web"),
        label(1, root_cause_component="db"),
        label(2, acceptable_actions="restart_workload"),
        {"root_cause_component": "web"},
    ]
    lines = "".join(json.dumps(one) + "\n" for one in rows)
    (tmp_path / "truth.jsonl").write_text(lines, encoding="utf-8")
    warned = of(examine_source(mapped({"labels": {"file": "truth.jsonl"}})), "labels", "warn")
    assert [one.says.rpartition(": ")[0] for one in warned] == [
        "labels that name no incident",
        "incidents with more than one label",
        "labels that are not used because acceptable_actions can't be read",
    ]
    assert all(": 1" in one.says for one in warned)


def test_labels_whose_ids_have_another_form_are_found(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """Every incident would be without a label, and no count would show it."""
    others = [label(incident_id="PROJ-1"), label(incident_id="PROJ-2")]
    load(database, tmp_path, labels=others)
    path = tmp_path / "labels.csv"
    path.write_text("incident_id,root_cause_category\nPROJ-1,memory_exhaustion\n")
    theirs = mapped({"labels": {"file": "labels.csv"}})
    for one in (database, theirs):
        (found,) = of(examine_source(one), "labels", "warn")
        assert "no label is of an incident" in found.says
        assert "labels have 'PROJ-1', evidence 'inc-1'" in found.says
    path.write_text("incident_id,root_cause_category\n")
    (found,) = of(examine_source(theirs), "labels", "warn")
    assert "0 labels: answers can be collected, not graded" in found.says


def test_a_condition_on_a_missing_column_is_one_finding(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """The other checks of the table leave it to the one that names the column."""
    load(database, tmp_path)
    theirs = mapped({"tables": {"incident_evidence": {"where": {"env": "prod"}}}})
    says = [one.says for one in of(examine_source(theirs), "tables", "fail")]
    assert says == ["table 'incident_evidence' lacks 'env' for `where`"]


def test_labels_that_no_answer_can_meet_are_listed(
    database: IncidentDatabase, mapped: Mapped, tmp_path: Path
):
    """Each value with its count and the nearest word, wherever labels are."""
    wrong = {"root_cause_category": "Disk full", "acceptable_actions": ["restart_workload"]}
    labels = [label(1, **wrong), label(2, **wrong), label(3, acceptable_actions=[])]
    load(database, tmp_path, labels=labels)
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in labels), encoding="utf-8")
    for one in (database, mapped({"labels": {"file": "labels.jsonl"}})):
        assert [found.says for found in of(examine_source(one), "labels", "warn")] == [
            "root_cause_category 'Disk full' is not in the vocabulary (nearest: disk_exhaustion), "
            "in 2 labels",
            "acceptable_actions is empty, in 1 label",
        ]


@pytest.fixture
def role(postgres_url: str, tmp_path: Path) -> Iterator[tuple[IncidentDatabase, str]]:
    """A role without rights on a loaded PostgreSQL database, and its name."""
    owner = IncidentDatabase(postgres_url)
    load(owner, tmp_path, session_messages=[message()])
    name = f"Role_{secrets.token_hex(4)}"
    execute(owner, f'CREATE ROLE "{name}" LOGIN', "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    url = sa.make_url(postgres_url).set(username=name)
    reader = IncidentDatabase(url.render_as_string(hide_password=False))
    yield reader, name
    reader.close()
    execute(owner, f'DROP OWNED BY "{name}"', f'DROP ROLE "{name}"')
    owner.close()


def permissions(database: IncidentDatabase) -> list[tuple[str, str]]:
    return [
        (one.status, one.says) for one in examine_source(database) if one.check == "permissions"
    ]


def test_a_role_that_may_read_too_little_or_write_too_much_is_told(
    role: tuple[IncidentDatabase, str], postgres_url: str
):
    """The statements of the findings, pasted by the owner, leave a role that may only read."""
    reader, name = role
    owner = IncidentDatabase(postgres_url)
    denied = [one for one in examine_source(reader) if one.check == "permissions"]
    assert [one.status for one in denied] == ["fail"] * len(TABLES) + ["ok"]
    execute(owner, *(one.statement for one in denied if one.statement))
    assert permissions(reader) == [
        ("ok", f"role {name} may read every table of the mapping"),
        ("ok", "finetune_exports is not written: the record of an export stays in the lake"),
    ]
    execute(
        owner,
        f'GRANT INSERT, UPDATE ON finetune_exports TO "{name}"',
        f'GRANT DELETE ON labels TO "{name}"',
        f'GRANT UPDATE (agent_role) ON agent_sessions TO "{name}"',
        f'GRANT CREATE ON SCHEMA public TO "{name}"',
    )
    warned = [one for one in examine_source(reader) if one.check == "permissions"][1:]
    assert [one.status for one in warned] == ["warn", "warn", "ok"]
    assert warned[0].says == f"role {name} may write to public.agent_sessions, public.labels"
    execute(owner, *(one.statement for one in warned if one.statement))
    assert [status for status, _ in permissions(reader)] == ["ok", "ok"]
    assert count(owner, "labels") == 0
    owner.close()


def test_a_superuser_is_told_to_step_down(postgres_url: str, tmp_path: Path):
    """The tests' own role, and most people's first."""
    owner = IncidentDatabase(postgres_url)
    load(owner, tmp_path)
    (warned,) = of(examine_source(owner), "permissions", "warn")
    assert "superuser" in warned.says
    assert "GRANT SELECT ON incident_evidence, " in str(warned.statement)
    owner.close()


def test_a_sqlite_file_that_can_be_written_is_normal(tmp_path: Path):
    """SQLite knows no roles; the finding says so instead of alarming."""
    owner = IncidentDatabase(f"sqlite:///{tmp_path / 'x.sqlite'}")
    load(owner, tmp_path)
    ((status, says),) = permissions(owner)
    assert (status, "normal" in says) == ("ok", True)
    owner.close()
