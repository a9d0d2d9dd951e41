"""The event log of a turn: events in order, their times, and the turn that they describe.

A turn runs twice, with live calls and with stored ones, so its times do not come from a clock here:
an inference ended when its call did, and each other step takes the time that was measured for it.
Events before the first inference get their times when that is known.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from replay_assets.contracts.agent_event import (
    AgentEvent,
    EventType,
    Payload,
    StepStart,
    TextDelta,
    ToolCallDelta,
    TurnComplete,
    TurnStart,
)
from replay_assets.contracts.agent_turn import (
    AgentStep,
    AgentTurn,
    Details,
    InferenceDetails,
    InferenceStep,
    ShieldDetails,
    ShieldStep,
    StepType,
    ToolDetails,
    ToolStep,
)
from replay_assets.errors import ContractError
from replay_assets.replay.agent.outputs import output_of

Delta = TextDelta | ToolCallDelta
OnStep = Callable[[str, int, Details], None]
"""Is called with the incident, and number and details of the step that was completed."""


@dataclass
class _Draft:
    """An event whose time may still change."""

    event_type: EventType
    step: tuple[str, StepType] | None
    at_s: float
    payload: Payload


class TurnLog:
    """Collects the events of one turn.

    Args:
        incident_id: the incident.
        session_id: the session of the turn.
        number: of the turn in its session, from 1.
        started_s: when the turn began if no inference says when it ended, in seconds since 1970.
        on_step: is called with the incident, and number and details of each completed step.
    """

    def __init__(
        self,
        incident_id: str,
        session_id: str,
        number: int = 1,
        *,
        started_s: float = 0.0,
        on_step: OnStep | None = None,
    ) -> None:
        self.incident_id = incident_id
        self.session_id = session_id
        self.turn_id = f"{session_id}.t{number}"
        self._now_s = started_s
        self._on_step = on_step
        self._is_anchored = False
        self._steps: list[Details] = []
        self._drafts: list[_Draft] = []

    @property
    def steps(self) -> Sequence[Details]:
        """The details of the steps so far."""
        return self._steps

    def start(self, messages: Sequence[dict[str, Any]]) -> None:
        """Begin the turn."""
        asked = TurnStart(session_id=self.session_id, input_messages=list(messages))
        self._add("turn_start", None, asked)

    def inference(
        self, details: InferenceDetails, *, ended_s: float | None, deltas: Iterable[Delta] = ()
    ) -> None:
        """Add an inference; `ended_s` is when its call ended, if that is known."""
        took_s = ((details.ms or 0.0) + details.wait_ms) / 1000
        if ended_s is not None:
            self._set_time(ended_s - took_s)
            took_s = max(ended_s - self._now_s, 0.0)
        self._step("inference", details, took_s, deltas)

    def shield(self, details: ShieldDetails) -> None:
        """Add a run of a shield."""
        self._step("shield_call", details, details.ms / 1000)

    def tool(self, details: ToolDetails) -> None:
        """Add a call of a tool."""
        self._step("tool_execution", details, details.ms / 1000)

    def complete(self) -> AgentTurn:
        """End the turn and return it, as its events describe it."""
        turn = turn_of(self.events())
        self._add("turn_complete", None, TurnComplete(turn=turn))
        return turn

    def events(self) -> list[AgentEvent]:
        """Return the events so far."""
        return [
            AgentEvent(
                schema_version=AgentEvent.VERSION,
                event_type=draft.event_type,
                incident_id=self.incident_id,
                turn_id=self.turn_id,
                step_id=None if draft.step is None else draft.step[0],
                step_type=None if draft.step is None else draft.step[1],
                at=datetime.fromtimestamp(draft.at_s, UTC).isoformat(timespec="microseconds"),
                payload=draft.payload,
            )
            for draft in self._drafts
        ]

    def _set_time(self, now_s: float) -> None:
        """Set the time to that of a call; never back, because steps do not overlap."""
        if not self._is_anchored:
            earlier_s = now_s - self._now_s
            for draft in self._drafts:
                draft.at_s += earlier_s
            self._is_anchored = True
            self._now_s = now_s
        self._now_s = max(self._now_s, now_s)

    def _step(
        self, step_type: StepType, details: Details, took_s: float, deltas: Iterable[Delta] = ()
    ) -> None:
        self._steps.append(details)
        step = (f"{self.turn_id}.s{len(self._steps)}", step_type)
        self._add("step_start", step, StepStart())
        self._now_s += took_s
        for delta in deltas:
            self._add("step_progress", step, delta)
        self._add("step_complete", step, details)
        if self._on_step is not None:
            self._on_step(self.incident_id, len(self._steps), details)

    def _add(
        self, event_type: EventType, step: tuple[str, StepType] | None, payload: Payload
    ) -> None:
        self._drafts.append(_Draft(event_type, step, self._now_s, payload))


def turn_of(events: Iterable[AgentEvent]) -> AgentTurn:
    """Return the turn that a log describes; its last event, with the whole turn, is not needed.

    Raises:
        ContractError: the events are not those of one turn in their order.
    """
    started: AgentEvent | None = None
    open_step: AgentEvent | None = None
    steps: list[AgentStep] = []
    at = ""
    for event in events:
        if started is not None and event.turn_id != started.turn_id:
            raise ContractError(f"event log: {event.turn_id} begins within {started.turn_id}")
        at = event.at if event.event_type != "turn_complete" else at
        if event.event_type == "turn_start":
            started = event
        elif event.event_type == "step_start":
            open_step = event
        elif event.event_type == "step_complete":
            steps.append(_step_of(open_step, event))
    if started is None or not isinstance(started.payload, TurnStart):
        raise ContractError("event log: it has no turn_start; read it from the start of a turn")
    return AgentTurn(
        schema_version=AgentTurn.VERSION,
        turn_id=started.turn_id,
        session_id=started.payload.session_id,
        incident_id=started.incident_id,
        input_messages=started.payload.input_messages,
        steps=steps,
        output=output_of([step.details for step in steps]),
        started_at=started.at,
        completed_at=at,
    )


def turns_of(events: Iterable[AgentEvent]) -> list[AgentTurn]:
    """Return the turns of a log in their order."""
    by_turn: dict[str, list[AgentEvent]] = {}
    for event in events:
        by_turn.setdefault(event.turn_id, []).append(event)
    return [turn_of(one) for one in by_turn.values()]


def _step_of(start: AgentEvent | None, end: AgentEvent) -> AgentStep:
    if start is None or start.step_id is None or start.step_id != end.step_id:
        raise ContractError(f"event log: step {end.step_id} ends without its step_start")
    known = {"step_id": start.step_id, "started_at": start.at, "completed_at": end.at}
    details = end.payload
    if isinstance(details, InferenceDetails):
        return InferenceStep(step_type="inference", details=details, **known)
    if isinstance(details, ShieldDetails):
        return ShieldStep(step_type="shield_call", details=details, **known)
    if isinstance(details, ToolDetails):
        return ToolStep(step_type="tool_execution", details=details, **known)
    raise ContractError(f"event log: step {end.step_id} has no details of a step")
