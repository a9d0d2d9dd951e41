"""The base of every versioned record: strict fields, and a version that is checked first."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from replay_assets.errors import ContractError, UnknownVersionError

Reader = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Converts a record of an earlier version into one of the current version."""


class Part(BaseModel):
    """A part of a record: immutable; fields that are not declared are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Record(Part):
    """A record with a `schema_version`.

    `VERSION` is the version that this release writes. It also reads the versions in `EARLIER`: each
    has a function that converts a record to `VERSION`.
    """

    VERSION: ClassVar[str]
    EARLIER: ClassVar[Mapping[str, Reader]] = {}

    schema_version: str

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """Return the record as a model.

        Raises:
            UnknownVersionError: its `schema_version` is not one that this release reads.
            ContractError: a field is missing, unknown or of the wrong type.
        """
        found = record.get("schema_version")
        if isinstance(found, str) and found in cls.EARLIER:
            record = cls.EARLIER[found](record)
        elif found != cls.VERSION:
            known = " and ".join(repr(version) for version in (cls.VERSION, *cls.EARLIER))
            raise UnknownVersionError(
                f"{cls.__name__}: found schema_version {found!r}, this release reads {known}. "
                "Make it again with this release, or read it with the release that wrote it."
            )
        try:
            return cls.model_validate(record)
        except ValidationError as error:
            raise ContractError(f"{cls.__name__}: {describe(error)}") from error

    def as_json(self) -> dict[str, Any]:
        """Return the record as plain JSON types, fields in declared order."""
        return self.model_dump(mode="json")


def describe(error: ValidationError) -> str:
    """Return one line that says which fields are wrong and why."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'record'}: {problem['msg']} "
        f"(found {str(problem['input'])[:60]!r})"
        for problem in error.errors(include_url=False)
    )
