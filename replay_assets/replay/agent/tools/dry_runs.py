"""Dry runs: what is wrong with a call that would change or send something. Nothing is ever run."""

from collections.abc import Iterator, Mapping
from typing import Any

from replay_assets.contracts.commands import PLACEHOLDER, shipped_commands
from replay_assets.contracts.json_types import PYTHON_TYPES
from replay_assets.contracts.tool_forms import shipped_forms
from replay_assets.replay.agent.tools.tool_call import ToolAnswer, ToolCall

APPROVAL_MISSING = "approval by a person was not requested"


def dry_run(call: ToolCall, parameters: Mapping[str, Any]) -> ToolAnswer:
    """Return the acknowledgement of a call that would change or send something.

    Args:
        call: the call; its arguments were read.
        parameters: the JSON Schema of the tool's parameters.
    """
    arguments = call.arguments or {}
    problems = [*_unfit(arguments, parameters), *_against_policy(call.name, arguments)]
    if call.is_mutating and not call.approval_requested:
        problems.append(APPROVAL_MISSING)
    done = "Dry run: nothing was changed or sent."
    said = f"{done} The call is not valid: {'; '.join(problems)}." if problems else f"{done} Valid."
    return ToolAnswer(
        said,
        "dry_run",
        is_mutating=call.is_mutating,
        approval_requested=call.approval_requested,
        problems=tuple(problems),
    )


def _unfit(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield where arguments break the schema of a tool's parameters."""
    properties = parameters["properties"]
    for name in parameters["required"]:
        if name not in arguments:
            yield f"{name} is missing"
    for name, value in arguments.items():
        if name not in properties:
            yield f"there is no parameter {name}"
        elif problem := _problem(value, properties[name]):
            yield f"{name} {problem}"


def _problem(value: object, schema: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a value; None if it fits its schema."""
    kind = schema.get("type")
    # For Python, true is an integer too.
    is_flag = isinstance(value, bool) and kind != "boolean"
    if kind is not None and (is_flag or not isinstance(value, PYTHON_TYPES[kind])):
        return f"must be of the type {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, int | float) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        limits = (schema.get("minimum", "any"), schema.get("maximum", "any"))
        return f"must be from {limits[0]} to {limits[1]}"
    return None


def _against_policy(tool: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the list of allowed commands does not have a call's command."""
    command = shipped_forms().command_of(tool, arguments)
    if command is None:
        return
    # A placeholder has the characters of a redirect.
    finding = shipped_commands().check(PLACEHOLDER.sub("placeholder", command))
    if finding != "allowed":
        yield f"the command is {finding.replace('_', ' ')}"
