"""What every versioned record has in common: strict fields, and a version that is checked first."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from replay_assets.errors import ContractError, UnknownVersionError

Reader = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Turns a record of an earlier version into one of the present version."""


class Part(BaseModel):
    """A piece of a record: immutable, and closed to fields that were not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Record(Part):
    """A record with a `schema_version`.

    `VERSION` is the one that this release writes. It also reads those of `EARLIER`, each by the
    function that turns such a record into one of `VERSION`.
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
                "Make it again with this release, or read it with its own."
            )
        try:
            return cls.model_validate(record)
        except ValidationError as error:
            raise ContractError(f"{cls.__name__}: {describe(error)}") from error

    def as_json(self) -> dict[str, Any]:
        """Return the record as plain JSON types, fields in declared order."""
        return self.model_dump(mode="json")


def describe(error: ValidationError) -> str:
    """Say in one line which fields are wrong and why."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'record'}: {problem['msg']} "
        f"(found {str(problem['input'])[:60]!r})"
        for problem in error.errors(include_url=False)
    )
