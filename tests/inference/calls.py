"""Finished calls in their smallest form, for tests to change."""

from typing import Any

from replay_assets.contracts.result import Usage
from replay_assets.inference.call.call import Call
from replay_assets.inference.call.completion import Attempt, Completion


def attempt(**changes: Any) -> Attempt:
    """Return one answered attempt."""
    fields: dict[str, Any] = {
        "status": 200,
        "outcome": "answered",
        "wait_ms": 1.5,
        "latency_ms": 20.0,
        "ttft_ms": None,
        "usage": Usage(prompt_tokens=10, completion_tokens=2, total_tokens=12),
        "cost_usd": None,
        "possibly_paid": False,
    }
    return Attempt(**{**fields, **changes})


def answered(key: str, content: str = "{}", **changes: Any) -> Call:
    """Return an answered call."""
    completion = Completion(
        content=content,
        reasoning="so it was",
        refusal=None,
        finish_reason="stop",
        usage=Usage(prompt_tokens=10, completion_tokens=2, total_tokens=12),
        attempts=(attempt(outcome="server_error", status=500), attempt()),
        response_mode="json_object",
    )
    return Call(**{"key": key, "outcome": "answered", "completion": completion, **changes})


def failed(key: str) -> Call:
    """Return a call whose attempts all failed."""
    tries = (attempt(status=None, outcome="timeout", possibly_paid=True),)
    return Call(key=key, outcome="infrastructure_failure", error="no answer", attempts=tries)
