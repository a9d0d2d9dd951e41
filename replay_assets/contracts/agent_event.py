"""The events of an agent, in the order in which they happen, and the table of steps.

turn_start
  step_start, step_progress (only if asked for), step_complete    for each step
turn_complete
"""

from typing import Any, ClassVar, Literal

from replay_assets.contracts.agent_turn import (
    AgentTurn,
    InferenceDetails,
    ShieldDetails,
    StepType,
    ToolDetails,
)
from replay_assets.contracts.arrow import TableRow
from replay_assets.contracts.record import Part, Record

EventType = Literal["turn_start", "step_start", "step_progress", "step_complete", "turn_complete"]


class TurnStart(Part):
    """What a turn asks: the new messages of its session."""

    session_id: str
    input_messages: list[dict[str, Any]]


class StepStart(Part):
    """The start of a step has no content."""


class TextDelta(Part):
    """A piece of the text of an inference."""

    delta_type: Literal["text"]
    text: str


class ToolCallDelta(Part):
    """A piece of a call in an inference: `call` is its number in the answer, from 0."""

    delta_type: Literal["tool_call"]
    call: int
    name: str | None
    arguments: str


class TurnComplete(Part):
    """The whole turn."""

    turn: AgentTurn


Payload = (
    TurnStart
    | TextDelta
    | ToolCallDelta
    | InferenceDetails
    | ShieldDetails
    | ToolDetails
    | TurnComplete
    | StepStart
)


class AgentEvent(Record):
    """One line of an event log.

    Attributes:
        event_type: the event; `step_complete` has the details of its step as payload.
        incident_id: the incident.
        turn_id: the turn.
        step_id: the step; None for events of turns.
        step_type: its type; None for events of turns.
        at: when it happened, in UTC.
        payload: what happened.
    """

    VERSION: ClassVar[str] = "agent_event_v1"

    event_type: EventType
    incident_id: str
    turn_id: str
    step_id: str | None
    step_type: StepType | None
    at: str
    payload: Payload


class AgentStepRow(TableRow):
    """One step in the table of steps; columns that its type does not have are null.

    Attributes:
        incident_id: the incident.
        candidate_id: the candidate.
        repeat: the repeat, from 0.
        turn_id: the turn.
        step_id: the step.
        number: of the step in its turn, from 1.
        step_type: its type.
        name: the tool or the shield.
        touchpoint: what a shield looked at.
        outcome: how an inference ended, the verdict of a shield, where a tool's answer is from.
        is_miss: whether a read was asked for that was never recorded.
        is_mutating: whether a call would change or send something.
        approval_requested: whether such a call asks for a person's approval.
        findings: what a shield found.
        calls: the number of calls of an inference.
        prompt_tokens: the tokens of an inference's prompt.
        completion_tokens: the tokens of its answer.
        cost_usd: its cost.
        ms: the time of the step.
        started_at: when it began, in UTC.
    """

    TABLE_VERSION: ClassVar[str] = "agent_steps_v1"

    incident_id: str
    candidate_id: str
    repeat: int
    turn_id: str
    step_id: str
    number: int
    step_type: str
    name: str | None
    touchpoint: str | None
    outcome: str
    is_miss: bool | None
    is_mutating: bool | None
    approval_requested: bool | None
    findings: list[str] | None
    calls: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    ms: float | None
    started_at: str
