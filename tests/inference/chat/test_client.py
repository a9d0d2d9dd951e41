"""What the client makes of an endpoint's answers, faults and time."""

import contextlib
import socket
from typing import Any

import pytest

from replay_assets.inference.call.failures import (
    EndpointRefusedError,
    InfrastructureError,
    RequestRejectedError,
)
from replay_assets.inference.throttling.backoff import REFUSALS, TRIES
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


def test_a_completion_comes_back_with_its_usage(server: Script) -> None:
    """Content, reason and tokens as the endpoint reported them, in one try."""
    server.answers(completion("hello", usage=(30, 5)))
    answer = ask(server)
    assert (answer.content, answer.finish_reason, len(answer.attempts)) == ("hello", "stop", 1)
    assert answer.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 30,
        "completion_tokens": 5,
        "total_tokens": 35,
    }
    assert answer.wait_ms < 10


def test_a_request_carries_model_messages_sampling_and_the_form_asked_for(server: Script) -> None:
    """Further sampling fields go to the endpoint unchanged."""
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


@pytest.mark.parametrize(
    ("key", "header"),
    [(KEY, f"Bearer {KEY}"), (f" {KEY}\n", f"Bearer {KEY}"), (None, None), ("  ", None)],
    ids=["key", "key_with_a_line_feed", "none", "blank"],
)
def test_the_key_goes_into_the_header_alone(
    server: Script, key: str | None, header: str | None
) -> None:
    """A key read from a file ends in a line feed; a local server needs none."""
    server.answers("x")
    ask(server, api_key=key)
    assert server.headers[0].get("authorization") == header
    assert KEY not in str(server.bodies)


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_refused_key_or_model_ends_the_run(server: Script, code: int) -> None:
    """No later request can succeed: one try, and the way out is named."""
    server.answers(status(code, f"no {KEY}"))
    with pytest.raises(EndpointRefusedError) as caught:
        ask(server, api_key=KEY, api_key_env="MODEL_KEY")
    text = str(caught.value)
    assert len(server.bodies) == 1
    assert all(part in text for part in (str(code), "MODEL_KEY", "vendor/model", server.base_url))
    assert KEY not in text


@pytest.mark.parametrize("code", [400, 413, 415, 422])
def test_another_4xx_is_this_requests_answer(server: Script, code: int) -> None:
    """Asking again would be refused again."""
    server.answers(status(code, "too long"))
    with pytest.raises(RequestRejectedError, match=f"HTTP {code}: too long"):
        ask(server)
    assert len(server.bodies) == 1


FAULTS: dict[str, Reply] = {
    "408": status(408),
    "429": status(429),
    "500": status(500),
    "503": status(503),
    "redirect": status(302, Location="http://127.0.0.1:1/"),
    "not_json": status(200, "<html>on purpose</html>"),
    "no_choices": payload({"choices": []}),
    "error_with_200": payload({"error": {"message": "overloaded"}}),
    "a_list": payload([1]),
    "null_message": payload({"choices": [{"message": None}]}),
    "content_in_parts": completion([{"type": "text", "text": "x"}]),
    "nested_without_end": status(200, "[" * 100_000),
    "wrong_encoding": status(200, "plain", Content_Encoding="gzip"),
    "broken_off": break_off,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_plumbing_that_stays_broken_is_nobodys_answer(server: Script, fault: Reply) -> None:
    """Every fault is tried again, and at last told apart from a wrong answer."""
    server.answers(fault)
    tries = REFUSALS if fault is FAULTS["429"] else TRIES
    with pytest.raises(InfrastructureError, match=f"no answer after {tries} tries: ") as caught:
        ask(server)
    assert len(server.bodies) == len(caught.value.attempts) == tries


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_plumbing_that_heals_costs_a_try_and_no_answer(server: Script, fault: Reply) -> None:
    """The original graded such a fault as the model's answer."""
    server.answers(fault, "healed")
    answer = ask(server)
    assert (answer.content, len(answer.attempts)) == ("healed", 2)


def test_a_port_where_nobody_listens_is_infrastructure() -> None:
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
    "usage", [None, [], "many", {"total_tokens": "7"}, (2**63, 0), (10**30, 0)], ids=repr
)
def test_usage_that_was_not_reported_is_unknown(server: Script, usage: Any) -> None:
    """Null, never 0: a cost must not look known."""
    server.answers(completion("x", usage=usage))
    assert ask(server).usage.total_tokens is None


def test_half_a_character_in_an_answer_can_be_kept(server: Script) -> None:
    r"""A cut emoji (`\ud83d`) can be said in JSON and not in UTF-8."""
    server.answers(completion("cut \ud83d", finish_reason="stop \ud83d"))
    answer = ask(server)
    assert (answer.content, answer.finish_reason) == ("cut ?", "stop ?")


def test_a_refusal_is_handed_on(server: Script) -> None:
    """Declining is the model's own act."""
    server.answers(completion(None, refusal="I can't", finish_reason="stop"))
    answer = ask(server)
    assert (answer.content, answer.refusal) == (None, "I can't")


def test_a_client_leaves_nothing_open(server: Script) -> None:
    """Also when a call fails: a run of many packs must not run out of sockets."""
    server.answers(status(400))
    for _ in range(3):
        with contextlib.suppress(RequestRejectedError):
            ask(server)
    assert len(server.bodies) == 3
