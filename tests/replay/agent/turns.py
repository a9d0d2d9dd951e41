"""Turns driven by hand: calls in, questions out, no server."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from replay_assets.contracts.agent_turn import Touchpoint
from replay_assets.contracts.shields import OnViolation
from replay_assets.inference import Call, CalledTool, Message, Question
from replay_assets.replay.agent.dialects import Dialect, Native
from replay_assets.replay.agent.log import TurnLog
from replay_assets.replay.agent.loop import TurnLoop
from replay_assets.replay.agent.shields.shield import PASS, Run, ShieldContext, ShieldResult
from replay_assets.replay.agent.tools.tool_box import ToolBox
from tests.inference.calls import answered

SYSTEM: Message = {"role": "system", "content": "You investigate."}
LOOK = CalledTool("get_events", '{"namespace": "shop"}', "call_a")
PAGE = {"type": "function", "function": {"name": "page", "parameters": {"type": "object"}}}
Result = TypeVar("Result")


@dataclass(frozen=True)
class Word:
    """A shield that forbids a word at one touchpoint, and crashes on another word."""

    word: str
    touchpoint: Touchpoint
    on_violation: OnViolation = "end_turn"
    name: str = "word"

    @property
    def touchpoints(self) -> frozenset[Touchpoint]:
        """Its one touchpoint."""
        return frozenset({self.touchpoint})

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        """Look for the word."""
        yield from ()
        if "crash" in text:
            raise ValueError(text)
        if self.word in text:
            return ShieldResult("violation", f"{self.word} is forbidden", (self.word,))
        return PASS


def said(
    content: str | None = None, *calls: CalledTool, ended_at: float = 10.0, **changes: Any
) -> Call:
    """Return a call in which the model said something."""
    call = answered("key", ended_at=ended_at)
    assert call.completion is not None
    completion = replace(call.completion, content=content, calls=calls, **changes)
    return replace(call, completion=completion)


def user(text: str) -> Message:
    """Return a message of the user."""
    return {"role": "user", "content": text}


def loop(
    *shields: Word, number: int = 1, dialect: Dialect | None = None, **changes: Any
) -> TurnLoop:
    """Return the loop of a turn; no time passes in its own work."""
    return TurnLoop(
        dialect=dialect or Native(),
        log=TurnLog("inc-1", "inc-1.r0", number),
        **{
            "tools": ToolBox("Evidence"),
            "shields": shields,
            "timer": lambda: 0.0,
            **changes,
        },
    )


def play(
    dialogue: Generator[Question, Call, Result], calls: Iterable[Call] = ()
) -> tuple[Result, list[Question]]:
    """Answer the questions of a dialogue with calls, in order; return its result and them."""
    questions: list[Question] = []
    answers = iter(calls)
    try:
        questions.append(next(dialogue))
        while True:
            questions.append(dialogue.send(next(answers)))
    except StopIteration as end:
        assert next(answers, None) is None, "not every call was asked for"
        return end.value, questions
