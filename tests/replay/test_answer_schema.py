"""The schema of an answer: valid answers keep the contract, and all lengths are limited."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from replay_assets.contracts.answer import ANSWER_FIELDS, ORIGINAL_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.replay.answer_schema import answer_schema
from replay_assets.replay.answers import parse_answer
from tests.replay.packs import answer, original_answer


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema within a schema."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from parts(value)


def valid(schema: dict[str, Any], value: object) -> bool:
    """Whether a value keeps a schema."""
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("required", "good"),
    [(ANSWER_FIELDS, answer()), (ORIGINAL_FIELDS, original_answer())],
    ids=["ours", "original"],
)
def test_what_keeps_the_schema_keeps_the_contract(
    required: tuple[str, ...], good: dict[str, Any], vocabulary: Vocabulary
) -> None:
    """A missing or additional field breaks the schema."""
    schema = answer_schema(required, vocabulary)
    assert valid(schema, good)
    assert parse_answer(json.dumps(good), required=required, vocabulary=vocabulary) == good
    for name in required:
        assert not valid(schema, {key: value for key, value in good.items() if key != name})
    assert not valid(schema, {**good, "rca_correct": True})


@pytest.mark.parametrize(
    "changes",
    [{"risk_level": "severe"}, {"action_id": "reboot"}, {"requires_human_approval": "false"},
     {"action_plan": []}, {"action_plan": "Restart"}, {"proposed_action": ""},
     {"root_cause": {**answer()["root_cause"], "category": "gremlins"}},
     {"root_cause": {**answer()["root_cause"], "components": list("abcd")}}],
    ids=str,
)  # fmt: skip
def test_what_the_contract_or_its_bounds_refuse_breaks_the_schema(
    changes: dict[str, Any], vocabulary: Vocabulary
) -> None:
    """An endpoint that enforces the schema makes a repair unnecessary."""
    assert not valid(answer_schema(ANSWER_FIELDS, vocabulary), answer(**changes))


def test_every_text_and_list_has_a_maximum_length(vocabulary: Vocabulary) -> None:
    """Otherwise a small model may never end one."""
    schema = answer_schema((*ANSWER_FIELDS, "own_field"), vocabulary)
    kinds = [part for part in parts(schema) if isinstance(part.get("type"), str)]
    assert len(kinds) > 10
    for part in kinds:
        if part["type"] == "string":
            assert "enum" in part or part["maxLength"] <= 400
        if part["type"] == "array":
            assert part["maxItems"] <= 8
        if part["type"] == "object":
            assert part["additionalProperties"] is False
