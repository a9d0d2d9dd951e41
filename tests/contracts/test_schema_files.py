"""The published JSON Schemas agree with the models."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from replay_assets.contracts.record import Record
from replay_assets.contracts.schema_files import CONTRACTS, published_schema, schema_text
from tests.contracts.examples import records_of_every_kind, sample_labels
from tests.contracts.update_schemas import SCHEMAS, update

KINDS = tuple(CONTRACTS)
VERSIONED = tuple(name for name, model in CONTRACTS.items() if issubclass(model, Record))


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """One real record of each kind."""
    return records_of_every_kind(tmp_path_factory.mktemp("lake"))


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(published_schema(name)))


@pytest.mark.parametrize("name", KINDS)
def test_a_published_schema_equals_its_model(name: str):
    """Readers in other languages use the file; `python -m tests.contracts.update_schemas`."""
    assert published_schema(name) == schema_text(name)


def test_every_schema_file_belongs_to_a_contract():
    """The schema of a contract that was renamed is removed."""
    assert {path.stem for path in SCHEMAS.iterdir()} == set(CONTRACTS)


@pytest.mark.parametrize("name", KINDS)
def test_a_published_schema_is_itself_valid(name: str):
    """The file is a JSON Schema of the draft it names."""
    schema = json.loads(published_schema(name))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]


@pytest.mark.parametrize("name", KINDS)
def test_a_real_record_validates_against_its_schema(name: str, records: dict[str, dict[str, Any]]):
    """What we write agrees with what we publish."""
    validator(name).validate(records[name])


@pytest.mark.parametrize("name", KINDS)
def test_a_schema_refuses_a_field_that_is_not_declared(
    name: str, records: dict[str, dict[str, Any]]
):
    """A label field that gets into another record by mistake must be an error."""
    with pytest.raises(ValidationError, match="expected_root_cause_of_it"):
        validator(name).validate({**records[name], "expected_root_cause_of_it": "disk"})


@pytest.mark.parametrize("name", VERSIONED)
def test_a_schema_refuses_another_version(name: str, records: dict[str, dict[str, Any]]):
    """In the schema the version is a constant, not any text."""
    with pytest.raises(ValidationError, match="from_next_year_v9"):
        validator(name).validate({**records[name], "schema_version": "from_next_year_v9"})


def test_every_label_of_the_samples_validates():
    """The samples contain every kind of label: with nulls, with lists, in both languages."""
    labels = sample_labels()
    assert len(labels) >= 60
    for label in labels:
        validator("incident_label").validate(label.as_json())


def test_updating_the_schemas_writes_what_is_published(tmp_path: Path):
    """The script updates every schema, and removes those of contracts that no longer exist."""
    (tmp_path / "of_a_contract_that_is_gone.json").write_text("{}")
    update(tmp_path)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {
        f"{name}.json": published_schema(name) for name in CONTRACTS
    }
