"""What the tests of Dagster's objects share."""

from tests.dagster_storage import dagster_storage_is_quick

__all__ = ["dagster_storage_is_quick"]
