"""Streams by WHATWG's rules, and the forms of content that servers send."""

import json
import time
from typing import Any

import pytest

from replay_assets.inference.chat.protocol import read_completion

DISK = [
    {"choices": [{"delta": {"content": '{"disk":'}}]},
    {"choices": [{"delta": {"content": ' "磁碟"}'}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
]
WHOLE = {"choices": [{"message": {"content": '{"disk": "磁碟"}'}, "finish_reason": "stop"}]}


def event(value: Any, **how: Any) -> str:
    """Return an event with a JSON value, with one field of data per line of the JSON."""
    lines = json.dumps(value, ensure_ascii=False, **how).split("\n")
    return "".join(f"data: {line}\n" for line in lines) + "\n"


STREAM = "".join(map(event, DISK))
FIRST, *REST = map(event, DISK)
END = "data: [DONE]\n\n"


@pytest.mark.parametrize(
    "body",
    [
        STREAM + END,
        (STREAM + END).replace("\n", "\r\n"),
        (STREAM + END).replace("\n", "\r"),
        "\ufeff" + STREAM,
        "\n\n: waiting\n\n" + STREAM,
        "".join(event(chunk, indent=1) for chunk in DISK),
        STREAM.replace("data: ", "data:").replace("\n\n", "\nid: 7\nretry: 100\n\n"),
        FIRST + "data\n\ndata:\n\ndata: \n\n" + "".join(REST),
        FIRST + 'event: ping\ndata: {"type": "ping"}\n\n' + "".join(REST),
        FIRST + 'data: {"type": "ping"}\n\ndata: keep-alive\n\n' + "".join(REST),
        FIRST + "event: done\ndata: {}\n\nevent: message\n" + "".join(REST),
        STREAM.replace("data:", "event: chat.completion.chunk\ndata:"),
        (STREAM + END).replace("\n\n", "\n"),
        (STREAM + END).replace("data: {", "data:\n {"),
        STREAM.removesuffix("\n\n"),
        STREAM + 'data: {"choices": [], "usa',
        event(WHOLE) + END,
        "data: null\n\n" + STREAM,
        "\n".join(map(json.dumps, DISK)),
        json.dumps(WHOLE),
        "\ufeff\n" + json.dumps(WHOLE, indent=1),
        json.dumps(WHOLE) + "\n\n" + END,
    ],
    ids=[
        *("plain", "crlf", "cr", "byte_order_mark", "comments", "lines_of_data", "no_blanks"),
        *("without_data", "named_ping", "ping", "named_message", "named_chunks"),
        *(
            "no_blank_lines",
            "break_after_data",
            "no_last_line",
            "cut_after_the_end",
            "whole_in_a_chunk",
            "null",
        ),
        "lines_of_json",
        *("json", "json_after_a_mark", "json_and_end"),
    ],
)
def test_an_answer_is_read_in_every_form(body: str) -> None:
    """Whatever its content type is: the first character decides."""
    message = read_completion(body.encode())
    assert message is not None
    assert (message.content, message.finish_reason) == ('{"disk": "磁碟"}', "stop")


@pytest.mark.parametrize(
    "body",
    [
        *("", "\ufeff", ": only a comment\n\n", "<html></html>", FIRST, FIRST + 'data: {"cho'),
        FIRST + 'event: error\ndata: {"type": "overloaded"}\n\n' + "".join(REST),
        FIRST + 'data: {"message": "overloaded", "code": 500}\n\n' + END,
        FIRST + "data: upstream failed\n\n" + END,
        FIRST + 'data: {"choi\n\n' + "".join(REST),
        event([{"error": {"code": 503}}]) + END,
        json.dumps(WHOLE) + json.dumps(WHOLE),
    ],
)
def test_what_is_incomplete_or_an_error_is_not_an_answer(body: str) -> None:
    """A part of a text must not be graded."""
    assert read_completion(body.encode()) is None


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        ({"content": [{"type": "text", "text": "a"}, "b"]}, ("ab", None, None)),
        ({"content": [{"type": "output_text", "text": "a"}]}, ("a", None, None)),
        ({"content": {"type": "text", "text": {"value": "a"}}}, ("a", None, None)),
        (
            {"content": [{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "a"}]},
            ("a", "hm", None),
        ),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
            (None, "hm", None),
        ),
        ({"content": [{"type": "refusal", "refusal": "no"}]}, (None, None, "no")),
        ({"content": [{"type": "redacted_thinking", "data": "x"}, "a"]}, ("a", None, None)),
        ({"content": "a", "thinking": "hm"}, ("a", "hm", None)),
        (
            {"content": "a", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
            ("a", "hm", None),
        ),
        ({"content": "a", "reasoning": "hm", "thinking_blocks": [{}]}, ("a", "hm", None)),
        ({"content": "a", "refusal": False}, ("a", None, None)),
        ({"content": []}, (None, None, None)),
    ],
)
def test_each_part_is_read_as_its_kind(
    message: dict[str, Any], texts: tuple[str | None, ...]
) -> None:
    """Reasoning is never a part of the answer, streamed or not."""
    for body in (
        json.dumps({"choices": [{"message": message}]}),
        event({"choices": [{"delta": message}]}) + END,
    ):
        found = read_completion(body.encode())
        assert found is not None
        assert (found.content, found.reasoning, found.refusal) == texts


def test_a_stream_without_blank_lines_is_read_in_linear_time() -> None:
    """It is one event of many lines."""
    body = STREAM.replace("\n\n", "\n") + 'data: {"choices": []}\n' * 50_000
    started = time.process_time()
    assert read_completion(body.encode()) is not None
    assert time.process_time() - started < 2


def test_parts_of_a_stream_are_joined() -> None:
    """Each chunk has a part of the list."""
    deltas: list[Any] = [[{"type": "thinking", "thinking": "h"}], "a", [{"type": "text"}], ["b"]]
    chunks = [{"choices": [{"delta": {"content": delta}}]} for delta in deltas]
    found = read_completion(("".join(map(event, chunks)) + END).encode())
    assert found is not None
    assert (found.content, found.reasoning) == ("ab", "h")


def test_a_content_that_a_gateway_has_parsed_is_json_again() -> None:
    """It is the answer, in the form in which it was asked for."""
    body = json.dumps({"choices": [{"message": {"content": {"disk": "磁碟"}}}]})
    found = read_completion(body.encode())
    assert found is not None
    assert found.content == '{"disk": "磁碟"}'
