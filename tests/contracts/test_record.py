"""Records have a version, reject unknown fields and are immutable."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from replay_assets.contracts.record import Reader, Record
from replay_assets.contracts.schema_files import CONTRACTS
from replay_assets.errors import ContractError, UnknownVersionError

RECORDS = {name: model for name, model in CONTRACTS.items() if issubclass(model, Record)}


class Reading(Record):
    """The smallest possible record."""

    VERSION: ClassVar[str] = "reading_v2"

    degrees: int


class Temperature(Record):
    """A record whose first version used another unit."""

    VERSION: ClassVar[str] = "temperature_v2"
    EARLIER: ClassVar[Mapping[str, Reader]] = {
        "temperature_v1": lambda record: {
            "schema_version": "temperature_v2",
            "degrees": record["kelvin"] - 273,
        }
    }

    degrees: int


def reading(**changes: object) -> dict[str, Any]:
    return {"schema_version": "reading_v2", "degrees": 21, **changes}


@pytest.mark.parametrize("model", RECORDS.values(), ids=RECORDS)
def test_every_record_kind_names_the_version_it_found(model: type[Record]):
    """The error on a record of a later release names its version, not its unknown fields."""
    with pytest.raises(UnknownVersionError) as refusal:
        model.read({"schema_version": "from_next_year_v9", "unheard_of": 1})
    assert "'from_next_year_v9'" in str(refusal.value)
    assert model.VERSION in str(refusal.value)
    assert "again" in str(refusal.value), "the way out"


def test_a_record_of_an_earlier_version_is_read_as_the_current_version():
    """Records that are already published stay readable; only the newest version is written."""
    found = Temperature.read({"schema_version": "temperature_v1", "kelvin": 294})
    assert found.as_json() == {"schema_version": "temperature_v2", "degrees": 21}


def test_the_error_names_every_version_that_can_be_read():
    """So that a user with an older file sees whether it can be read."""
    with pytest.raises(UnknownVersionError, match="'temperature_v2' and 'temperature_v1'"):
        Temperature.read({"schema_version": "temperature_v3"})


def test_a_record_without_a_version_is_refused_as_such():
    """A record without a version is not assumed to be of the current one."""
    with pytest.raises(UnknownVersionError, match="found schema_version None"):
        Reading.read({"degrees": 21})


@pytest.mark.parametrize(
    ("record", "field", "found"),
    [
        pytest.param(reading(degrees="warm"), "degrees", "warm", id="wrong type"),
        pytest.param(reading(kelvin=294), "kelvin", "294", id="undeclared field"),
        pytest.param({"schema_version": "reading_v2"}, "degrees", "required", id="missing field"),
    ],
)
def test_the_error_on_a_malformed_record_names_the_field_and_its_value(
    record: dict[str, Any], field: str, found: str
):
    """The bad field must be found without a debugger."""
    with pytest.raises(ContractError, match="Reading: ") as refusal:
        Reading.read(record)
    assert field in str(refusal.value)
    assert found in str(refusal.value)


def test_one_error_names_every_wrong_field():
    """Fixing a record must not take one attempt per field."""
    with pytest.raises(ContractError) as refusal:
        Reading.read(reading(degrees="warm", kelvin=294))
    assert "degrees" in str(refusal.value)
    assert "kelvin" in str(refusal.value)


def test_a_record_cannot_be_changed_after_it_was_made():
    """What one stage published, another stage must not change."""
    record = Reading.read(reading())
    with pytest.raises(ValidationError, match="frozen"):
        record.degrees = 22  # type: ignore[misc]


def test_a_record_is_the_same_after_json_with_its_fields_in_declared_order():
    """The order of fields changes the bytes of a file."""
    record = Reading.read({"degrees": 21, "schema_version": "reading_v2"})
    assert list(record.as_json()) == ["schema_version", "degrees"]
    assert Reading.read(record.as_json()) == record
