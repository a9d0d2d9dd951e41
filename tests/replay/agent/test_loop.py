"""The loop of a turn: shields around each step, times from calls, and pieces of answers."""

from dataclasses import replace

import pytest

from replay_assets.contracts.agent_event import AgentEvent, TextDelta, ToolCallDelta
from replay_assets.contracts.agent_turn import AgentTurn, ShieldDetails
from replay_assets.inference import Call, CalledTool
from tests.inference.calls import failed
from tests.replay.agent.turns import LOOK, Word, loop, play, said, user

ASKED = [user("Why?")]


def shields_of(turn: AgentTurn) -> list[ShieldDetails]:
    """The runs of shields."""
    return [one.details for one in turn.steps if one.step_type == "shield_call"]


def test_shields_run_around_every_step():
    """Before the first inference, before and after each tool, after the final answer."""
    everywhere = [
        Word("x-not-there", touchpoint, name=f"at {touchpoint}")
        for touchpoint in ("user-input", "tool-input", "tool-output", "assistant-output")
    ]
    other = CalledTool("get_logs", "{}", "call_b")
    turn, _ = play(loop(*everywhere).run([], ASKED), [said(None, LOOK, other), said("DNS")])
    shown = [
        one.step_type if one.step_type != "shield_call" else one.details.touchpoint
        for one in turn.steps
    ]
    around = ["tool-input", "tool_execution", "tool-output"]
    assert shown == [
        *("user-input", "inference", *around, *around, "inference", "assistant-output")
    ]
    assert [one.call_id for one in shields_of(turn)] == [
        *(None, "call_a", "call_a", "call_b", "call_b", None)
    ]


@pytest.mark.parametrize(
    ("shield", "calls", "steps"),
    [
        (Word("Why", "user-input"), [], 1),
        (Word("shop", "tool-input"), [said(None, LOOK)], 2),
        (Word("recorded", "tool-output"), [said(None, LOOK)], 3),
        (Word("DNS", "assistant-output"), [said("DNS")], 2),
    ],
)
def test_a_violation_ends_the_turn_with_its_message(shield: Word, calls: list[Call], steps: int):
    """At each touchpoint; nothing follows it."""
    turn, _ = play(loop(shield).run([], ASKED), calls)
    assert turn.output.stop_reason == "violation"
    assert turn.output.content == f"{shield.word} is forbidden"
    assert len(turn.steps) == steps
    assert shields_of(turn)[-1].ends_turn


def test_a_flagged_violation_is_reported_and_the_turn_goes_on():
    """Later shields run too."""
    flagging, other = Word("Why", "user-input", "flag"), Word("x-not-there", "user-input")
    turn, _ = play(loop(flagging, other).run([], ASKED), [said("DNS")])
    assert [one.verdict for one in shields_of(turn)] == ["violation", "pass"]
    assert turn.output.content == "DNS"


def test_a_shield_that_crashes_ends_the_turn():
    """It fails closed, even if it only flags; its error does not quote the text."""
    turn, _ = play(loop(Word("x", "user-input", "flag")).run([], [user("crash")]))
    assert turn.output.stop_reason == "violation"
    assert "ValueError" in (turn.output.content or "")


def test_times_are_those_of_calls_and_never_go_back():
    """Events before the first inference get their times from it; one of another run is earlier."""
    seconds = iter(range(100))
    looping = loop(Word("x-not-there", "user-input"), timer=lambda: float(next(seconds)))
    calls = [said(None, LOOK, ended_at=1000.0), said("DNS", ended_at=990.0)]
    play(looping.run([], ASKED), calls)
    moments = [float(one.at[17:26]) + 60 * int(one.at[14:16]) for one in looping.log.events()]
    # 1 s of the shield before the 43 ms of the call, which ended 16 minutes and 40 s after 1970.
    assert moments == [998.957, 998.957, 999.957, 999.957, 1000, 1000, 1001, 1001, 1001, 1001]


def test_a_turn_without_a_time_begins_when_the_run_did():
    """A shield may end it before anything is asked."""
    looping = loop(Word("Why", "user-input"))
    looping.log._now_s = 60.0
    play(looping.run([], ASKED))
    assert {one.at for one in looping.log.events()} == {"1970-01-01T00:01:00.000000+00:00"}


def test_a_failed_call_ends_the_turn_with_its_outcome():
    """No answer, and the steps before it are there."""
    turn, _ = play(loop().run([], ASKED), [said(None, LOOK), failed("key")])
    assert turn.output.stop_reason == "failed"
    assert turn.output.content is None
    assert turn.steps[-1].details.outcome == "infrastructure_failure"  # type: ignore[union-attr]


def test_pieces_of_answers_are_logged_only_if_asked_for():
    """Text first, then the calls."""

    def progress(*, has_deltas: bool) -> list[AgentEvent]:
        looping = loop(has_deltas=has_deltas)
        play(looping.run([], ASKED), [said("I look.", LOOK), said("DNS")])
        return [one for one in looping.log.events() if one.event_type == "step_progress"]

    assert progress(has_deltas=False) == []
    text, call, answer = (one.payload for one in progress(has_deltas=True))
    assert text == TextDelta(delta_type="text", text="I look.")
    assert call == ToolCallDelta(
        delta_type="tool_call", call=0, name="get_events", arguments=LOOK.arguments
    )
    assert answer == TextDelta(delta_type="text", text="DNS")


def test_an_invalid_id_of_a_call_is_replaced():
    """A masked id, or one with blanks, would be rejected by the endpoint."""
    turn, questions = play(
        loop().run([], ASKED), [said(None, replace(LOOK, id="<TOKEN 1>")), said("DNS")]
    )
    assert questions[1].messages[2]["tool_call_id"] == "call00001"
    assert len(turn.steps) == 3


@pytest.mark.parametrize(
    ("more", "asked_for"), [("", False), (', "requires_human_approval": true', True)]
)
def test_a_change_is_logged_with_whether_approval_was_asked_for(more: str, asked_for: bool):
    """Saying nothing is not asking."""
    arguments = f'{{"deployment": "web", "namespace": "shop"{more}}}'
    change = CalledTool("restart_deployment", arguments, "call_r")
    turn, _ = play(loop().run([], ASKED), [said(None, change), said("DNS")])
    (tool,) = (one.details for one in turn.steps if one.step_type == "tool_execution")
    assert (tool.kind, tool.is_mutating) == ("dry_run", True)
    assert tool.approval_requested is asked_for
