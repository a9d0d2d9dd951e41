"""What the project needs of its source: SELECT and nothing else; what of it is never shown."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._serdes import serialize_value

from replay_assets.errors import ReadOnlySourceError, SourceError
from replay_assets.evidence.freshness import observe
from replay_assets.evidence.labels import extract_labels
from replay_assets.lake.store import Store
from replay_assets.source.connection import session_settings
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.day import reading
from replay_assets.source.day.orphans import count_orphans
from replay_assets.source.day.streams import LONGEST_READ_S, adbc_reader
from tests.conftest import settings_in
from tests.defs.walks import walk_day
from tests.evidence.extracted import extracted
from tests.source.rows import DAY, execute, label, load, message, repair, session

ReadOnly = tuple[IncidentDatabase, str]
READERS = pytest.mark.parametrize("fast", [False, True], ids=["sqlalchemy", "adbc"])


def address_of(database: IncidentDatabase, **changes: Any) -> str:
    """Return a database's URL with its password, changed."""
    return database.engine.url.set(**changes).render_as_string(hide_password=False)


def chain_of(error: BaseException | None) -> str:
    """Return everything that an error and its causes say, hidden ones too."""
    said = []
    while error is not None:
        said.append(f"{error!r} {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(said)


@READERS
def test_a_role_that_may_only_select_is_enough(fast: bool, read_only: ReadOnly, tmp_path: Path):
    """Extraction, labels, observation and the count of what is in no day."""
    reader, _ = read_only
    day = extracted(reader, DAY, fast=fast)
    assert [row["id"] for row in day.kept] == ["ev-1"]
    assert day.facts["read_by"] == f"{'adbc' if fast else 'sqlalchemy'}, lateral"
    assert extract_labels(reader, DAY).facts["source_has_labels"]
    (seen,) = observe(reader, [DAY], Store(str(tmp_path / "evidence")))
    assert seen.fingerprint == day.facts["source_fingerprint"]
    assert count_orphans(reader, DAY.day, "Asia/Taipei").lost_evidence == 0


@READERS
def test_a_table_that_the_role_may_not_read_is_named(
    fast: bool, read_only: ReadOnly, postgres_url: str
):
    """A grant that was forgotten is found by its table, on either path."""
    reader, password = read_only
    role = reader.engine.url.username
    owner = IncidentDatabase(postgres_url)
    execute(owner, f"REVOKE SELECT ON auto_repair_executions FROM {role}")
    with pytest.raises(SourceError, match=r"permission denied for .*auto_repair_executions") as no:
        extracted(reader, DAY, fast=fast)
    assert password not in chain_of(no.value)
    owner.close()


def test_a_snapshot_cannot_write(database: IncidentDatabase, tmp_path: Path):
    """Not even for a role that may: reading must never change the source."""
    load(database, tmp_path)
    with pytest.raises(ReadOnlySourceError), database.snapshot() as connection:
        connection.exec_driver_sql("DELETE FROM incident_evidence")
    assert len(extracted(database, DAY).kept) == 1


def test_the_connection_that_shares_a_snapshot_cannot_write_and_has_its_limits(
    database_of_roles: IncidentDatabase,
):
    """ADBC's session is set as SQLAlchemy's is, in the same state of the database."""
    asked = ["transaction_read_only", "transaction_isolation", "statement_timeout", "TimeZone"]
    question = ", ".join(f"current_setting('{name}')" for name in asked)
    with database_of_roles.snapshot() as connection:
        shared = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        with adbc_reader(connection, shared) as reader, reader._connection.cursor() as cursor:
            cursor.execute(f"SELECT {question}")
            (found,) = cursor.fetchall()
        assert tuple(found) == tuple(connection.exec_driver_sql(f"SELECT {question}").one())
    assert tuple(found) == ("on", "repeatable read", "10min", "UTC")


def test_a_connection_that_waits_for_the_other_is_not_cut_off(database_of_roles: IncidentDatabase):
    """While ADBC reads, the first connection idles in the transaction that holds the snapshot."""
    allowed = "SELECT extract(epoch FROM current_setting('idle_in_transaction_session_timeout')"
    with database_of_roles.snapshot() as connection:
        seconds = connection.exec_driver_sql(f"{allowed}::interval)").scalar_one()
    assert seconds >= LONGEST_READ_S


@pytest.fixture
def database_of_roles(postgres_url: str, tmp_path: Path) -> Iterator[IncidentDatabase]:
    """A loaded PostgreSQL database, by its owner."""
    database = IncidentDatabase(postgres_url)
    load(
        database,
        tmp_path,
        agent_sessions=[session()],
        auto_repair_executions=[repair()],
        session_messages=[message()],
        labels=[label()],
    )
    yield database
    database.close()


@READERS
def test_a_statement_that_takes_too_long_is_stopped_and_says_so(
    fast: bool, database_of_roles: IncidentDatabase, monkeypatch: pytest.MonkeyPatch
):
    """The source is protected from us; nothing is published."""
    execute(
        database_of_roles,
        "ALTER TABLE auto_repair_executions RENAME TO repairs",
        """CREATE VIEW auto_repair_executions AS
           SELECT * FROM repairs WHERE pg_sleep(20) IS NOT NULL""",
    )
    monkeypatch.setitem(session_settings.SESSION_SETTINGS, "statement_timeout", "300ms")
    with pytest.raises(SourceError, match="canceling statement due to statement timeout") as stop:
        extracted(database_of_roles, DAY, fast=fast)
    assert "\n" not in str(stop.value)
    assert str(stop.value).startswith(database_of_roles.name)


@contextmanager
def passwords_demanded(owner: IncidentDatabase, role: str) -> Iterator[None]:
    """Let the server ask a role for its password, where it is one that trusts everybody."""
    with owner.snapshot() as connection:
        file = Path(connection.exec_driver_sql("SHOW hba_file").scalar_one())
    before = file.read_text() if file.is_file() else None
    if before is not None:
        file.write_text(f"local all {role} scram-sha-256\n{before}")
        execute(owner, "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        if before is not None:
            file.write_text(before)
            execute(owner, "SELECT pg_reload_conf()")


@pytest.mark.parametrize("place", ["in the URL", "in the query"])
def test_a_wrong_password_is_never_shown(
    place: str,
    read_only: ReadOnly,
    postgres_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    """Neither in the error nor behind it, nor in any event of Dagster's."""
    reader, _ = read_only
    wrong = "wrong-" + secrets.token_hex(8)
    owner = IncidentDatabase(postgres_url)
    url = reader.engine.url.set(password=wrong)
    if place == "in the query":
        query = {**url.query, "user": url.username or "", "password": wrong}
        url = sa.URL.create(url.drivername, database=url.database, query=query)
    address = url.render_as_string(hide_password=False)
    caplog.set_level("DEBUG")
    with passwords_demanded(owner, reader.engine.url.username or ""):
        database = IncidentDatabase(address)
        with pytest.raises(SourceError, match="password authentication failed") as refusal:
            extracted(database, DAY)
        assert wrong not in chain_of(refusal.value)
        said = said_by_dagster(address, tmp_path)
    assert "password authentication failed" in said
    assert wrong not in said
    assert wrong not in caplog.text
    database.close()
    owner.close()


def test_a_second_connection_that_is_refused_shows_no_password(
    read_only: ReadOnly,
    postgres_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    """The one of ADBC: here the role may have but one."""
    monkeypatch.setattr(reading, "ADBC_FROM_ROWS", 0)  # so that a small day is read by it, too
    reader, password = read_only
    owner = IncidentDatabase(postgres_url)
    execute(owner, f"ALTER ROLE {reader.engine.url.username} CONNECTION LIMIT 1")
    reader.close()
    caplog.set_level("DEBUG")
    url = reader.engine.url
    hidden = sa.URL.create(
        url.drivername,
        database=url.database,
        query={**url.query, "user": url.username or "", "password": password},
    )
    for address in (address_of(reader), hidden.render_as_string(hide_password=False)):
        database = IncidentDatabase(address)
        with pytest.raises(SourceError, match="too many connections for role") as refusal:
            extracted(database, DAY, fast=True)
        assert password not in chain_of(refusal.value)
        database.close()
        said = said_by_dagster(address, tmp_path)
        assert "too many connections for role" in said
        assert password not in said
    assert password not in caplog.text
    owner.close()


@READERS
def test_a_host_that_is_not_there_shows_no_password(fast: bool, tmp_path: Path):
    """The same for a server that does not run."""
    wrong = "wrong-" + secrets.token_hex(8)
    address = f"postgresql+psycopg://u:{wrong}@127.0.0.1:1/db?application_name={wrong}"
    database = IncidentDatabase(address)
    with pytest.raises(SourceError, match=r"127\.0\.0\.1") as refusal:
        extracted(database, DAY, fast=fast)
    assert wrong not in chain_of(refusal.value)
    assert wrong not in said_by_dagster(address, tmp_path)
    database.close()


def said_by_dagster(address: str, tmp_path: Path) -> str:
    """Return every event of a run that materialises a day from an address."""
    settings = settings_in(tmp_path, source_url=address)
    result = walk_day(settings, DAY.day, asset_selection=[dg.AssetKey("incident_evidence")])
    assert not result.success
    return "\n".join(serialize_value(event) for event in result.all_events)


@READERS
def test_one_of_several_hosts_may_be_named(fast: bool, database_of_roles: IncidentDatabase):
    """SQLAlchemy's form of it is none that libpq knows; both readers must be on one server."""
    url = database_of_roles.engine.url
    folder = url.query["host"]
    database = IncidentDatabase(
        address_of(database_of_roles, query={"host": ("/nonexistent", str(folder))})
    )
    assert [row["id"] for row in extracted(database, DAY, fast=fast).kept] == ["ev-1"]
    database.close()
