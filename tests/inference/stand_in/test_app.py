"""The stand-in implements the OpenAI protocol, in process and as a server, and plays faults."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from replay_assets.inference.baselines.app import embedded_app
from replay_assets.inference.stand_in.app import stand_in_app
from replay_assets.inference.stand_in.faults import Fault, FaultPlan
from tests.inference.scripted_server import serving, serving_stand_in

pytestmark = pytest.mark.integration

CHAT = {"model": "rules-baseline", "messages": [{"role": "user", "content": "OOMKilled"}]}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """Serve the built-in application."""
    with serving(embedded_app()) as address:
        yield address


def ask(url: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
    """Send a request; return status, body (parsed if it is JSON) and headers."""
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
    """Any client can list what runs here."""
    code, listed, _ = ask(f"{base_url}/models")
    assert code == 200
    assert {model["id"] for model in listed["data"]} == {"rules-baseline", "constant-baseline"}
    assert {model["owned_by"] for model in listed["data"]} == {"replay_assets"}


def test_a_completion_follows_the_protocol(base_url: str) -> None:
    """One choice, a finish reason, tokens that add up, the model's own name."""
    code, body, _ = ask(f"{base_url}/chat/completions", CHAT)
    assert code == 200
    (choice,) = body["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "stop"
    assert json.loads(choice["message"]["content"])["root_cause"]["category"] == "memory_exhaustion"
    assert body["model"] == "rules-baseline"
    usage = body["usage"]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"] > 0


def test_an_unknown_model_gets_a_404_that_lists_the_models(base_url: str) -> None:
    """As real servers answer for a model that is not loaded."""
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
def test_a_fault_is_played_for_its_full_share(fault: Any, code: int) -> None:
    """A share of 1 means every request."""
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
    """To see the effect of a run's concurrency."""
    with serving(stand_in_app(FaultPlan(latency_ms=80))) as address:
        started = time.perf_counter()
        code, _, _ = ask(f"{address}/chat/completions", CHAT)
        assert (code, time.perf_counter() - started >= 0.08) == (200, True)


def statuses(address: str, times: int) -> list[tuple[int, dict[str, str]]]:
    """Send several requests; return statuses and headers."""
    answers = [ask(f"{address}/chat/completions", CHAT) for _ in range(times)]
    return [(code, headers) for code, _, headers in answers]


@pytest.mark.parametrize("send_retry_after", [False, True], ids=["silent", "retry_after"])
def test_a_limit_accepts_the_set_number_per_window(send_retry_after: bool) -> None:
    """Above it 429, with the time until the next request is accepted if that is configured."""
    plan = FaultPlan(limit=2, window_s=0.6, send_retry_after=send_retry_after)
    with serving_stand_in(plan) as address:
        first = statuses(address, 3)
        time.sleep(0.65)
        later = statuses(address, 1)
    assert [code for code, _ in first] == [200, 200, 429]
    assert first[2][1].get("retry-after") == ("1" if send_retry_after else None)
    assert later[0][0] == 200


def test_the_fault_of_a_request_does_not_depend_on_other_requests() -> None:
    """The same body gets the same faults in the same order, at any concurrency."""
    shares: dict[Fault, float] = {"500": 0.3, "429": 0.3}
    alone, among = FaultPlan(shares=shares, seed=5), FaultPlan(shares=shares, seed=5)
    expected = [alone.draw(b"mine") for _ in range(20)]
    found = []
    for number in range(20):
        among.draw(b"another %d" % number)
        found.append(among.draw(b"mine"))
    assert found == expected
    assert len(set(expected)) == 3


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [("503", 503, "on purpose"), ("html_error", 502, "<html>"), ("echo_headers", 400, "host"),
     ("wrong_usage", 200, "many"), ("429_silent", 429, "on purpose")],
)  # fmt: skip
def test_other_faults_answer_as_named(fault: Fault, code: int, says: str) -> None:
    """Those on the connection itself are tested with the client."""
    with serving_stand_in(FaultPlan(shares={fault: 1.0})) as address:
        found, body, headers = ask(f"{address}/chat/completions", CHAT)
    assert found == code
    assert says in (body if isinstance(body, str) else json.dumps(body))
    assert "retry-after" not in headers
