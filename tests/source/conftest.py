"""A PostgreSQL role that may only read, for tests of what the project needs of its source."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import execute, load


@pytest.fixture
def read_only(postgres_url: str, tmp_path: Path) -> Iterator[tuple[IncidentDatabase, str]]:
    """A loaded PostgreSQL database as a role sees it that may only read, and its password."""
    owner = IncidentDatabase(postgres_url)
    load(owner, tmp_path)
    role, password = f"reader_{secrets.token_hex(4)}", secrets.token_hex(12)
    execute(
        owner,
        f"CREATE ROLE {role} LOGIN PASSWORD '{password}'",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
    )
    url = sa.make_url(postgres_url).set(username=role, password=password)
    reader = IncidentDatabase(url.render_as_string(hide_password=False))
    yield reader, password
    reader.close()
    execute(owner, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    owner.close()
