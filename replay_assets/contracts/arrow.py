"""Arrow schemas derived from models: a table has one column per field, in the declared order.

pyarrow takes a tenth of a second to import, so it is imported when a schema is asked for: whoever
reads a record as JSON does not need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

NAMES = {str: "string", bool: "bool", int: "int64", float: "double"}
VERSION_KEY = "replay_assets.schema_version"


@cache
def arrow_schema(model: type[BaseModel], *, version: str | None = None) -> pa.Schema:
    """Return the Arrow schema of a flat model.

    Args:
        model: its fields are texts, numbers, booleans, instants, or lists of them; any may be None.
        version: named in the metadata of the table's files, for rows without a version field.

    Raises:
        TypeError: a field has no column type; nest nothing in a table.
    """
    import pyarrow as pa

    fields = [
        (name, _arrow_type(field.annotation, f"{model.__name__}.{name}"))
        for name, field in model.model_fields.items()
    ]
    metadata: Mapping[str, str] | None = {VERSION_KEY: version} if version else None
    return pa.schema(fields, metadata=metadata)


def _arrow_type(annotation: Any, where: str) -> pa.DataType:  # noqa: ANN401 - a type expression
    import pyarrow as pa

    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        present = [one for one in get_args(annotation) if one is not NoneType]
        if len(present) == 1:
            return _arrow_type(present[0], where)
    if origin is list:
        return pa.list_(_arrow_type(get_args(annotation)[0], where))
    if origin is Literal and all(isinstance(one, str) for one in get_args(annotation)):
        return pa.string()
    if annotation is datetime:
        return pa.timestamp("us", tz="UTC")
    if annotation in NAMES:
        return pa.type_for_alias(NAMES[annotation])
    raise TypeError(f"{where}: {annotation} has no column type in a table")
