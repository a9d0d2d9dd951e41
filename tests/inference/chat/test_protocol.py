"""What is read from a response: separate reasoning, tokens as reported, streams joined."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import pytest
from starlette.responses import Response, StreamingResponse

from replay_assets.contracts.result import Usage
from replay_assets.inference.call.call import Call
from replay_assets.inference.call.completion import Completion
from replay_assets.inference.call.failures import InfrastructureError
from replay_assets.inference.call.question import Question
from replay_assets.inference.chat.request_key import RequestKeys
from tests.inference.scripted_server import (
    MESSAGES,
    Body,
    Reply,
    Script,
    ask,
    candidate,
    completion,
    payload,
)

pytestmark = pytest.mark.usefixtures("no_waits")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_in_its_own_field_is_stored_separately(field: str, server: Script) -> None:
    """Servers call the field by either name."""
    message = {"role": "assistant", "content": "{}", field: "because"}
    server.answers(payload({"choices": [{"message": message, "finish_reason": "stop"}]}))
    answer = ask(server)
    assert (answer.content, answer.reasoning) == ("{}", "because")


def test_reasoning_and_cached_tokens_are_read(server: Script) -> None:
    """They have their own prices; a value that is not a count is unknown."""
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 7,
        "total_tokens": 17,
        "completion_tokens_details": {"reasoning_tokens": 5},
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    server.answers(completion("x", usage=usage))
    assert ask(server).usage == Usage(
        prompt_tokens=10, completion_tokens=7, total_tokens=17, reasoning_tokens=5, cached_tokens=4
    )


def chunk(delta: dict[str, Any], **more: Any) -> bytes:
    """Return one event of a stream."""
    choice = {"index": 0, "delta": delta, **more}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def stream(*events: bytes, pause_s: float = 0.0) -> Reply:
    """Return a reply of events, with a pause before each."""

    async def reply(_: Body) -> Response:
        async def send() -> AsyncIterator[bytes]:
            for event in events:
                await asyncio.sleep(pause_s)
                yield event

        return StreamingResponse(send(), media_type="text/event-stream")

    return reply


USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}\n\n'
WHOLE = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "hm"}),
    chunk({"content": '{"磁碟":'}),
    chunk({"content": " 1}"}),
    chunk({}, finish_reason="stop"),
    USAGE,
    b"data: [DONE]\n\n",
)


def streamed(server: Script) -> Completion:
    """Send a request that is answered as a stream."""
    return ask(server, stream=True)


def test_a_stream_is_joined_and_the_time_to_its_first_token_measured(server: Script) -> None:
    """The first event has a role but no token; usage comes last."""
    server.answers(stream(*WHOLE, pause_s=0.05))
    answer = streamed(server)
    assert server.bodies[0]["stream"] is True
    assert server.bodies[0]["stream_options"] == {"include_usage": True}
    assert (answer.content, answer.reasoning) == ('{"磁碟": 1}', "hm")
    assert (answer.finish_reason, answer.usage.prompt_tokens) == ("stop", 3)
    assert answer.ttft_ms is not None
    assert 90 <= answer.ttft_ms < answer.latency_ms - 150


@pytest.mark.parametrize("choices", [{}, {"choices": None}], ids=["absent", "null"])
def test_usage_may_come_alone_at_the_end_of_a_stream(
    choices: dict[str, Any], server: Script
) -> None:
    """OpenAI sends it with empty choices, some gateways without choices."""
    usage = {**choices, "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    alone = b"data: " + json.dumps(usage).encode() + b"\n\n"
    server.answers(stream(*WHOLE[:-2], alone, WHOLE[-1]))
    answer = streamed(server)
    assert (answer.content, answer.usage.prompt_tokens) == ('{"磁碟": 1}', 3)


def test_an_answer_that_is_not_streamed_has_no_time_to_first_token(server: Script) -> None:
    """None, not the latency."""
    server.answers("x")
    assert ask(server).ttft_ms is None


@pytest.mark.parametrize(
    "events",
    [
        WHOLE[:3],
        (),
        (b"data: {broken\n\n",),
        (b'data: {"error": "overloaded"}\n\n',),
        (*WHOLE[:3], b'data: {"error": "overloaded"}\n\n', WHOLE[-1]),
    ],
    ids=["broken_off", "empty", "not_json", "error", "error_within"],
)
def test_half_a_stream_is_not_an_answer(events: tuple[bytes, ...], server: Script) -> None:
    """On the wire it ends in order, but the answer is incomplete."""
    server.answers(stream(*events))
    with pytest.raises(InfrastructureError) as caught:
        streamed(server)
    assert {one.outcome for one in caught.value.attempts} == {"not_protocol"}
    assert all(one.possibly_paid for one in caught.value.attempts)


def test_a_call_is_read_back_equal(server: Script) -> None:
    """Through the journal, with every attempt, whatever it contains."""
    server.answers(payload({"choices": []}), completion("x", usage=(3, 4)))
    answer = ask(server, prices_usd_per_million={"input": 1, "output": 1})
    assert len(answer.attempts) == 2
    for call in (
        Call(key="k", outcome="answered", completion=answer, queue_ms=1 / 3),
        Call(
            key="磁碟", outcome="not_sent", error='"\n\x00', attempts=answer.attempts, cached=True
        ),
    ):
        assert Call.decoded(call.encoded()) == call
        assert json.loads(call.encoded()).keys() == {one.name for one in fields(Call)}
    with pytest.raises(ValueError, match="outcome"):
        Call.decoded(b'{"key": "k"}')


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"limits": {"rpm": 3}}, True),
        ({"id": "other", "stream": True, "api_key_env": "KEY"}, True),
        ({"model": "other"}, False),
        ({"base_url": "http://h/other/v1"}, False),
        ({"sampling": {"temperature": 0.5}}, False),
        ({"response_format": "none"}, False),
        ({"messages": MESSAGES[:1]}, False),
        ({"schema": {"type": "object"}}, False),
        ({"repeat": 1}, False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_key_includes_everything_that_influences_an_answer(
    changes: dict[str, Any], same: bool
) -> None:
    """An answer may be used again exactly if these are equal."""
    base_url = changes.pop("base_url", "http://h/v1")
    messages = changes.pop("messages", MESSAGES)
    extra = {name: changes.pop(name) for name in ("schema", "repeat") if name in changes}
    key = RequestKeys(candidate("http://h/v1")).of(Question(MESSAGES))
    changed = RequestKeys(candidate(base_url, **changes)).of(Question(messages, **extra))
    assert (changed == key) is same
