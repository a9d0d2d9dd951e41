"""How the client handles an endpoint's answers, faults and time."""

import contextlib
import socket
import time
from typing import Any

import pytest

from replay_assets.inference.call.failures import (
    InfrastructureError,
    RequestRejectedError,
    RunRejectedError,
)
from replay_assets.inference.throttling.backoff import MOST_RATE_LIMITS, TRIES
from tests.inference.scripted_server import (
    MESSAGES,
    Reply,
    Script,
    ask,
    break_off,
    completion,
    payload,
    status,
)

KEY = "nvapi-" + "FAKE0123456789"

pytestmark = pytest.mark.usefixtures("no_waits")


def test_a_completion_is_returned_with_its_usage(server: Script) -> None:
    """Content, finish reason and tokens as the endpoint reported them, in one attempt."""
    server.answers(completion("hello", usage=(30, 5)))
    started = time.perf_counter()
    answer = ask(server)
    took_ms = (time.perf_counter() - started) * 1000
    assert (answer.content, answer.finish_reason, len(answer.attempts)) == ("hello", "stop", 1)
    assert answer.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 30,
        "completion_tokens": 5,
        "total_tokens": 35,
    }
    # The wait is the time before the request: both together are never more than the call took.
    assert 0 <= answer.wait_ms <= took_ms - answer.latency_ms


def test_a_request_has_model_messages_sampling_and_response_format(server: Script) -> None:
    """Other sampling fields are sent to the endpoint unchanged."""
    server.answers("x")
    ask(server, sampling={"temperature": 0.5, "max_tokens": 7, "seed": 3})
    assert server.paths == ["/v1/chat/completions"]
    assert server.bodies == [
        {
            "model": "vendor/model",
            "messages": MESSAGES,
            "temperature": 0.5,
            "max_tokens": 7,
            "seed": 3,
            "response_format": {"type": "json_object"},
        }
    ]


def test_a_parameter_that_a_model_does_not_take_is_not_sent(server: Script) -> None:
    """Null leaves it out; a stream may do without options."""
    server.answers("x")
    sampling = {"temperature": None, "max_tokens": None, "max_completion_tokens": 7}
    ask(server, sampling=sampling, stream=True, stream_options=False, response_format="none")
    assert server.bodies == [
        {
            "model": "vendor/model",
            "messages": MESSAGES,
            "max_completion_tokens": 7,
            "stream": True,
        }
    ]


@pytest.mark.parametrize(
    ("key", "header"),
    [(KEY, f"Bearer {KEY}"), (f" {KEY}\n", f"Bearer {KEY}"), (None, None), ("  ", None)],
    ids=["key", "key_with_a_line_feed", "none", "blank"],
)
def test_the_key_is_sent_in_the_header_only(
    server: Script, key: str | None, header: str | None
) -> None:
    """A key read from a file ends with a line feed; a local server needs no key."""
    server.answers("x")
    ask(server, api_key=key)
    assert server.headers[0].get("authorization") == header
    assert KEY not in str(server.bodies)


@pytest.mark.parametrize("code", [401, 402, 404, 410])
def test_a_rejected_key_or_model_ends_the_run(server: Script, code: int) -> None:
    """No later request can succeed: one attempt, and the message names the way out."""
    server.answers(status(code, f"no {KEY}"))
    with pytest.raises(RunRejectedError) as caught:
        ask(server, api_key=KEY, api_key_env="MODEL_KEY")
    text = str(caught.value)
    assert len(server.bodies) == 1
    assert all(part in text for part in (str(code), "MODEL_KEY", "vendor/model", server.base_url))
    assert KEY not in text


@pytest.mark.parametrize("code", [400, 403, 413, 415, 422])
def test_another_4xx_is_the_answer_to_this_request(server: Script, code: int) -> None:
    """The same request would be rejected again."""
    server.answers(status(code, "too long"))
    with pytest.raises(RequestRejectedError, match=f"HTTP {code}: too long"):
        ask(server)
    assert len(server.bodies) == 1


FAULTS: dict[str, Reply] = {
    "408": status(408),
    **{str(code): status(code) for code in (409, 424, 425, 498, 499, 529)},
    "429": status(429),
    "500": status(500),
    "503": status(503),
    "redirect": status(302, Location="http://127.0.0.1:1/"),
    "not_json": status(200, "<html>on purpose</html>"),
    "no_choices": payload({"choices": []}),
    "error_with_200": payload({"error": {"message": "overloaded"}}),
    "a_list": payload([1]),
    "null_message": payload({"choices": [{"message": None}]}),
    "content_of_numbers": completion([1, 2]),
    "nested_without_end": status(200, "[" * 100_000),
    "wrong_encoding": status(200, "plain", Content_Encoding="gzip"),
    "broken_off": break_off,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_lasting_fault_is_an_infrastructure_failure(server: Script, fault: Reply) -> None:
    """Every fault is retried, and in the end not mistaken for a wrong answer."""
    server.answers(fault)
    tries = MOST_RATE_LIMITS if fault is FAULTS["429"] else TRIES
    with pytest.raises(InfrastructureError, match=f"no answer after {tries} tries: ") as caught:
        ask(server)
    assert len(server.bodies) == len(caught.value.attempts) == tries


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_passing_fault_costs_one_attempt_and_no_answer(server: Script, fault: Reply) -> None:
    """The original graded such a fault as the model's answer."""
    server.answers(fault, "healed")
    answer = ask(server)
    assert (answer.content, len(answer.attempts)) == ("healed", 2)


def test_a_port_without_a_server_is_an_infrastructure_failure() -> None:
    """The usual case of a local server that was not started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(InfrastructureError, match="ConnectError"):
        ask(Script(base_url=address))


@pytest.mark.parametrize("echo", [f"bad key {KEY}", "x" * 190 + KEY], ids=["whole", "at_the_cut"])
@pytest.mark.parametrize("code", [400, 500])
def test_a_key_that_the_server_echoes_is_in_no_error(server: Script, code: int, echo: str) -> None:
    """Error texts go to logs, results and reports."""
    server.answers(status(code, echo))
    with pytest.raises((RequestRejectedError, InfrastructureError)) as caught:
        ask(server, api_key=KEY)
    assert "FAKE" not in str(caught.value)
    assert "nvapi" not in str(caught.value)


@pytest.mark.parametrize(
    "usage", [None, [], "many", {"total_tokens": "many"}, (2**63, 0), (10**30, 0)], ids=repr
)
def test_usage_that_was_not_reported_is_unknown(server: Script, usage: Any) -> None:
    """None, never 0: a cost must not look known."""
    server.answers(completion("x", usage=usage))
    assert ask(server).usage.total_tokens is None


def test_half_a_surrogate_pair_in_an_answer_can_be_stored(server: Script) -> None:
    r"""JSON can contain a cut emoji (`\ud83d`), UTF-8 can't."""
    server.answers(completion("cut \ud83d", finish_reason="stop \ud83d"))
    answer = ask(server)
    assert (answer.content, answer.finish_reason) == ("cut ?", "stop ?")


def test_a_model_refusal_is_returned(server: Script) -> None:
    """Declining is the model's own decision."""
    server.answers(completion(None, refusal="I can't", finish_reason="stop"))
    answer = ask(server)
    assert (answer.content, answer.refusal) == (None, "I can't")


def test_a_client_leaves_nothing_open(server: Script) -> None:
    """Not even if a call fails: a run of many packs must not run out of sockets."""
    server.answers(status(400))
    for _ in range(3):
        with contextlib.suppress(RequestRejectedError):
            ask(server)
    assert len(server.bodies) == 3
