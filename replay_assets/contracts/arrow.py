"""Arrow schemas derived from models: one column per field, in the declared order.

Importing pyarrow takes a tenth of a second, so it is imported only when a schema is needed: code
that reads records as JSON does not need it.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Union, get_args, get_origin

from replay_assets.contracts.record import Part

if TYPE_CHECKING:
    import pyarrow as pa

COLUMN_TYPES = {str: "string", bool: "bool", int: "int64", float: "double"}
VERSION_KEY = "replay_assets.schema_version"


class TableRow(Part):
    """A row of a table that names its version in the metadata of its files, not in a column."""

    TABLE_VERSION: ClassVar[str]


@cache
def arrow_schema(model: type[Part]) -> pa.Schema:
    """Return the Arrow schema of a flat model; every column may be null.

    Raises:
        TypeError: a field is neither text, number, boolean, instant nor a list of these.
    """
    import pyarrow as pa

    fields = [
        (name, _arrow_type(field.annotation, f"{model.__name__}.{name}"))
        for name, field in model.model_fields.items()
    ]
    if issubclass(model, TableRow):
        return pa.schema(fields, metadata={VERSION_KEY: model.TABLE_VERSION})
    return pa.schema(fields)


def _arrow_type(annotation: Any, where: str) -> pa.DataType:  # noqa: ANN401 - a type expression
    import pyarrow as pa

    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        present = [one for one in arguments if one is not NoneType]
        if len(present) == 1:
            return _arrow_type(present[0], where)
    if origin is list:
        return pa.list_(_arrow_type(arguments[0], where))
    if origin is Literal and all(isinstance(one, str) for one in arguments):
        return pa.string()
    if annotation is datetime:
        return pa.timestamp("us", tz="UTC")
    if annotation in COLUMN_TYPES:
        return pa.type_for_alias(COLUMN_TYPES[annotation])
    # No nested columns: queries should not have to unpack them.
    raise TypeError(f"{where}: {annotation} can't be a column of a table")
