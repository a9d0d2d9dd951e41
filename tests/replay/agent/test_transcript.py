"""One investigation for people: every step, texts from outside only as code."""

from replay_assets.inference import CalledTool
from replay_assets.replay.agent.transcript import transcript
from tests.replay.agent.turns import Word, loop, play, said, user


def test_a_transcript_has_each_step_and_the_final_answer():
    """Shields that passed share a line; what a shield found has a step."""
    page = CalledTool("get_events", '{"namespace": "`shop`"}', "call_a")
    shields = [Word("x-not-there", "tool-input", name="first"), Word("shop", "tool-input", "flag")]
    asked = [user("Why?\n# no heading")]
    turn, _ = play(loop(*shields).run([], asked), [said(None, page), said("DNS")])
    shown = transcript([turn])
    assert "Shields at tool-input: first passed." in shown
    assert "shield word at tool-input (violation)" in shown
    assert "tool get_events (tool miss: not recorded)" in shown
    assert "## Final answer (end_of_turn)\n\n~~~~\nDNS" in shown
    assert '- calls `get_events {"namespace": "\'shop\'"}`' in shown
    assert "~~~~\nWhy?\n# no heading\n~~~~" in shown


def test_long_texts_are_cut_and_can_not_end_their_fence():
    """An output of a tool may have thousands of lines, and any mark."""
    turn, _ = play(loop().run([], [user("~~~~\n" + "line\n" * 100)]), [said("DNS")])
    shown = transcript([turn], 5)
    assert "… 96 more lines" in shown
    assert shown.count("~~~~\n") == 6  # the question, the answer, and the final one
