"""How a request is asked in the base variant: its prompt, then the fields of an answer."""

import json

from replay_assets.contracts.answer import ORIGINAL_FIELDS
from replay_assets.contracts.request import ReplayRequest

FIELDS_DEMAND = "Answer with one JSON object that has these fields and no others:"
"""Begins the part of a question that is the same for all requests."""


def required_fields(request: ReplayRequest) -> list[str]:
    """Return the answer fields that a request asks for; the original's where it names none."""
    return list(request.response_contract.get("required") or ORIGINAL_FIELDS)


def base_question(request: ReplayRequest, prompt: str) -> str:
    """Return a prompt, followed by the fields that an answer must have."""
    fields = request.response_contract.get("fields") or {}
    lines = [
        f"- {name}: {_described(fields.get(name))}" if name in fields else f"- {name}"
        for name in required_fields(request)
    ]
    return "\n".join(
        [
            prompt,
            "",
            FIELDS_DEMAND,
            *lines,
        ]
    )


def _described(description: object) -> str:
    return (
        json.dumps(description, ensure_ascii=False)
        if isinstance(description, dict)
        else str(description)
    )
