"""The tools of one incident: what is offered, and what each call is answered."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from replay_assets.contracts.evidence_sections import sections_of
from replay_assets.contracts.names import read_boolean
from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.contracts.request import ReplayRequest
from replay_assets.contracts.tool_forms import shipped_forms
from replay_assets.contracts.tools import ToolSet, shipped_tools
from replay_assets.replay.agent.tools.attachments import attachments_in
from replay_assets.replay.agent.tools.dry_runs import dry_run
from replay_assets.replay.agent.tools.normalising import asked
from replay_assets.replay.agent.tools.recorded_tools import recorded_tools
from replay_assets.replay.agent.tools.recordings import (
    arguments_of,
    recorded_calls,
    recorded_sections,
    section_shown,
)
from replay_assets.replay.agent.tools.tool_call import (
    AnswerKind,
    ToolAnswer,
    ToolCall,
    read_arguments,
)

NOT_RECORDED = "Not recorded: the recording of this incident does not have the answer to this call."


class ToolBox:
    """Answers the calls of one investigation; it holds nothing but counters of repeated calls.

    The same calls in the same order always get the same answers, so a dialogue may build it again
    when its kept calls are replayed. A box serves one investigation: make one per dialogue.

    Args:
        evidence: the incident's sanitized evidence, which may have sections of tools' output.
        recordings: the recorded calls of the incident, in order.
        tools: the tools; default: the shipped ones.
    """

    def __init__(
        self,
        evidence: str,
        recordings: Iterable[RecordedCall] = (),
        tools: ToolSet | None = None,
    ) -> None:
        self._tools = tools or shipped_tools()
        calls = tuple(recordings)
        self._sections = sections_of(evidence)
        self._recorded = recorded_calls(calls)
        self._shown = recorded_sections(self._sections)
        called = [
            *((one.name, arguments_of(one)) for one in calls),
            *((one.tool, one.arguments) for one in self._sections),
        ]
        self._definitions = (*self._tools.offered(), *recorded_tools(called, self._tools))
        self._parameters = {
            one["function"]["name"]: one["function"]["parameters"] for one in self._definitions
        }

    @classmethod
    def of(cls, request: ReplayRequest, recordings: Iterable[RecordedCall] = ()) -> Self:
        """Return the tools for one request of a pack; recordings of other incidents are ignored."""
        own = (one for one in recordings if one.incident_id == request.incident_id)
        return cls(request.user_prompt, own)

    @property
    def definitions(self) -> tuple[dict[str, Any], ...]:
        """The tools that are offered, in OpenAI's function format.

        First the fixed set, then the read tools of the recorded session, by name.
        """
        return self._definitions

    def read(self, name: str, arguments: str | Mapping[str, Any] | None) -> ToolCall:
        """Return a call as it is understood, before it is answered; shields look at it."""
        found, error = read_arguments(arguments)
        call = ToolCall(name, found, error, is_offered=name in self._parameters)
        if found is None or not call.is_offered:
            return call
        return replace(
            call,
            is_mutating=shipped_forms().effect_of(name, found) == "change",
            approval_requested=read_boolean(found.get(self._tools.approval.name)),
        )

    def answer(self, name: str, arguments: str | Mapping[str, Any] | None) -> ToolAnswer:
        """Return what the model receives for a call; nothing is ever run."""
        call = self.read(name, arguments)
        if not call.is_offered:
            offered = ", ".join(sorted(self._parameters))
            return ToolAnswer(f"There is no tool {name!r}. Tools: {offered}.", "not_offered")
        if call.arguments is None:
            return ToolAnswer(f"Not called: {call.error}.", "malformed_arguments")
        if shipped_forms().effect_of(name, call.arguments) != "read":
            return dry_run(call, self._parameters[name])
        kind, text = self._recorded_answer(name, call.arguments)
        return ToolAnswer(text, kind, attachments=attachments_in(text))

    def _recorded_answer(self, name: str, arguments: Mapping[str, Any]) -> tuple[AnswerKind, str]:
        asked_for = asked(name, arguments)
        if (text := self._recorded.next(asked_for)) is not None:
            return "recorded", text
        if (text := self._shown.next(asked_for)) is not None:
            return "evidence", text
        if (text := section_shown(self._sections, asked_for)) is not None:
            return "evidence", text
        return "not_recorded", NOT_RECORDED
