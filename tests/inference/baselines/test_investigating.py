"""The baselines as agents: each section is read once, then the rules answer."""

import json
from typing import Any

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.inference.baselines.app import completion_of
from replay_assets.request_packs.prompts import system_prompt

EVIDENCE = """Alert: PodOOMKilled

--- fetch_pod_logs {"pod_name": "web-0"}
Java heap

$ kubectl -n shop describe pod web-0 | tail
Reason: OOMKilled
$ kubectl logs deploy/web -n shop
$ kubectl get pods -n shop
$ kubectl get pods -n shop
"""
NAMES = ("fetch_pod_logs", "kubectl_describe", "kubectl_get", "get_logs", "restart_deployment")
TOOLS = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in NAMES]


def asked(model: str, *more: dict[str, Any]) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": system_prompt(load_vocabulary())},
        {"role": "user", "content": EVIDENCE},
        *more,
    ]
    body = {"model": model, "messages": messages, "tools": TOOLS}
    message: dict[str, Any] = completion_of(json.dumps(body).encode())["choices"][0]["message"]
    return message


def test_the_rules_read_each_section_once():
    """In the form in which each is recorded; a repeated command is asked once."""
    calls = [one["function"] for one in asked("rules-baseline")["tool_calls"]]
    assert [(one["name"], json.loads(one["arguments"])) for one in calls] == [
        ("fetch_pod_logs", {"pod_name": "web-0"}),
        ("kubectl_describe", {"resource": "pod", "name": "web-0", "namespace": "shop"}),
        ("get_logs", {"pod": "deploy/web", "namespace": "shop"}),
        ("kubectl_get", {"resource": "pods", "namespace": "shop"}),
    ]


def test_after_the_results_the_rules_answer():
    """As they answer without tools, from what is new in the results too."""
    result = {"role": "tool", "tool_call_id": "call_0", "content": "Reason: OOMKilled"}
    said = asked("rules-baseline", {"role": "assistant", "content": None}, result)
    assert "tool_calls" not in said
    assert json.loads(said["content"])["root_cause"]["category"] == "memory_exhaustion"


def test_the_constant_answer_needs_no_tools():
    """It answers immediately."""
    assert "tool_calls" not in (said := asked("constant-baseline"))
    assert json.loads(said["content"])["root_cause"]["components"] == ["unknown"]
