"""Makes instances of Dagster quicker: each one has three new databases."""

from collections.abc import Iterator
from functools import cache, lru_cache

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.pool import NullPool


@pytest.fixture(scope="session", autouse=True)
def dagster_storage_is_quick() -> Iterator[None]:
    """Read Dagster's migrations once, and keep the engines of its databases.

    It would read 70 files for each new database, and make an engine, which compiles each statement
    again, for each event of a run. Connections are made and closed as before.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ScriptDirectory, "from_config", cache(ScriptDirectory.from_config))
        for module in (sqlite_event_log, sqlite_run_storage):
            patched.setattr(module, "create_engine", kept_engine)
        yield


def kept_engine(url: str, **_: object) -> sa.Engine:
    """Return the engine of one of Dagster's databases; all have the options of its event log."""
    return _engine(url)


@lru_cache(maxsize=32)
def _engine(url: str) -> sa.Engine:
    timeout = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
    return sa.create_engine(url, poolclass=NullPool, connect_args=timeout)
