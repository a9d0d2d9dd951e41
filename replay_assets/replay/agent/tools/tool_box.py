"""The tools of one incident: what is offered, and what each call is answered."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.contracts.request import ReplayRequest
from replay_assets.contracts.tools import ToolRules, shipped_tools
from replay_assets.replay.agent.tools.tool_call import ToolAnswer, ToolCall, read_arguments


class ToolBox:
    """Answers the calls of one investigation; it holds nothing but counters of repeated calls.

    The same calls in the same order always get the same answers, so a dialogue may build it again
    when its kept calls are replayed. A box serves one investigation: make one per dialogue.

    Args:
        evidence: the incident's sanitized evidence, which may have sections of tools' output.
        recordings: the recorded calls of the incident, in order.
        rules: the tools; default: the shipped ones.
    """

    def __init__(
        self,
        evidence: str,
        recordings: Iterable[RecordedCall] = (),
        rules: ToolRules | None = None,
    ) -> None:
        self._evidence = evidence
        self._recordings = tuple(recordings)
        self._rules = rules or shipped_tools()
        self._definitions = self._rules.offered()
        self._offered = frozenset(one["function"]["name"] for one in self._definitions)

    @classmethod
    def of(cls, request: ReplayRequest, recordings: Iterable[RecordedCall] = ()) -> Self:
        """Return the tools for one request of a pack; recordings of other incidents are ignored."""
        own = (one for one in recordings if one.incident_id == request.incident_id)
        return cls(request.user_prompt, own)

    @property
    def definitions(self) -> tuple[dict[str, Any], ...]:
        """The tools that are offered, in OpenAI's function format."""
        return self._definitions

    def read(self, name: str, arguments: str | Mapping[str, Any] | None) -> ToolCall:
        """Return a call as it is understood, before it is answered; shields look at it."""
        found, error = read_arguments(arguments)
        call = ToolCall(name, found, error, is_offered=name in self._offered)
        if found is None or not call.is_offered:
            return call
        tool = self._rules.by_name.get(name)
        asked = found.get(self._rules.approval.name)
        return replace(
            call,
            is_mutating=tool is not None and tool.effect == "change",
            approval_requested=asked if isinstance(asked, bool) else None,
        )

    def answer(self, name: str, arguments: str | Mapping[str, Any] | None) -> ToolAnswer:
        """Return what the model receives for a call; nothing is ever run."""
        call = self.read(name, arguments)
        if not call.is_offered:
            offered = ", ".join(sorted(self._offered))
            return ToolAnswer(f"There is no tool {name!r}. Tools: {offered}.", "not_offered")
        if call.arguments is None:
            return ToolAnswer(f"Not called: {call.error}.", "malformed_arguments")
        tool = self._rules.by_name.get(name)
        if tool is not None and tool.effect != "read":
            return ToolAnswer(
                "Dry run: nothing was changed or sent.",
                "dry_run",
                is_mutating=call.is_mutating,
                approval_requested=call.approval_requested,
            )
        return ToolAnswer("Not recorded: this was never asked in the recording.", "not_recorded")
