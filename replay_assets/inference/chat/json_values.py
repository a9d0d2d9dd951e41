"""Decodes the JSON of endpoints, which may break the standard in ways that don't matter."""

import json
from typing import Any

import msgspec


def decoded(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value; half surrogate pairs and NaN are accepted: some servers write them.

    Raises:
        ValueError: the body is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except ValueError:
        return json.loads(body)
