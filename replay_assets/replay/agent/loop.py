"""The loop of a turn: inferences, calls of tools and shields, until there is a final answer.

It is a dialogue of the batch engine: it yields questions and receives calls, and does the same
again when it receives the same calls again.
"""

import re
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from replay_assets.contracts.agent_event import TextDelta, ToolCallDelta
from replay_assets.contracts.agent_turn import (
    AgentTurn,
    InferenceDetails,
    InferenceEnding,
    RequestedCall,
    ShieldDetails,
    ToolDetails,
    Touchpoint,
)
from replay_assets.contracts.result import Usage
from replay_assets.inference import Call, Completion, Dialogue, Message, Question
from replay_assets.replay.agent.dialects import Definitions, Dialect, Results
from replay_assets.replay.agent.log import Delta, TurnLog
from replay_assets.replay.agent.outputs import MOST_INFERENCES, text_of
from replay_assets.replay.agent.shields.shield import (
    Shield,
    ShieldContext,
    ends_turn,
    run_shield,
)
from replay_assets.replay.agent.tools.tool_box import ToolBox

PARTIAL = frozenset({"end_of_message", "eom", "pause_turn", "pause", "tool_calls", "tool_use"})
"""Finish reasons of answers without a call that the model has not finished; the last two are of
endpoints whose model announced a call and wrote none."""
_VALID_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
Result = TypeVar("Result")


@dataclass
class TurnLoop:
    """One turn of a session.

    Args:
        tools: what answers calls.
        shields: what looks at texts, in order.
        dialect: how the candidate is asked.
        log: where the events go.
        custom_tools: tools whose calls are handed back to the caller; they end the turn.
        repeat: the repeat, from 0.
        cleaned: masks in what the model wrote what must not be stored.
        has_deltas: whether the log has the pieces of answers.
        timer: returns seconds; the time of shields and tools is measured with it.
    """

    tools: ToolBox
    shields: Sequence[Shield]
    dialect: Dialect
    log: TurnLog
    custom_tools: Definitions = ()
    repeat: int = 0
    cleaned: Callable[[Any], Any] = lambda value: value
    has_deltas: bool = False
    timer: Callable[[], float] = time.perf_counter
    calls: list[Call] = field(default_factory=list)
    """The finished calls of the turn's inferences."""
    _ids: set[str] = field(default_factory=set)

    def run(self, history: Sequence[Message], asked: Sequence[Message]) -> Dialogue[AgentTurn]:
        """Ask new messages after those of earlier turns; return the turn."""
        self.log.start([dict(one) for one in asked])
        texts = [str(one["content"]) for one in asked if one.get("content")]
        if (yield from self._passes("\n\n".join(texts), "user-input")):
            yield from self._converse([*history, *asked])
        return self.log.complete()

    def _converse(self, messages: list[Message]) -> Generator[Question, Call, None]:
        offered = (*self.tools.definitions, *self.custom_tools)
        custom = {one["function"]["name"] for one in self.custom_tools}
        for number in range(1, MOST_INFERENCES + 1):
            call = yield self.dialect.question(messages, offered, self.repeat)
            self.calls.append(call)
            found = self._read(number, call)
            deltas = _deltas(found) if self.has_deltas else ()
            self.log.inference(found, ended_s=call.ended_at, deltas=deltas)
            if found.ending not in ("tool_calls", "partial"):
                yield from self._finish()
                return
            messages.append(self.dialect.answer(found))
            if found.ending == "partial":
                continue
            builtin = [one for one in found.calls if one.name not in custom]
            # After the last inference, no model would read the results.
            if number == MOST_INFERENCES:
                return
            results = yield from self._execute(builtin)
            if results is None or len(builtin) < len(found.calls):
                return
            messages += self.dialect.results(results)

    def _finish(self) -> Generator[Question, Call, None]:
        if (text := text_of(self.log.steps)) is not None:
            yield from self._passes(text, "assistant-output")

    def _execute(self, calls: Sequence[RequestedCall]) -> Generator[Question, Call, Results | None]:
        """Return the results of calls; None if a shield ended the turn."""
        results: list[tuple[RequestedCall, str]] = []
        for one in calls:
            context = ShieldContext(self.log.incident_id, self.tools.read(one.name, one.arguments))
            if not (yield from self._passes(one.arguments, "tool-input", context, one)):
                return None
            begun = self.timer()
            answer = self.tools.answer(one.name, one.arguments)
            details = ToolDetails(
                **one.model_dump(),
                kind=answer.kind,
                text=answer.text,
                is_miss=answer.is_miss,
                is_mutating=answer.is_mutating,
                approval_requested=bool(answer.approval_requested) if answer.is_mutating else None,
                attachments=[file.path for file in answer.attachments],
                ms=_milliseconds(self.timer() - begun),
            )
            self.log.tool(details)
            if not (yield from self._passes(answer.text, "tool-output", context, one)):
                return None
            results.append((one, answer.text))
        return results

    def _passes(
        self,
        text: str,
        touchpoint: Touchpoint,
        context: ShieldContext | None = None,
        call: RequestedCall | None = None,
    ) -> Generator[Question, Call, bool]:
        """Run the shields of a touchpoint; return whether the turn goes on."""
        for shield in self.shields:
            if touchpoint not in shield.touchpoints:
                continue
            context = context or ShieldContext(self.log.incident_id)
            found, ms = yield from timed(run_shield(shield, text, touchpoint, context), self.timer)
            is_last = ends_turn(shield, found)
            details = ShieldDetails(
                name=shield.name,
                touchpoint=touchpoint,
                verdict=found.verdict,
                ms=ms,
                findings=list(found.findings),
                message=found.message or None,
                on_violation=shield.on_violation,
                ends_turn=is_last,
                call_id=None if call is None else call.call_id,
            )
            self.log.shield(details)
            if is_last:
                return False
        return True

    def _read(self, number: int, call: Call) -> InferenceDetails:
        """Return what a call brought."""
        completion, attempts = call.completion, call.all_attempts
        calls = () if completion is None else self.dialect.calls_of(completion)
        content = None if completion is None else completion.content
        requested = [
            RequestedCall(
                call_id=self._id_of(one.id),
                name=self.cleaned(one.name),
                arguments=self.cleaned(one.arguments),
            )
            for one in calls
        ]
        return InferenceDetails(
            number=number,
            ending=_ending(call, completion, has_calls=bool(calls)),
            content=content and self.cleaned(content),
            calls=requested,
            finish_reason=None if completion is None else completion.finish_reason,
            usage=Usage() if completion is None else completion.usage,
            ms=round(sum(one.latency_ms for one in attempts), 4) if attempts else None,
            wait_ms=round(sum(one.wait_ms for one in attempts), 4),
            cost_usd=None if completion is None else completion.cost_usd,
            cached=call.cached,
            outcome=call.outcome,
            error=None if call.error is None else self.cleaned(call.error),
        )

    def _id_of(self, given: str | None) -> str:
        """Return the id of a call: the endpoint's, or another one if it has none or used it twice.

        Nine letters and digits, because Mistral takes no others.
        """
        found = given or ""
        if not _VALID_ID.fullmatch(found) or found in self._ids:
            number = len(self._ids) + 1
            while (found := f"call{number:05}") in self._ids:
                number += 1
        self._ids.add(found)
        return found


def timed(
    work: Generator[Question, Call, Result], timer: Callable[[], float]
) -> Generator[Question, Call, tuple[Result, float]]:
    """Run a generator; return its result and the milliseconds of its work and of its calls.

    Waiting for calls is not measured: their time is that of their attempts.
    """
    call: Call | None = None
    ms = 0.0
    while True:
        begun = timer()
        try:
            question = next(work) if call is None else work.send(call)
        except StopIteration as end:
            return end.value, round(ms + _milliseconds(timer() - begun), 4)
        ms += _milliseconds(timer() - begun)
        call = yield question
        ms += sum(one.latency_ms for one in call.all_attempts)


def _ending(call: Call, completion: Completion | None, *, has_calls: bool) -> InferenceEnding:
    if completion is None:
        return "refused" if call.outcome == "model_refusal" else "failed"
    if completion.ending == "cut":
        return "out_of_tokens"
    if has_calls:
        return "tool_calls"
    if completion.ending == "refused":
        return "refused"
    return "partial" if completion.finish_reason in PARTIAL else "end_of_turn"


def _deltas(found: InferenceDetails) -> Iterable[Delta]:
    if found.content:
        yield TextDelta(delta_type="text", text=found.content)
    for index, call in enumerate(found.calls):
        yield ToolCallDelta(
            delta_type="tool_call", call=index, name=call.name, arguments=call.arguments
        )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 4)
