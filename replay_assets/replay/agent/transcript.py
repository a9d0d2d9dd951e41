"""One investigation for people to read: each step of its turns, as Markdown."""

from collections.abc import Iterable, Iterator

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


def transcript(turns: Iterable[AgentTurn]) -> str:
    """Return the investigation of an incident as Markdown."""
    return "\n".join(line for turn in turns for line in _of_turn(turn)) + "\n"


def _of_turn(turn: AgentTurn) -> Iterator[str]:
    yield f"# {one_line(turn.incident_id)}, turn {turn.turn_id}"
    yield ""
    yield f"{turn.started_at} to {turn.completed_at}, {len(turn.steps)} steps"
    for message in turn.input_messages:
        yield from ("", f"## {message['role']}", "", *_quoted(str(message.get("content") or "")))
    for number, step in enumerate(turn.steps, start=1):
        yield from ("", f"## Step {number}: {_title(step)}", "", *_body(step))
    output = turn.output
    yield from ("", f"## Final answer ({output.stop_reason})", "", *_quoted(output.content or ""))
    for name, calls in (("Handed back", output.calls), ("Not run", output.calls_not_run)):
        for call in calls:
            yield from ("", f"{name}: {one_line(call.name)} {one_line(call.arguments)}")
    if output.attachments:
        yield from ("", f"Attachments: {', '.join(map(one_line, output.attachments))}")


def _title(step: AgentStep) -> str:
    details = step.details
    if isinstance(details, InferenceDetails):
        return f"inference {details.number} ({details.ending})"
    if isinstance(details, ShieldDetails):
        return f"shield {details.name} at {details.touchpoint} ({details.verdict})"
    return f"tool {one_line(details.name)} ({_kind(details)})"


def _kind(details: ToolDetails) -> str:
    kind = details.kind.replace("_", " ")
    return "tool miss: not recorded" if details.is_miss else kind


def _body(step: AgentStep) -> Iterator[str]:
    details = step.details
    if isinstance(details, InferenceDetails):
        yield from _quoted(details.content or "")
        yield from (
            f"calls {one_line(one.name)} {one_line(one.arguments)}" for one in details.calls
        )
        if details.error is not None:
            yield f"error: {one_line(details.error)}"
    elif isinstance(details, ShieldDetails):
        yield from (f"found: {one_line(one)}" for one in details.findings)
        if details.ends_turn:
            yield f"ends the turn: {one_line(details.message or '')}"
    else:
        yield f"arguments: {one_line(details.arguments)}"
        yield from _quoted(details.text)


def _quoted(text: str) -> Iterator[str]:
    """Yield a text within a fence, so that nothing in it is read as Markdown."""
    if not text:
        return
    lines = text.replace(_FENCE, "~~~").splitlines()
    yield _FENCE
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"… {len(lines) - MOST_LINES} more lines"
    yield _FENCE
