"""Investigations of a pack: one session per request, and the result made from its turn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from replay_assets.candidates import Candidate, agent_of
from replay_assets.contracts.agent_event import AgentEvent
from replay_assets.contracts.agent_turn import (
    AgentTurn,
    InferenceDetails,
    ShieldDetails,
    ToolDetails,
)
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import Call, Dialogue, SendingGate
from replay_assets.replay.agent.dialects import dialect_of
from replay_assets.replay.agent.log import OnStep, TurnLog
from replay_assets.replay.agent.loop import TurnLoop
from replay_assets.replay.agent.outputs import MOST_INFERENCES
from replay_assets.replay.agent.pack_recordings import PackRecordings
from replay_assets.replay.agent.sessions import Session
from replay_assets.replay.agent.shields.guards import Guards
from replay_assets.replay.agent.tools.tool_box import ToolBox
from replay_assets.replay.pack_reading import PackLine
from replay_assets.replay.prompts import conversation
from replay_assets.replay.reading import AnswerReader, Reading
from replay_assets.replay.results import result_of


@dataclass(frozen=True)
class Investigation:
    """What is published of one investigation."""

    result: ReplayResult
    events: list[AgentEvent]
    turn: AgentTurn


@dataclass(frozen=True)
class AgentDialogues:
    """Makes the investigations of a run.

    Args:
        candidate: the candidate that is asked.
        vocabulary: the valid root cause categories and actions.
        gate: masks in what the model wrote what must not be stored.
        recordings: the recorded calls of the pack.
        guards: the shields.
        has_deltas: whether the log has the pieces of answers.
        started_s: when the run began, for turns without any call.
    """

    candidate: Candidate
    vocabulary: Vocabulary
    gate: SendingGate
    recordings: PackRecordings
    guards: Guards
    has_deltas: bool = False
    started_s: float = 0.0

    def of(
        self, lines: Iterator[PackLine], on_step: OnStep | None = None
    ) -> Iterator[Dialogue[Investigation]]:
        """Yield the investigations of a run: for each line, one per repeat."""
        for line in lines:
            for repeat in range(self.candidate.repeats):
                yield self._investigate(line, repeat, on_step)

    def _investigate(
        self, line: PackLine, repeat: int, on_step: OnStep | None
    ) -> Dialogue[Investigation]:
        incident_id = line.request.incident_id
        variant = line.variant(self.candidate.variant_id)
        system, *asked = conversation(line.request, variant, self.vocabulary)
        session = Session(f"{incident_id}.r{repeat}", [system])
        log = TurnLog(incident_id, session.session_id, started_s=self.started_s, on_step=on_step)
        loop = TurnLoop(
            tools=ToolBox.of(line.request, self.recordings.of(incident_id)),
            shields=self.guards.shields,
            dialect=dialect_of(self.candidate),
            log=log,
            custom_tools=self.candidate.custom_tools,
            repeat=repeat,
            cleaned=self.gate.cleaned,
            has_deltas=self.has_deltas,
        )
        turn = yield from session.ask(asked, loop)
        result = result_of(
            line,
            loop.calls,
            self._reading(line, turn, loop.calls),
            candidate=agent_of(self.candidate),
            variant=variant,
            repeat=repeat,
            counts=counts_of(turn),
        )
        return Investigation(result, log.events(), turn)

    def _reading(self, line: PackLine, turn: AgentTurn, calls: Sequence[Call]) -> Reading:
        """Return the final answer of a turn in contract form, or the reason there is none."""
        reader = AnswerReader(self.candidate, self.vocabulary, self.gate.cleaned)
        output, last = turn.output, turn.steps[-1].details if turn.steps else None
        if isinstance(last, ShieldDetails) and last.ends_turn:
            return _reading_of_violation(last, reader)
        if output.stop_reason == "iteration_limit":
            return Reading("iteration_limit", None, f"no answer after {MOST_INFERENCES} inferences")
        call = calls[-1]
        if call.completion is not None:
            call = replace(call, completion=replace(call.completion, content=output.content))
        reading = reader.read(line, call)
        if output.calls and reading.answer is None:
            names = ", ".join(one.name for one in output.calls)
            return Reading(reading.outcome, None, f"ended with a call of a custom tool: {names}")
        return reading


def counts_of(turn: AgentTurn) -> dict[str, int]:
    """Return the counts that a result of an agent has."""
    details = [step.details for step in turn.steps]
    inferences = [one for one in details if isinstance(one, InferenceDetails)]
    tools = [one for one in details if isinstance(one, ToolDetails)]
    shields = [one for one in details if isinstance(one, ShieldDetails)]
    return {
        "steps": len(details),
        "tool_calls": sum(len(one.calls) for one in inferences),
        "tool_misses": sum(one.is_miss for one in tools),
        "violations": sum(one.verdict == "violation" for one in shields),
    }


def _reading_of_violation(shield: ShieldDetails, reader: AnswerReader) -> Reading:
    """Return the outcome of a turn that a shield ended.

    The candidate is responsible for what it wrote, not for what it was given to read.
    """
    error = reader.one_line(f"shield {shield.name} at {shield.touchpoint}: {shield.message}")
    if shield.verdict == "failed":
        return Reading("infrastructure_failure", None, error)
    is_of_model = shield.touchpoint in ("tool-input", "assistant-output")
    return Reading("contract_broken" if is_of_model else "gate_refused", None, error)
