"""Every path of an investigation over a real connection: events, final answers, messages."""

import json

import pytest

from replay_assets.contracts.agent_turn import InferenceDetails, ShieldDetails, ToolDetails
from replay_assets.lake.formats import record_line
from replay_assets.replay.agent.dialects import Native
from replay_assets.replay.agent.log import turn_of
from replay_assets.replay.agent.sessions import messages_of
from tests.replay.agent.conftest import Played
from tests.replay.agent.paths import ANSWER, PATHS, Spec, steps_of

each_path = pytest.mark.parametrize("path", PATHS, ids=[path["id"] for path in PATHS])


def shown(details: InferenceDetails | ShieldDetails | ToolDetails) -> str:
    """A step as the expectations write it."""
    if isinstance(details, InferenceDetails):
        return details.ending
    if isinstance(details, ShieldDetails):
        return f"{details.name} {details.touchpoint} {details.verdict}"
    return f"{details.name} {details.kind}"


@each_path
def test_a_path_has_its_steps_and_its_final_answer(path: Spec, played: dict[str, Played]) -> None:
    """Nothing vanishes: each call has a step, or is named as one that was not run."""
    found = played[path["id"]]
    assert [shown(one.details) for one in found.turn.steps] == steps_of(path)
    assert found.result.outcome == path["outcome"]
    if path["outcome"] == "answered":
        assert found.result.model_output == json.loads(ANSWER)
    counts = found.result.model_dump(include=set(path.get("counts", ())))
    assert counts == path.get("counts", {})
    output = found.turn.output
    assert [one.name for one in output.calls_not_run] == path.get("not_run", [])
    assert [one.name for one in output.calls] == path.get("handed_back", [])
    if "arguments" in path:
        tools = [one.details for one in found.turn.steps if one.step_type == "tool_execution"]
        assert [one.arguments for one in tools] == path["arguments"]


@each_path
def test_events_follow_each_other_and_never_overlap(path: Spec, played: dict[str, Played]) -> None:
    """A turn begins, each step begins and ends, the turn ends; time does not go back."""
    events = played[path["id"]].events
    kinds = [one.event_type for one in events]
    steps = ["step_start", "step_complete"] * len(steps_of(path))
    assert kinds == ["turn_start", *steps, "turn_complete"]
    assert [one.step_id for one in events[1:-1:2]] == [one.step_id for one in events[2::2]]
    moments = [one.at for one in events]
    assert moments == sorted(moments)
    assert moments[0] > "2026"


@each_path
def test_a_log_rebuilds_its_turn_byte_for_byte(path: Spec, played: dict[str, Played]) -> None:
    """The last event has the whole turn, and the others are enough to make it again."""
    *before, last = played[path["id"]].events
    rebuilt = turn_of(before)
    assert record_line(rebuilt) == record_line(last.payload.turn)  # type: ignore[union-attr]


@each_path
def test_a_turn_rebuilds_the_messages_that_were_sent(path: Spec, played: dict[str, Played]) -> None:
    """The last request has the conversation before the final answer."""
    found = played[path["id"]]
    sent = found.bodies[-1]["messages"]
    assert sent == [sent[0], *messages_of(found.turn, Native())][: len(sent)]


@each_path
def test_each_call_is_answered_by_its_id(path: Spec, played: dict[str, Played]) -> None:
    """Endpoints reject a conversation with a call without a result, or two with one id."""
    for body in played[path["id"]].bodies:
        calls, results = [], []
        for message in body["messages"]:
            calls += [call["id"] for call in message.get("tool_calls", ())]
            for call in message.get("tool_calls", ()):
                json.loads(call["function"]["arguments"])
                assert call["function"]["name"].replace("_", "").replace("-", "").isalnum()
            results += [message["tool_call_id"]] if message["role"] == "tool" else []
        assert calls == results
        assert len(set(calls)) == len(calls)
