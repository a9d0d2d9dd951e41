"""What the tests of Dagster's objects share."""

from tests.dagster_migrations import migrations_are_read_once

__all__ = ["migrations_are_read_once"]
