"""A turn of an agent: what was asked, the steps that followed, and the final answer."""

from typing import Any, ClassVar, Literal

from replay_assets.contracts.record import Part, Record
from replay_assets.contracts.result import Usage
from replay_assets.contracts.shields import OnViolation

StepType = Literal["inference", "shield_call", "tool_execution"]
Touchpoint = Literal["user-input", "tool-input", "tool-output", "assistant-output"]
ShieldVerdict = Literal["pass", "violation", "failed", "not_run"]
InferenceEnding = Literal[
    "end_of_turn", "tool_calls", "partial", "out_of_tokens", "refused", "failed"
]
StopReason = Literal[
    "end_of_turn",
    "out_of_tokens",
    "iteration_limit",
    "custom_tool_call",
    "violation",
    "refused",
    "failed",
]


class RequestedCall(Part):
    """A call of a tool that the model asked for; `arguments` is the text that it wrote.

    `call_id` is unique within the turn: the endpoint's, or ours if that is missing or repeated.
    """

    call_id: str
    name: str
    arguments: str


class InferenceDetails(Part):
    """One inference: what the model wrote, and what it took.

    Attributes:
        number: of this inference in its turn, from 1.
        ending: `partial` if the model will go on with its text, `failed` if there is no answer.
        content: the text, without reasoning; None if there is none.
        calls: the calls of tools, in order.
        finish_reason: the provider's word.
        usage: the tokens that the endpoint reported.
        ms: the time of all attempts, without waiting.
        wait_ms: the time before and between attempts.
        cost_usd: the cost; None if it is unknown.
        cached: whether another run paid for the answer.
        outcome: `answered`, or the reason why there is no answer, as in results.
        error: the same in words.
    """

    number: int
    ending: InferenceEnding
    content: str | None
    calls: list[RequestedCall]
    finish_reason: str | None
    usage: Usage
    ms: float | None
    wait_ms: float
    cost_usd: float | None
    cached: bool
    outcome: str
    error: str | None


class ShieldDetails(Part):
    """One run of a shield.

    Attributes:
        name: the shield.
        touchpoint: what it looked at.
        verdict: `failed` if it crashed or timed out, `not_run` if it did not look at the text.
        ms: the time that it took.
        findings: what it found, as codes.
        message: what it says of a violation; None if there is none.
        on_violation: what a violation does.
        ends_turn: whether this run ended the turn.
        call_id: the call of a tool whose input or output it looked at.
    """

    name: str
    touchpoint: Touchpoint
    verdict: ShieldVerdict
    ms: float
    findings: list[str]
    message: str | None
    on_violation: OnViolation
    ends_turn: bool
    call_id: str | None


class ToolDetails(Part):
    """One call of a tool and its answer. Nothing is executed: answers are recorded or dry runs.

    Attributes:
        call_id: the call that it answers.
        name: the tool.
        arguments: the text that the model wrote.
        kind: where the answer is from.
        text: the answer.
        is_miss: whether a read was asked for that was never recorded.
        is_mutating: whether the call would change or send something.
        approval_requested: whether it asks for a person's approval; None for a read.
        attachments: the names of files in the answer.
        ms: the time that it took.
    """

    call_id: str
    name: str
    arguments: str
    kind: str
    text: str
    is_miss: bool
    is_mutating: bool
    approval_requested: bool | None
    attachments: list[str]
    ms: float


class InferenceStep(Part):
    """An inference as a step of a turn."""

    step_id: str
    step_type: Literal["inference"]
    started_at: str
    completed_at: str
    details: InferenceDetails


class ShieldStep(Part):
    """A run of a shield as a step of a turn."""

    step_id: str
    step_type: Literal["shield_call"]
    started_at: str
    completed_at: str
    details: ShieldDetails


class ToolStep(Part):
    """A call of a tool as a step of a turn."""

    step_id: str
    step_type: Literal["tool_execution"]
    started_at: str
    completed_at: str
    details: ToolDetails


AgentStep = InferenceStep | ShieldStep | ToolStep
Details = InferenceDetails | ShieldDetails | ToolDetails


class TurnOutput(Part):
    """The final answer of a turn, on every path.

    Attributes:
        stop_reason: why the turn ended.
        content: the answer; the message of the shield after a violation; None if there is none.
        attachments: the names of the files that tools returned.
        calls: calls of custom tools, for the caller to answer.
        calls_not_run: calls that nothing answers, because the turn ended before them.
    """

    stop_reason: StopReason
    content: str | None
    attachments: list[str]
    calls: list[RequestedCall]
    calls_not_run: list[RequestedCall]


class AgentTurn(Record):
    """One turn of a session. It can be rebuilt from its events."""

    VERSION: ClassVar[str] = "agent_turn_v1"

    turn_id: str
    session_id: str
    incident_id: str
    input_messages: list[dict[str, Any]]
    steps: list[AgentStep]
    output: TurnOutput
    started_at: str
    completed_at: str
