"""The stand-in speaks the OpenAI protocol, in process and as a server, and plays faults."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from replay_assets.inference.stand_in.app import embedded_app, stand_in_app
from replay_assets.inference.stand_in.faults import FaultPlan
from tests.inference.scripted_server import serving

CHAT = {"model": "rules-baseline", "messages": [{"role": "user", "content": "OOMKilled"}]}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """The embedded application as a server."""
    with serving(embedded_app()) as address:
        yield address


def ask(url: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
    """Send a request; return status, body (as JSON where it is some) and headers."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:
            code, text, headers = answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            code, text, headers = error.code, error.read().decode(), dict(error.headers)
    try:
        return code, json.loads(text), headers
    except ValueError:
        return code, text, headers


def test_the_models_are_the_two_baselines(base_url: str) -> None:
    """Anyone who asks what runs here is told."""
    code, listed, _ = ask(f"{base_url}/models")
    assert code == 200
    assert {model["id"] for model in listed["data"]} == {"rules-baseline", "constant-baseline"}
    assert {model["owned_by"] for model in listed["data"]} == {"replay_assets"}


def test_a_completion_has_the_form_of_the_protocol(base_url: str) -> None:
    """One choice, a reason, tokens that add up, the model's own name."""
    code, body, _ = ask(f"{base_url}/chat/completions", CHAT)
    assert code == 200
    (choice,) = body["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "stop"
    assert json.loads(choice["message"]["content"])["root_cause"]["category"] == "memory_exhaustion"
    assert body["model"] == "rules-baseline"
    usage = body["usage"]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"] > 0


def test_an_unknown_model_is_404_and_told_which_there_are(base_url: str) -> None:
    """As real servers answer a model that is not loaded."""
    code, body, _ = ask(f"{base_url}/chat/completions", {**CHAT, "model": "nemotron"})
    assert code == 404
    assert "rules-baseline" in body["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", [], {}, {"model": "x"}, {"messages": []},
     {**CHAT, "messages": ["x"]}, {**CHAT, "messages": [{"role": "user"}]}],
    ids=repr,
)  # fmt: skip
def test_a_bad_body_is_400(base_url: str, body: Any) -> None:
    """The caller's mistake, not the server's."""
    code, answer, _ = ask(f"{base_url}/chat/completions", body)
    assert code == 400
    assert "model and messages" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "code"), [("429", 429), ("500", 500), ("not_json", 200), ("wrong_contract", 200)]
)
def test_a_fault_is_played_for_its_whole_share(fault: Any, code: int) -> None:
    """A share of 1 is every request."""
    with serving(stand_in_app(FaultPlan(shares={fault: 1.0}))) as address:
        found, body, headers = ask(f"{address}/chat/completions", CHAT)
    assert found == code
    if fault == "429":
        assert headers["retry-after"] == "1"
    if fault == "not_json":
        assert isinstance(body, str)
    if fault == "wrong_contract":
        assert list(json.loads(body["choices"][0]["message"]["content"])) == ["proposed_action"]


def test_a_hanging_request_outlasts_its_caller() -> None:
    """The caller gives up, not the server."""
    with serving(stand_in_app(FaultPlan(shares={"hang": 1.0}))) as address:
        request = urllib.request.Request(f"{address}/chat/completions", b"{}")
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(request, timeout=0.2)


def test_latency_is_added_to_every_answer() -> None:
    """To see a run's concurrency at work."""
    with serving(stand_in_app(FaultPlan(latency_ms=80))) as address:
        started = time.perf_counter()
        code, _, _ = ask(f"{address}/chat/completions", CHAT)
        assert (code, time.perf_counter() - started >= 0.08) == (200, True)
