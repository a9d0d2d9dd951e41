"""What the baselines do with tools: one never calls, one matches words."""

import json
from typing import Any

import pytest

from replay_assets.inference.baselines.app import completion_of

LOOK = {
    "name": "get_logs",
    "description": "Return the last lines of the log of a pod",
    "parameters": {
        "properties": {
            "pod": {"type": "string"},
            "namespace": {"type": "string"},
            "tail": {"type": "integer"},
            "level": {"type": "string", "enum": ["error", "warning"]},
        }
    },
}
RESTART = {"name": "restart_deployment", "description": "Restart a deployment"}


def answer(model: str, request: str) -> dict[str, Any]:
    """The choice that a baseline returns for a request with both tools."""
    tools = [{"type": "function", "function": one} for one in (RESTART, LOOK)]
    messages = [{"role": "user", "content": request}]
    body = json.dumps({"model": model, "messages": messages, "tools": tools})
    choice: dict[str, Any] = completion_of(body.encode())["choices"][0]
    return choice


def test_words_of_the_request_choose_tool_and_parameters():
    """Numbers, choices, and names with hyphens."""
    choice = answer(
        "rules-baseline", "Show 50 lines with errors of the log of pod api-7f-x in namespace shop."
    )
    (call,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert call["function"]["name"] == "get_logs"
    assert json.loads(call["function"]["arguments"]) == {
        "pod": "api-7f-x",
        "namespace": "shop",
        "tail": 50,
        "level": "error",
    }


@pytest.mark.parametrize(
    ("model", "request_text"),
    [
        ("rules-baseline", "What is the capital of France?"),
        ("constant-baseline", "Show the last lines of the log of pod api-7f."),
    ],
)
def test_a_baseline_may_call_nothing(model: str, request_text: str):
    """Without words in common, and always."""
    choice = answer(model, request_text)
    assert "tool_calls" not in choice["message"]
    assert choice["message"]["content"]
