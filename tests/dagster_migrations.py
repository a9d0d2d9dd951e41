"""Makes instances of Dagster quicker: each one has three new databases."""

from collections.abc import Iterator
from functools import cache

import pytest
from alembic.script import ScriptDirectory


@pytest.fixture(scope="session", autouse=True)
def migrations_are_read_once() -> Iterator[None]:
    """Keep Dagster's migrations, of which it would read 70 files for each database."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ScriptDirectory, "from_config", cache(ScriptDirectory.from_config))
        yield
