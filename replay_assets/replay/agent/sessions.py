"""A session: a fixed prefix and the turns so far, from which the messages are rebuilt."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from replay_assets.contracts.agent_event import AgentEvent
from replay_assets.contracts.agent_turn import (
    AgentTurn,
)
from replay_assets.inference import Dialogue, Message
from replay_assets.replay.agent.dialects import Dialect
from replay_assets.replay.agent.log import turns_of
from replay_assets.replay.agent.loop import TurnLoop

NOT_RUN = "Not run: the turn ended before this call."


@dataclass
class Session:
    """The conversation with one candidate about one incident.

    Args:
        session_id: the id, which the ids of its turns begin with.
        prefix: the system messages; those that a caller sends are dropped in their favour.
        turns: the finished turns.
    """

    session_id: str
    prefix: Sequence[Message]
    turns: list[AgentTurn] = field(default_factory=list)

    @classmethod
    def of_log(
        cls, session_id: str, prefix: Sequence[Message], events: Iterable[AgentEvent]
    ) -> "Session":
        """Return the session that event logs describe."""
        turns = [one for one in turns_of(events) if one.session_id == session_id]
        return cls(session_id, prefix, turns)

    def history(self, dialect: Dialect) -> list[Message]:
        """Return the messages before the next turn."""
        earlier = (one for turn in self.turns for one in messages_of(turn, dialect))
        return [*self.prefix, *earlier]

    def ask(self, asked: Iterable[Message], loop: TurnLoop) -> Dialogue[AgentTurn]:
        """Run the next turn and keep it."""
        new = [one for one in asked if one["role"] != "system"]
        turn = yield from loop.run(self.history(loop.dialect), new)
        self.turns.append(turn)
        return turn


def messages_of(turn: AgentTurn, dialect: Dialect) -> Iterator[Message]:
    """Yield the messages of a finished turn, as the model has read and written them.

    What a violation put in place of the answer is a message of the assistant.
    """
    yield from turn.input_messages
    inferences = [one.details for one in turn.steps if one.step_type == "inference"]
    tools = [one.details for one in turn.steps if one.step_type == "tool_execution"]
    answers = {one.call_id: one.text for one in tools}
    handed_back = {one.call_id for one in turn.output.calls}
    for inference in inferences:
        # The text of an answer that a violation replaces must not be read again.
        is_replaced = turn.output.stop_reason == "violation" and not inference.calls
        if inference.ending in ("failed", "refused") or is_replaced:
            continue
        yield dialect.answer(inference)
        results = [
            (one, answers.get(one.call_id, NOT_RUN))
            for one in inference.calls
            if one.call_id not in handed_back
        ]
        if results:
            yield from dialect.results(results)
    if turn.output.stop_reason == "violation":
        yield {"role": "assistant", "content": turn.output.content or ""}
