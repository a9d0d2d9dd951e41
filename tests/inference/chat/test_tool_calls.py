"""Tools in a request, calls in a response, and endpoints that don't take tools."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.inference.call.call import Call
from replay_assets.inference.call.completion import CalledTool, Completion
from replay_assets.inference.call.failures import GateBlockedError, RequestRejectedError
from replay_assets.inference.call.question import Question
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.chat.error_text import error_of
from replay_assets.inference.chat.protocol import chat_body, read_completion
from replay_assets.inference.chat.request_key import RequestKeys
from replay_assets.inference.chat.tool_calls import rejects_tools
from replay_assets.inference.throttling import InProcessLimits
from tests.inference.calls import answered
from tests.inference.scripted_server import (
    MESSAGES,
    Script,
    candidate,
    completion,
    payload,
    status,
)

TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
TEXT = '{"where": "機房 😀"}'
CALL = CalledTool("look", TEXT)


def asked(server: Script, *, tools: list[dict[str, Any]] | None = None) -> Completion:
    """The answer to one conversation."""

    async def run() -> Completion:
        one = candidate(server.base_url)
        async with ChatClient(one, api_key=None, limits=InProcessLimits()) as client:
            return await client.complete(MESSAGES, tools=tools or ())

    return asyncio.run(run())


def in_message(**message: Any) -> bytes:
    return json.dumps(
        {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": "stop"}]}
    ).encode()


def entry(arguments: Any = TEXT, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "look", "arguments": arguments}, **more}


@pytest.mark.parametrize(
    ("message", "calls"),
    [
        ({"content": None, "tool_calls": [entry(id="a")]}, (CALL,)),
        ({"content": "", "tool_calls": [entry(), entry()]}, (CALL, CALL)),
        ({"tool_calls": [entry({"where": "機房 😀"})]}, (CALL,)),
        ({"tool_calls": [entry(None)]}, (CalledTool("look", ""),)),
        ({"tool_calls": [{"name": "look", "arguments": TEXT}]}, (CALL,)),
        ({"function_call": {"name": "look", "arguments": TEXT}}, (CALL,)),
        ({"tool_calls": None, "content": "None fits."}, ()),
        ({"tool_calls": [], "content": "None fits."}, ()),
        ({"tool_calls": [None], "content": "None fits."}, ()),
        (
            {"content": [{"type": "tool_use", "name": "look", "input": {"where": "機房 😀"}}]},
            (CALL,),
        ),
    ],
)
def test_the_calls_of_a_message_are_read(message: dict[str, Any], calls: tuple[CalledTool, ...]):
    """In the forms of many servers; a message of calls only is an answer of the model."""
    read = read_completion(in_message(**message))
    assert read is not None
    assert read.calls == calls
    assert read.is_of_the_model


def streamed(*deltas: dict[str, Any], escaped: bool = True) -> bytes:
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    lines = [f"data: {json.dumps(one, ensure_ascii=escaped)}\n\n" for one in chunks]
    return "".join(lines).encode("utf-8", "surrogatepass") + b"data: [DONE]\n\n"


def piece(arguments: Any, index: int | None = 0, **more: Any) -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": more.pop("name")} if "name" in more else {})}
    place = {} if index is None else {"index": index}
    return {"tool_calls": [{**place, "function": function, **more}]}


def calls_in(body: bytes) -> tuple[CalledTool, ...]:
    read = read_completion(body)
    assert read is not None
    return read.calls


def test_pieces_are_joined_by_index():
    """Calls may come in turns."""
    body = streamed(
        piece("", 0, id="a", name="look"),
        piece('{"where": ', 0),
        piece("", 1, id="b", name="look"),
        piece("{}", 1),
        piece('"機房 😀"}', 0),
    )
    assert calls_in(body) == (CALL, CalledTool("look", "{}"))


@pytest.mark.parametrize("cut", range(1, len(TEXT)))
def test_arguments_may_be_cut_anywhere(cut: int):
    """Between any two characters."""
    body = streamed(piece(TEXT[:cut], id="a", name="look"), piece(TEXT[cut:]), escaped=cut % 2 == 0)
    assert calls_in(body) == (CALL,)


@pytest.mark.parametrize("cut", range(1, 12))
def test_arguments_may_be_cut_within_an_escape(cut: int):
    r"""A model may write `\u6a5f` or a line feed into its arguments."""
    text = '{"a":"\\u6a5f\\n"}'
    calls = calls_in(streamed(piece(text[:cut], id="a", name="look"), piece(text[cut:])))
    assert json.loads(calls[0].arguments) == {"a": "機\n"}


def test_arguments_may_be_cut_within_a_surrogate_pair():
    """Some servers cut texts by their units of UTF-16."""
    body = streamed(piece('{"where": "機房 \ud83d', id="a", name="look"), piece('\ude00"}'))
    assert calls_in(body) == (CALL,)


@pytest.mark.parametrize("cut", range(1, len(TEXT.encode())))
def test_arguments_may_be_cut_within_the_bytes_of_a_character(cut: int):
    """Some servers cut texts by their tokens, which are bytes."""
    raw = TEXT.encode()
    chunk = b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{%b"arguments":"%b"}}'
    chunk += b"]}}]}\n\n"
    parts = [one.replace(b'"', b'\\"') for one in (raw[:cut], raw[cut:])]
    body = chunk % (b'"name":"look",', parts[0]) + chunk % (b"", parts[1]) + b"data: [DONE]\n\n"
    assert calls_in(body) == (CALL,)


@pytest.mark.parametrize(
    "deltas",
    [
        (piece(TEXT, None, name="look"), piece("{}", None, name="look")),
        (piece(TEXT, None, id="a", name="look"), piece("{}", None, id="b", name="look")),
        (piece(TEXT, 0, id="a", name="look"), piece("{}", 0, id="b", name="look")),
        ({"tool_calls": [{**entry(), "index": 0}, {**entry("{}"), "index": 1}]},),
    ],
)
def test_complete_calls_need_no_index(deltas: tuple[dict[str, Any], ...]):
    """Some servers send each call as one piece: without an index, or all with the same one."""
    assert calls_in(streamed(*deltas)) == (CALL, CalledTool("look", "{}"))


def test_a_function_call_may_be_streamed():
    """The earlier form of one call."""
    body = streamed(
        {"function_call": {"name": "look", "arguments": TEXT[:5]}},
        {"function_call": {"arguments": TEXT[5:]}},
    )
    assert calls_in(body) == (CALL,)


def test_a_stored_call_is_read_back_equal():
    """The journal keeps the calls of an answer."""
    call = answered("0" * 64)
    assert call.completion is not None
    call = replace(call, completion=replace(call.completion, calls=(CALL,)))
    assert Call.decoded(call.encoded()) == call


def test_a_call_that_an_earlier_release_stored_is_read():
    """It has no calls of tools."""
    call = answered("0" * 64)
    before = json.loads(call.encoded())
    del before["completion"]["calls"]
    assert Call.decoded(json.dumps(before).encode()) == call


def keys(model: Candidate, **question: Any) -> str:
    return RequestKeys(model).of(Question(MESSAGES, **question))


def test_tools_change_the_body_and_the_key_only_where_they_are_given():
    """Answers that were paid for by an earlier release are found."""
    model = candidate("http://127.0.0.1:1/v1")
    plain = chat_body(model, MESSAGES, mode="none", schema=None).content
    with_tools = chat_body(model, MESSAGES, mode="none", schema=None, tools=TOOLS).content
    assert {"tools", "tool_choice"}.isdisjoint(json.loads(plain))
    assert json.loads(with_tools) == {**json.loads(plain), "tools": TOOLS, "tool_choice": "auto"}
    assert keys(model) == keys(model, tools=())
    assert keys(model) != keys(model, tools=TOOLS)


def test_a_question_with_tools_requests_no_form(server: Script):
    """Some endpoints reject both together."""
    server.answers(payload({"choices": [{"message": {"tool_calls": [entry()]}}]}))
    assert asked(server, tools=TOOLS).calls == (CALL,)
    assert server.bodies[0]["tools"] == TOOLS
    assert "response_format" not in server.bodies[0]


def test_tools_pass_the_gate_too(server: Script):
    """A key in a description must not leave."""
    secret = "nvapi-" + "a1B2" * 16
    function = {"name": "look", "description": secret, "parameters": {}}
    with pytest.raises(GateBlockedError):
        asked(server, tools=[{"type": "function", "function": function}])
    assert server.bodies == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (400, '{"error": "registry.ollama.ai/library/gemma:2b does not support tools"}'),
        (400, '{"message": "\\"auto\\" tool choice requires --enable-auto-tool-choice"}'),
        (404, '{"error": {"message": "No endpoints found that support tool use."}}'),
        (500, '{"error": {"message": "tools param requires --jinja flag"}}'),
        (400, '{"error": {"message": "Unsupported parameter: \'tools\'", "param": "tools"}}'),
        (400, '{"error": {"message": "`tool calling` is not supported with this model"}}'),
        (400, '{"error": {"message": "Function calling is not enabled for models/gemma"}}'),
        (422, '{"detail": [{"loc": ["body", "tools"], "msg": "Extra inputs are not permitted"}]}'),
        (
            400,
            '{"detail": "Tool use has not been enabled, because it is unsupported"}',
        ),
        (400, '{"message": "This model doesn\'t support tool use in streaming mode."}'),
    ],
)
def test_an_endpoint_that_rejects_tools_is_recognized(code: int, text: str):
    """In the words of Ollama, vLLM, OpenRouter, llama.cpp, OpenAI, Groq, Gemini, NIM, Bedrock."""
    assert rejects_tools(code, error_of(text.encode()))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (400, '{"error": {"message": "Invalid \'tools[0].function.name\'", "param": "tools[0]"}}'),
        (400, '{"error": {"message": "maximum context length is 4096 tokens"}}'),
        (500, '{"error": {"message": "internal error"}}'),
        (429, '{"error": {"message": "tools are not supported at this rate"}}'),
        (401, '{"error": {"message": "invalid api key"}}'),
    ],
)
def test_another_fault_is_not_a_rejection_of_tools(code: int, text: str):
    """Such as the name of one tool."""
    assert not rejects_tools(code, error_of(text.encode()))


def test_a_rejection_of_tools_is_not_retried(server: Script):
    """It is about this request: the run goes on, and its attempt says why."""
    server.answers(status(500, '{"error": {"message": "tools param requires --jinja flag"}}'))
    with pytest.raises(RequestRejectedError) as caught:
        asked(server, tools=TOOLS)
    assert [one.outcome for one in caught.value.attempts] == ["tools_refused"]
    assert caught.value.of_run is None


def test_a_question_without_tools_reads_the_same_words_as_before(server: Script):
    """A 500 is tried again."""
    server.answers(status(500, "tools param requires --jinja flag"), completion("{}"))
    assert asked(server).content == "{}"
