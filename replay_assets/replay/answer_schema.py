"""The answer contract as a JSON Schema, for endpoints that support structured output.

Every text and list has a maximum length: without one, a small model may never end its strings, and
each of its answers is cut at the token limit.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from replay_assets.contracts.answer import (
    MAX_COMPONENTS,
    MAX_STATEMENT_CHARACTERS,
    RISK_LEVELS,
)
from replay_assets.contracts.vocabulary import Vocabulary

MAX_ACTION_CHARACTERS = 400
MAX_STEPS, MAX_STEP_CHARACTERS = 8, 200
MAX_COMPONENT_CHARACTERS = 100

Schema = dict[str, Any]


def answer_schema(required: Sequence[str], vocabulary: Vocabulary) -> Schema:
    """Return the schema of an answer with exactly the required fields.

    Its maximum lengths are stricter than the contract: an answer from an endpoint that does not use
    the schema may be longer. Fields that are not in the contract are texts of limited length.
    """
    return _schema(tuple(required), vocabulary)


@lru_cache(maxsize=8)
def _schema(required: tuple[str, ...], vocabulary: Vocabulary) -> Schema:
    known: dict[str, Schema] = {
        "proposed_action": _text(MAX_ACTION_CHARACTERS),
        "action_plan": _list(_text(MAX_STEP_CHARACTERS), most=MAX_STEPS),
        "risk_level": {"type": "string", "enum": list(RISK_LEVELS)},
        "requires_human_approval": {"type": "boolean"},
        "blocked_by_policy": {"type": "boolean"},
        "root_cause": _object(
            {
                "components": _list(_text(MAX_COMPONENT_CHARACTERS), most=MAX_COMPONENTS),
                "category": _one_of(vocabulary.root_cause_categories),
                "statement": _text(MAX_STATEMENT_CHARACTERS),
            }
        ),
        "action_id": _one_of(vocabulary.actions),
    }
    return _object({name: known.get(name, _text(MAX_ACTION_CHARACTERS)) for name in required})


def _object(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Schema, *, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most}


def _text(most: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": most}


def _one_of(entries: Sequence[Any]) -> Schema:
    return {"type": "string", "enum": [entry.id for entry in entries]}
