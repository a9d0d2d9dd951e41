"""The types of JSON Schema, and what their values are in Python."""

from collections.abc import Mapping
from types import NoneType
from typing import Any

PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (NoneType,),
}
"""What values of each type are in Python. `True` is an instance of `int` too: compare types."""


def json_type(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the narrowest type that JSON Schema has for a value."""
    return next(name for name, types in PYTHON_TYPES.items() if type(value) in types)
