"""Conversations with tools: arguments are JSON text for OpenAI, and objects for chat templates.

Of 29 templates with tools that TRL ships, 25 render objects correctly and 4 render text.
"""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from replay_assets.finetune.flavours.flavour import Flavour, Json
from replay_assets.finetune.flavours.plain import POSITIVE
from replay_assets.finetune.rows import Message, Role, Row, ToolCall
from replay_assets.lake.formats import json_line

CallForm = Callable[[ToolCall], Json]
SPEAKERS = {"user": "human", "assistant": "gpt", "tool": "observation"}


def openai(row: Row) -> Json:
    """Return messages and tools as OpenAI has them: ids, and arguments as JSON text."""
    return _with_tools(row, _openai_call, lambda one, _: {"tool_call_id": one.tool_call_id})


def hugging_face(row: Row) -> Json:
    """Return messages and tools as chat templates read them: ids, names, arguments as objects."""
    return _with_tools(
        row, _object_call, lambda one, name: {"tool_call_id": one.tool_call_id, "name": name}
    )


def nemo(row: Row) -> Json:
    """Return messages and tools without ids and names, which NeMo Customizer rejects."""
    return _with_tools(row, _anonymous_call, lambda *_: {})


def sharegpt(row: Row) -> Json:
    """Return turns that alternate, and the tools as JSON text: LLaMA-Factory drops other rows."""
    system = [one.content for one in row.prompt if one.role == "system"]
    said = (one for one in _all(row) if one.role != "system")
    # Parallel answers of tools are one observation.
    turns = [_turn(role, list(same)) for role, same in groupby(said, lambda one: one.role)]
    tools = [
        {"name": one.name, "description": one.description, "parameters": one.parameters}
        for one in row.tools
    ]
    return {"conversations": turns, "system": "\n\n".join(system), "tools": json_line(tools)}


def _turn(role: Role, same: list[Message]) -> dict[str, str]:
    """Return messages of one role as one turn; a turn of calls has no text."""
    if calls := [_named(call) for one in same for call in one.tool_calls]:
        value = json_line(calls[0] if len(calls) == 1 else calls)
        return {"from": "function_call", "value": value}
    return {"from": SPEAKERS[role], "value": "\n\n".join(one.content for one in same)}


def _with_tools(row: Row, call_form: CallForm, answering: Callable[[Message, str], Json]) -> Json:
    tools = [
        {
            "type": "function",
            "function": {
                "name": one.name,
                "description": one.description,
                "parameters": one.parameters,
            },
        }
        for one in row.tools
    ]
    messages: list[dict[str, Any]] = []
    # The newest call with an id: some systems count them from 1 again in every turn.
    names: dict[str, str] = {}
    for one in _all(row):
        names.update((call.id, call.name) for call in one.tool_calls)
        message: dict[str, Any] = {"role": one.role, "content": one.content}
        if one.tool_calls:
            message["tool_calls"] = [call_form(call) for call in one.tool_calls]
        if one.role == "tool":
            message |= answering(one, names[one.tool_call_id])
        last = messages[-1] if messages else {}
        if one.role != "tool" and one.role == last.get("role") and not last.get("tool_calls"):
            message["content"] = "\n\n".join(filter(None, (last["content"], one.content)))
            messages.pop()
        messages.append(message)
    return {"messages": messages, "tools": tools}


def _all(row: Row) -> tuple[Message, ...]:
    return (*row.prompt, *row.completion)


def _named(call: ToolCall) -> Json:
    return {"name": call.name, "arguments": call.arguments}


def _openai_call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": json_line(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _object_call(call: ToolCall) -> Json:
    return {"id": call.id, "type": "function", "function": _named(call)}


def _anonymous_call(call: ToolCall) -> Json:
    return {"type": "function", "function": _named(call)}


def _flavour(name: str, render: Callable[[Row], Json], purpose: str, **more: Any) -> Flavour:  # noqa: ANN401
    return Flavour(name, "sft", POSITIVE, render, purpose, with_tools=True, **more)


TOOLS = (
    _flavour(
        "tools.openai",
        openai,
        "Calls of tools in OpenAI's form: arguments are JSON text, calls have ids.",
        loading={
            "OpenAI, Azure": "upload as it is",
            "axolotl": "`type: chat_template`",
        },
    ),
    _flavour(
        "tools.hf",
        hugging_face,
        "Calls of tools for chat templates: arguments are objects.",
        loading={
            "TRL": "`SFTTrainer(train_dataset=load_dataset(...))`, with datasets 4.7 or newer"
        },
    ),
    _flavour(
        "tools.nemo",
        nemo,
        "Calls of tools for NeMo Customizer: no ids and names in messages.",
        loading={"NeMo": "copy as `training.jsonl` and `validation.jsonl` into one folder"},
    ),
    _flavour(
        "tools.sharegpt",
        sharegpt,
        "Calls of tools as alternating turns, for LLaMA-Factory.",
        loading={"LLaMA-Factory": "its entry in `dataset_info.json`, with `stage: sft`"},
        dataset_info={
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
        },
    ),
)
