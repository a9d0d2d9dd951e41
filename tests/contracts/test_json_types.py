"""The types of JSON Schema, in one table for tools, cases and training files."""

from typing import Any

import pytest

from replay_assets.contracts.json_types import PYTHON_TYPES, json_type

VALUES = [
    ("重啟", "string"),
    ("", "string"),
    (0, "integer"),
    (3.0, "number"),
    (False, "boolean"),
    ([None], "array"),
    ({}, "object"),
    (None, "null"),
]


@pytest.mark.parametrize(("value", "name"), VALUES)
def test_a_value_has_the_narrowest_type(value: Any, name: str) -> None:
    """A flag is not an integer, though Python says so; a whole number is one."""
    assert json_type(value) == name


def test_every_type_of_json_schema_is_in_the_table() -> None:
    """The seven of the draft of 2020-12."""
    assert set(PYTHON_TYPES) == {name for _, name in VALUES}
