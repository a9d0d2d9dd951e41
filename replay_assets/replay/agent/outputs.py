"""The final answer of a turn, which follows from its steps on every path."""

from collections.abc import Sequence

from replay_assets.contracts.agent_turn import (
    Details,
    InferenceDetails,
    ShieldDetails,
    StopReason,
    ToolDetails,
    TurnOutput,
)

MOST_INFERENCES = 10
"""The limit of inferences in a turn, as in the original system."""


def output_of(steps: Sequence[Details]) -> TurnOutput:
    """Return the final answer of a turn with these steps."""
    tools = [one for one in steps if isinstance(one, ToolDetails)]
    last = next((one for one in reversed(steps) if isinstance(one, InferenceDetails)), None)
    ended_by = next(
        (one for one in steps if isinstance(one, ShieldDetails) and one.ends_turn), None
    )
    reason = _stop_reason(last, ended_by)
    answered = {one.call_id for one in tools}
    left = [] if last is None else [one for one in last.calls if one.call_id not in answered]
    is_handed_back = reason == "custom_tool_call"
    return TurnOutput(
        stop_reason=reason,
        content=text_of(steps) if ended_by is None else ended_by.message,
        attachments=list(dict.fromkeys(name for one in tools for name in one.attachments)),
        calls=left if is_handed_back else [],
        calls_not_run=[] if is_handed_back else left,
    )


def text_of(steps: Sequence[Details]) -> str | None:
    """Return the text of the last answer, with the partial answers before it."""
    parts: list[str] = []
    for step in steps:
        if isinstance(step, ToolDetails):
            parts = []
        elif isinstance(step, InferenceDetails) and step.content is not None:
            parts.append(step.content)
    return "".join(parts) if parts else None


def _stop_reason(last: InferenceDetails | None, ended_by: ShieldDetails | None) -> StopReason:
    if ended_by is not None:
        return "violation"
    if last is None:
        return "failed"
    if last.ending in ("end_of_turn", "out_of_tokens", "refused", "failed"):
        return last.ending
    if last.number >= MOST_INFERENCES:
        return "iteration_limit"
    return "custom_tool_call"
