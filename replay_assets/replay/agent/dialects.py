"""How tools are offered to a model, and how its calls and their results are written as messages."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from replay_assets.candidates import Candidate
from replay_assets.contracts.agent_turn import InferenceDetails, RequestedCall
from replay_assets.inference import CalledTool, Completion, Message, Question
from replay_assets.parsing.tool_marks import WrittenCall, calls_in_text, prompted_calls
from replay_assets.replay.agent.tools.tool_call import read_arguments

Definitions = Sequence[Mapping[str, Any]]
Results = Sequence[tuple[RequestedCall, str]]
"""Calls, each with the text that answers it."""

PROMPTED = (
    "Tools, as JSON:\n{tools}\n\nTo call tools, answer with one JSON object and nothing else: "
    '{{"calls": [{{"name": "<tool>", "arguments": {{"<parameter>": <value>}}}}]}}. '
    "You will receive their results. When you need no more tools, answer as the request says."
)
RESULTS = "Results of the calls, in their order, as JSON:\n{results}"
_VALID_NAME = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64
"""Endpoints reject a message in which a call has another name, also if their model wrote it."""


class Dialect(Protocol):
    """How a candidate is asked with tools."""

    def question(self, messages: Sequence[Message], tools: Definitions, repeat: int) -> Question:
        """Return the question that continues a conversation."""

    def calls_of(self, completion: Completion) -> Sequence[CalledTool]:
        """Return the calls of tools in an answer."""

    def answer(self, inference: InferenceDetails) -> Message:
        """Return an answer as a message of the conversation."""

    def results(self, results: Results) -> list[Message]:
        """Return the results of the calls of one answer as messages."""


class Native:
    """Tools in the request, calls and results in the form of OpenAI's protocol."""

    def __init__(self, *, reads_text: bool = False) -> None:
        self._reads_text = reads_text

    def question(self, messages: Sequence[Message], tools: Definitions, repeat: int) -> Question:
        """Return the question with the tools next to the messages."""
        return Question(tuple(messages), repeat=repeat, tools=tools)

    def calls_of(self, completion: Completion) -> Sequence[CalledTool]:
        """Return the calls of a message; those in its text only if the candidate says so."""
        if completion.calls or not self._reads_text:
            return completion.calls
        return _as_called(calls_in_text(completion.content))

    def answer(self, inference: InferenceDetails) -> Message:
        """Return a message of the assistant with its calls.

        Names and arguments that the model got wrong are repaired: an endpoint may reject a
        conversation that contains them. The result of the call says what was wrong.
        """
        message: dict[str, Any] = {"role": "assistant", "content": inference.content}
        if inference.calls:
            message["tool_calls"] = [
                {
                    "id": one.call_id,
                    "type": "function",
                    "function": {
                        "name": _VALID_NAME.sub("_", one.name)[:_LONGEST_NAME] or "unnamed",
                        "arguments": _valid_arguments(one.arguments),
                    },
                }
                for one in inference.calls
            ]
        return message

    def results(self, results: Results) -> list[Message]:
        """Return one message per result, matched by the id of its call."""
        return [
            {"role": "tool", "tool_call_id": call.call_id, "content": text}
            for call, text in results
        ]


class Prompted:
    """Tools in the instructions, calls and results as JSON: for models without calls of tools."""

    def question(self, messages: Sequence[Message], tools: Definitions, repeat: int) -> Question:
        """Return the question with the tools at the end of the instructions."""
        functions = json.dumps([one["function"] for one in tools], ensure_ascii=False)
        offered = PROMPTED.format(tools=functions)
        first, *rest = messages
        if first["role"] == "system":
            first = {**first, "content": f"{first['content']}\n\n{offered}"}
            return Question((first, *rest), repeat=repeat)
        return Question(({"role": "system", "content": offered}, *messages), repeat=repeat)

    def calls_of(self, completion: Completion) -> Sequence[CalledTool]:
        """Return the calls of an answer in JSON."""
        return _as_called(prompted_calls(completion.content))

    def answer(self, inference: InferenceDetails) -> Message:
        """Return a message of the assistant as it was written."""
        return {"role": "assistant", "content": inference.content or ""}

    def results(self, results: Results) -> list[Message]:
        """Return all results in one message of the user."""
        found = [{"name": call.name, "result": text} for call, text in results]
        text = RESULTS.format(results=json.dumps(found, ensure_ascii=False))
        return [{"role": "user", "content": text}]


def dialect_of(candidate: Candidate) -> Dialect:
    """Return how a candidate is asked."""
    if candidate.tool_mode == "prompted":
        return Prompted()
    return Native(reads_text=candidate.grade_calls_in_text)


def _valid_arguments(text: str) -> str:
    found, _ = read_arguments(text)
    return text if found is not None and text.strip() else "{}"


def _as_called(written: Sequence[WrittenCall]) -> list[CalledTool]:
    # Arguments that can't be read stay unreadable: the call is answered with an error.
    return [
        CalledTool(
            one.name,
            "{" if one.arguments is None else json.dumps(one.arguments, ensure_ascii=False),
        )
        for one in written
    ]
