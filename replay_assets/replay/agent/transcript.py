"""One investigation for people to read: each step of its turns, as Markdown."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from replay_assets.contracts.agent_turn import (
    AgentStep,
    AgentTurn,
    InferenceDetails,
    ShieldDetails,
    ToolDetails,
)
from replay_assets.parsing.plain_text import one_line

MOST_LINES = 40
"""Lines of a text that are shown; an output of a tool may have thousands."""
_FENCE = "~~~~"
_ENDS_FENCE = re.compile("~{4,}")


def transcript(turns: Iterable[AgentTurn], most_lines: int = MOST_LINES) -> str:
    """Return the investigation of an incident as Markdown, its texts cut after some lines."""
    return "\n".join(line for turn in turns for line in _of_turn(turn, most_lines)) + "\n"


def _of_turn(turn: AgentTurn, most_lines: int) -> Iterator[str]:
    yield f"# {_code(turn.incident_id)}, turn {turn.turn_id}"
    yield ""
    yield f"{turn.started_at} to {turn.completed_at}, {len(turn.steps)} steps"
    for message in turn.input_messages:
        text = str(message.get("content") or "")
        yield from ("", f"## {message['role']}", "", *_quoted(text, most_lines))
    numbered = enumerate(turn.steps, start=1)
    for passed, group in groupby(numbered, key=lambda one: _passed(one[1])):
        if passed is not None:
            names = ", ".join(
                step.details.name for _, step in group if step.step_type == "shield_call"
            )
            yield from ("", f"Shields at {passed}: {names} passed.")
            continue
        for number, step in group:
            yield from ("", f"## Step {number}: {_title(step)}", "", *_body(step, most_lines))
    yield from _of_output(turn, most_lines)


def _of_output(turn: AgentTurn, most_lines: int) -> Iterator[str]:
    output = turn.output
    yield from ("", f"## Final answer ({output.stop_reason})", "")
    yield from _quoted(output.content or "", most_lines)
    for name, calls in (("Handed back", output.calls), ("Not run", output.calls_not_run)):
        for call in calls:
            yield from ("", f"{name}: {_code(f'{call.name} {call.arguments}')}")
    if output.attachments:
        yield from ("", f"Attachments: {', '.join(map(_code, output.attachments))}")


def _passed(step: AgentStep) -> str | None:
    """Return the touchpoint of a shield that passed: these are shown in one line."""
    details = step.details
    if isinstance(details, ShieldDetails) and details.verdict == "pass":
        return details.touchpoint
    return None


def _title(step: AgentStep) -> str:
    details = step.details
    if isinstance(details, InferenceDetails):
        return f"inference {details.number} ({details.ending})"
    if isinstance(details, ShieldDetails):
        return f"shield {details.name} at {details.touchpoint} ({details.verdict})"
    return f"tool {_code(details.name)} ({_kind(details)})"


def _kind(details: ToolDetails) -> str:
    kind = details.kind.replace("_", " ")
    return "tool miss: not recorded" if details.is_miss else kind


def _body(step: AgentStep, most_lines: int) -> Iterator[str]:
    details = step.details
    if isinstance(details, InferenceDetails):
        yield from _quoted(details.content or "", most_lines)
        for one in details.calls:
            yield f"- calls {_code(f'{one.name} {one.arguments}')}"
        if details.error is not None:
            yield f"- error: {_code(details.error)}"
    elif isinstance(details, ShieldDetails):
        yield from (f"- found: {_code(one)}" for one in details.findings)
        if details.ends_turn:
            yield f"- ends the turn: {_code(details.message or '')}"
    else:
        yield f"- arguments: {_code(details.arguments)}"
        yield from ("", *_quoted(details.text, most_lines))


def _code(text: str) -> str:
    """Return a text as code in a line, so that nothing in it is read as Markdown."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def _quoted(text: str, most_lines: int) -> Iterator[str]:
    """Yield a text within a fence, so that nothing in it is read as Markdown."""
    if not text:
        return
    lines = _ENDS_FENCE.sub("~~~", text).splitlines()
    yield _FENCE
    yield from lines[:most_lines]
    if len(lines) > most_lines:
        yield f"… {len(lines) - most_lines} more lines"
    yield _FENCE
