"""Calls that models write into their text, in the marks of their chat templates."""

import json

import pytest

from replay_assets.parsing.tool_marks import arguments_of, calls_in_json, calls_in_text

ARGUMENTS = {"pod": "api-0", "tail": 50}
JSON = json.dumps({"name": "get_logs", "arguments": ARGUMENTS})
LLAMA = json.dumps({"name": "get_logs", "parameters": ARGUMENTS})
BODY = json.dumps(ARGUMENTS)


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>\n{JSON}\n</tool_call>",
        f"I look at the logs.\n<tool_call>{JSON}</tool_call>",
        f"<tool_call>{JSON}",
        f"<TOOLCALL>[{JSON}]</TOOLCALL>",
        f"<toolcall> {JSON} </toolcall>",
        f"<|tool_call|>[{JSON}]<|/tool_call|>",
        f"[TOOL_CALLS][{JSON}]",
        f"[TOOL_CALLS] [{JSON}]</s>",
        f"[TOOL_CALLS]get_logs[ARGS]{BODY}",
        f"[TOOL_CALLS]get_logs{BODY}",
        f"<|python_tag|>{LLAMA}<|eom_id|>",
        LLAMA,
        f"```json\n{LLAMA}\n```",
        f"[{LLAMA}]",
        f"<function=get_logs>{BODY}</function>",
        "<tool_call>\n<function=get_logs>\n<parameter=pod>\napi-0\n</parameter>\n"
        "<parameter=tail>\n50\n</parameter>\n</function>\n</tool_call>",
        "<tool_call>get_logs\n<arg_key>pod</arg_key>\n<arg_value>api-0</arg_value>\n"
        "<arg_key>tail</arg_key>\n<arg_value>50</arg_value>\n</tool_call>",
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_logs\n```json\n{BODY}\n"
        "```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        f"<｜tool▁call▁begin｜>get_logs<｜tool▁sep｜>{BODY}<｜tool▁call▁end｜>",
        f"<|tool_calls_section_begin|><|tool_call_begin|>functions.get_logs:0"
        f"<|tool_call_argument_begin|>{BODY}<|tool_call_end|>",
        '[get_logs(pod="api-0", tail=50)]',
        'get_logs(pod="api-0", tail=50)',
        '```tool_code\nget_logs(pod="api-0", tail=50)\n```',
    ],
)
def test_a_call_is_read_in_the_marks_of_each_template(text: str):
    """Hermes, Qwen, Nemotron, Granite, Mistral, Llama, GLM, DeepSeek, Kimi, Gemma."""
    assert calls_in_text(text) == [("get_logs", ARGUMENTS)]


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>{JSON}</tool_call>\n<tool_call>{JSON}</tool_call>",
        f"<TOOLCALL>[{JSON}, {JSON}]</TOOLCALL>",
        f"{LLAMA}; {LLAMA}",
        '[get_logs(pod="api-0", tail=50), get_logs(pod="api-0", tail=50)]',
    ],
)
def test_several_calls_are_read(text: str):
    """Each with a mark, or all in one list."""
    assert calls_in_text(text) == [("get_logs", ARGUMENTS)] * 2


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "No tool fits.",
        "I would call get_logs(pod) if I could.",
        '{"answer": "no tool"}',
        '{"name": "Ada"}',
        "A <tool_call> mark alone.",
    ],
)
def test_a_text_without_a_call_has_none(text: str | None):
    """Also if it mentions one."""
    assert calls_in_text(text) == []


def test_a_call_that_cannot_be_read_is_one_without_arguments():
    """It is counted: the model wanted to call."""
    assert calls_in_text('<tool_call>{"name": "get_logs", "arguments": {"pod"</tool_call>') == [
        ("get_logs", None)
    ]


@pytest.mark.parametrize(
    ("value", "arguments"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        (json.dumps('{"a": 1}'), {"a": 1}),
        ("", {}),
        (None, {}),
        ('{"a": ', None),
        ("[1]", None),
        ('{"a": NaN}', None),
        (5, None),
        (f'{{"a": {"[" * 400}{"]" * 400}}}', None),
        (json.loads(f'{{"a": {"[" * 400}{"]" * 400}}}'), None),
    ],
)
def test_arguments_are_an_object(value: object, arguments: dict[str, int] | None):
    """As a value, as its text, or encoded twice; everything else can't be read."""
    assert arguments_of(value) == arguments


def test_a_json_answer_may_hold_no_call():
    """What a prompted candidate answers if no tool is right."""
    assert calls_in_json({"calls": []}) == []
