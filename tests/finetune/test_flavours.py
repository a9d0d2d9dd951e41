"""Every flavour keeps its own rules, and every rule names the line that breaks it."""

import json
from collections.abc import Callable
from itertools import chain, product
from typing import Any

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.finetune.flavours import BY_NAME, flavour_of, flavours_named
from replay_assets.finetune.rows import Message, Row, Tool, ToolCall
from replay_assets.finetune.rules import RULES, check_lines
from replay_assets.finetune.texts import TextRules
from replay_assets.finetune.tool_sessions import recorded_session, session_messages, tools_of
from replay_assets.finetune.writing.lines import encode_record
from tests.finetune.records import a_row, session

END = {"role": "assistant", "content": "It leaks."}
TOOL = Tool("df", "Show free space.", {"type": "object", "properties": {}})
CALLS = (
    Message("user", "disk?"),
    Message("assistant", "", (ToolCall("c1", "df", {"p": "/"}), ToolCall("c2", "df", {"q": 1}))),
    Message("tool", "90 %", tool_call_id="c1"),
    Message("tool", "95 %", tool_call_id="c2"),
)


def rows_for(name: str) -> list[Row]:
    """Return rows that a flavour takes."""
    if BY_NAME[name].with_tools:
        return [a_row(1, tools=(TOOL,), prompt=CALLS)]
    if "pair" in BY_NAME[name].kinds:
        return [a_row(n, kind="pair", rejected=(Message("assistant", "Reboot."),)) for n in (1, 2)]
    return [a_row(1), a_row(2, kind="negative" if name.startswith("kto") else "positive")]


def lines_of(name: str) -> list[bytes]:
    """Return the lines of a file of a flavour."""
    flavour = BY_NAME[name]
    rows = rows_for(name)
    assert all(map(flavour.takes, rows))
    return [encode_record(flavour.render(row)) + b"\n" for row in rows]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_flavour_keeps_its_rules(name: str) -> None:
    """Each flavour has rules, and its own rows keep them."""
    assert name in RULES
    assert list(check_lines(lines_of(name), name)) == []


@pytest.mark.parametrize("name", BY_NAME)
def test_no_flavour_is_taken_for_another_one(name: str) -> None:
    """Only forms that are the same by design: a judged answer is not an answer to learn."""
    taken = {other for other in RULES if not list(check_lines(lines_of(name), other))}
    assert taken == {name}


def test_arguments_are_text_for_openai_and_objects_for_templates() -> None:
    """Text in a template is encoded twice, or raises."""
    (row,) = rows_for("tools.hf")
    calls = {
        name: BY_NAME[name].render(row)["messages"][1]["tool_calls"][0]
        for name in ("tools.openai", "tools.hf", "tools.nemo")
    }
    assert calls["tools.openai"]["function"]["arguments"] == '{"p":"/"}'
    assert calls["tools.hf"]["function"]["arguments"] == {"p": "/"}
    assert calls["tools.nemo"] == {
        "type": "function",
        "function": {"name": "df", "arguments": {"p": "/"}},
    }
    turns = BY_NAME["tools.sharegpt"].render(row)["conversations"]
    assert [one["from"] for one in turns] == ["human", "function_call", "observation", "gpt"]
    assert len(json.loads(turns[1]["value"])) == 2


def test_the_original_form_may_have_nulls_in_its_metadata() -> None:
    """Its readers know them; they are a mistake in any other place."""
    names = ("incident_id", "alertname", "verification_result", "collected_at", "schema_version")
    original: dict[str, str | bool | None] = dict.fromkeys((*names, "matched_playbook_id"))
    row = BY_NAME["sft.alpaca"].render(a_row(metadata=original))
    assert list(check_lines([encode_record(row) + b"\n"], "sft.alpaca")) == []
    broken = encode_record({**row, "input": None}) + b"\n"
    assert "no_null" in {one.rule for one in check_lines([broken], "sft.alpaca")}


def test_an_id_that_is_used_again_names_the_newest_call() -> None:
    """Some systems count calls from 1 again in every turn."""
    again = (
        Message("assistant", "", (ToolCall("c1", "free", {}),)),
        Message("tool", "", tool_call_id="c1"),
    )
    tools = (TOOL, Tool("free", "Show memory.", TOOL.parameters))
    row = a_row(1, tools=tools, prompt=(*CALLS, *again))
    for name in ("tools.hf", "tools.openai", "tools.nemo", "tools.sharegpt"):
        line = encode_record(BY_NAME[name].render(row)) + b"\n"
        assert list(check_lines([line], name)) == [], name
    answers = [one["name"] for one in BY_NAME["tools.hf"].render(row)["messages"] if "name" in one]
    assert answers == ["df", "df", "free"]


def test_whatever_session_is_recorded_its_rows_keep_the_rules() -> None:
    """Every order of four messages, or calls with their answers, before the last answer."""
    pieces = {
        "S": [{"role": "system", "content": "Be brief."}],
        "U": [{"role": "user", "content": "web is down"}],
        "A": [{"role": "assistant", "content": "I look."}],
        "C": session()[1:3],
    }
    found = set()
    for order in chain.from_iterable(product(pieces, repeat=count) for count in range(5)):
        recorded = recorded_session(session(*(one for part in order for one in pieces[part]), END))
        if not recorded:
            continue
        found.add("".join(order))
        *before, last = messages = session_messages(recorded, TextRules())
        row = a_row(prompt=tuple(before), completion=(last,), tools=tools_of(messages))
        for name in ("tools.hf", "tools.openai", "tools.nemo", "tools.sharegpt"):
            line = encode_record(BY_NAME[name].render(row)) + b"\n"
            assert list(check_lines([line], name)) == [], (order, name)
    assert {"UC", "SUC", "UUC", "UAC", "UCC", "UCA", "UACA"} <= found
    assert found.isdisjoint({"C", "SC", "UCU", "USC", "UCS"})


DEEP = f'{{"a": {"[" * 400}{"]" * 400}}}'
"""Python parses it, but fails to walk through its value."""


@pytest.mark.parametrize("arguments", ["[" * 100_000, DEEP, "{", "[]", ""])
def test_a_session_with_arguments_that_are_not_an_object_is_not_learned(arguments: str) -> None:
    """Arguments that are nested too deeply must not end the whole export."""
    call = {"id": "c1", "function": {"name": "df", "arguments": arguments}}
    asked = {"role": "assistant", "content": "", "tool_calls": json.dumps([call])}
    output = {"role": "tool", "content": "90 %", "tool_call_id": "c1"}
    assert recorded_session(session({"role": "user", "content": "disk?"}, asked, output, END)) == []


def test_consecutive_messages_of_the_assistant_are_merged() -> None:
    """Some services reject the second one without naming the line."""
    answer = (Message("assistant", "First."), Message("assistant", "Then."))
    found = BY_NAME["sft.chat"].render(a_row(completion=answer))
    assert found["messages"][-1]["content"] == "First.\n\nThen."
    assert [one["role"] for one in found["messages"]] == ["system", "user", "assistant"]


def test_what_some_readers_take_for_a_line_end_is_escaped() -> None:
    """In texts of every flavour; the text is the same after reading."""
    text = "a\u2028b\u2029c\x85d ‘e’"
    line = encode_record(
        BY_NAME["sft.chat"].render(a_row(completion=(Message("assistant", text),)))
    )
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line)["messages"][-1]["content"] == text


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("name", "change", "rule"),
    [
        ("sft.chat", lambda row: row.update(id="x"), "only_messages"),
        ("sft.chat", lambda row: row["messages"].pop(), "assistant_is_last"),
        ("sft.chat", lambda row: row["messages"][0].update(role="bot"), "known_role"),
        ("sft.chat", lambda row: row["messages"][1].update(content=None), "no_null"),
        ("sft.chat", lambda row: row["messages"][1].update(content=" "), "content_is_text"),
        ("sft.chat", lambda row: row["messages"][2].update(weight=1), "role_and_content"),
        ("sft.chat", lambda row: row["messages"].append(row["messages"][2]), "roles_alternate"),
        ("sft.chat", lambda row: row["messages"].insert(1, row["messages"][0]), "system_is_first"),
        (
            "sft.chat",
            lambda row: row["messages"][2].update(content="<think>x</think>y"),
            "no_reasoning_marks",
        ),
        ("sft.alpaca", lambda row: row.update(output=""), "output_is_text"),
        ("sft.alpaca", lambda row: row["metadata"].pop("alertname"), "metadata_keys"),
        ("sft.alpaca", lambda row: row["metadata"].update(has_reasoning="yes"), "one_type"),
        ("dpo.trl", lambda row: row.update(rejected=row["chosen"]), "answers_differ"),
        (
            "dpo.trl",
            lambda row: row["chosen"].insert(0, row["prompt"][1]),
            "one_assistant_message",
        ),
        ("dpo.trl", lambda row: row["prompt"].append(row["chosen"][0]), "user_is_last"),
        ("dpo.nemo", lambda row: row.update(chosen=row["prompt"]), "answers_are_text"),
        ("dpo.openai", lambda row: row["input"].update(tools=[]), "input_keys"),
        ("kto.trl", lambda row: row.update(label="true"), "verdict_is_a_boolean"),
        ("kto.lf", lambda row: row.update(kto_tag=1), "verdict_is_a_boolean"),
        ("dpo.lf", lambda row: row.update(input=None), "input_is_text"),
    ],
)
def test_a_rule_names_the_line_that_breaks_it(name: str, change: Change, rule: str) -> None:
    """The second line of two."""
    lines = lines_of(name)
    row = json.loads(lines[1])
    change(row)
    found = list(check_lines([lines[0], json.dumps(row).encode() + b"\n"], name))
    assert (2, rule) in {(one.line, one.rule) for one in found}


@pytest.mark.parametrize(
    ("name", "change", "rule"),
    [
        (
            "tools.openai",
            lambda row: row["messages"][1]["tool_calls"][0]["function"].update(arguments={}),
            "arguments_are_json_text",
        ),
        (
            "tools.hf",
            lambda row: row["messages"][1]["tool_calls"][0]["function"].update(arguments="{}"),
            "arguments_are_an_object",
        ),
        ("tools.nemo", lambda row: row["messages"][2].update(name="df"), "message_keys"),
        ("tools.nemo", lambda row: row["messages"][1]["tool_calls"][0].update(id="x"), "call_keys"),
        (
            "tools.nemo",
            lambda row: row["tools"][0]["function"].update(description=""),
            "tool_has_description",
        ),
        ("tools.openai", lambda row: row["messages"].pop(2), "calls_are_answered"),
        ("tools.openai", lambda row: row["messages"][2].update(tool_call_id="x"), "answers_a_call"),
        (
            "tools.openai",
            lambda row: row["tools"][0]["function"].update(name="du"),
            "call_of_offered_tool",
        ),
        ("tools.openai", lambda row: row.update(tools=[]), "tools_are_a_list"),
        ("tools.openai", lambda row: row["messages"][0].update(tool_calls=None), "no_null"),
        ("tools.sharegpt", lambda row: row["conversations"].pop(), "even_turns"),
        ("tools.sharegpt", lambda row: row["conversations"].reverse(), "turns_alternate"),
        ("tools.sharegpt", lambda row: row.update(tools="null"), "tools_are_json_text"),
        (
            "tools.sharegpt",
            lambda row: row["conversations"][1].update(value='{"name": "du", "arguments": {}}'),
            "call_of_offered_tool",
        ),
    ],
)
def test_a_rule_of_tools_names_the_line(name: str, change: Change, rule: str) -> None:
    """Each is a way in which a real trainer drops, rejects or misreads a row."""
    row = json.loads(lines_of(name)[0])
    change(row)
    found = list(check_lines([json.dumps(row).encode() + b"\n"], name))
    assert (1, rule) in {(one.line, one.rule) for one in found}


LINE = b'{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"%s"}]}\n'


@pytest.mark.parametrize(
    ("content", "rule", "line"),
    [
        (b"", "not_empty", 0),
        (b"\xef\xbb\xbf" + LINE % b"a", "no_byte_order_mark", 1),
        (LINE % b"a" + b"\n" + LINE % b"b", "no_empty_line", 2),
        ((LINE % b"a").replace(b"\n", b"\r\n"), "line_feed_only", 1),
        ((LINE % b"a").removesuffix(b"\n"), "line_feed_at_the_end", 1),
        (LINE % "a\u2028b".encode(), "line_breaks_are_escaped", 1),
        (LINE % b"\\ud83d", "no_half_character", 1),
        (LINE % b"\xff", "json_objects", 1),
        (b"[]\n", "json_objects", 1),
        (b'{"messages":NaN}\n', "json_objects", 1),
        (LINE.replace(b'"q"', b'"2026-09-21"') % b"2026-09-22", "no_column_of_dates", 0),
    ],
)
def test_rules_of_the_bytes_of_a_file(content: bytes, rule: str, line: int) -> None:
    """What `datasets`, `str.splitlines` and strict readers fail on."""
    found = check_lines(content.splitlines(keepends=True), "sft.chat")
    if rule == "line_breaks_are_escaped":
        found = check_lines([content], "sft.chat")
    assert (line, rule) in {(one.line, one.rule) for one in found}


def test_a_flavour_is_known_by_its_name() -> None:
    """An unknown one is an error that lists the others."""
    assert flavour_of("tools.hf.train.2026-09-21.0123.jsonl") == "tools.hf"
    with pytest.raises(ConfigurationError, match=r"--flavour"):
        flavour_of("train.jsonl")
    with pytest.raises(ConfigurationError, match=r"sft\.chat"):
        flavours_named(["sft.chta"])
    assert [one.name for one in flavours_named(["kto.trl", "sft.chat"])] == ["sft.chat", "kto.trl"]
