"""One investigation for people: every step, texts from outside only as code."""

import re

from replay_assets.inference import CalledTool
from replay_assets.replay.agent.transcript import transcript
from tests.replay.agent.turns import PAGE, Word, loop, play, said, user


def test_a_transcript_has_each_step_and_the_final_answer():
    """Shields that passed share a line; what a shield found has a step."""
    page = CalledTool("get_events", '{"namespace": "`shop`"}', "call_a")
    shields = [Word("x-not-there", "tool-input", name="first"), Word("shop", "tool-input", "flag")]
    asked = [user("Why?\n# no heading")]
    turn, _ = play(loop(*shields).run([], asked), [said(None, page), said("DNS")])
    shown = transcript([turn])
    assert "Shields at tool-input: first passed." in shown
    assert "shield word at tool-input (violation)" in shown
    assert "tool `get_events` (tool miss: not recorded)" in shown
    assert "## Final answer (end_of_turn)\n\n~~~~\nDNS" in shown
    assert '- calls `get_events {"namespace": "\'shop\'"}`' in shown
    assert "~~~~\nWhy?\n# no heading\n~~~~" in shown


def test_long_texts_are_cut_and_can_not_end_their_fence():
    """An output of a tool may have thousands of lines, and any mark."""
    turn, _ = play(loop().run([], [user("~~~~\n" + "line\n" * 100)]), [said("DNS")])
    shown = transcript([turn], 5)
    assert "… 96 more lines" in shown
    assert shown.count("~~~~\n") == 6  # the question, the answer, and the final one


def test_no_run_of_tildes_in_a_text_ends_its_fence():
    """A fence is closed by any longer run too."""
    turn, _ = play(loop().run([], [user("~~~~~\n# no heading")]), [said("~~~~~~~~\n# none")])
    tildes = [line for line in transcript([turn]).splitlines() if line.startswith("~~~~")]
    assert tildes == ["~~~~"] * 6  # each of three texts begins and ends its fence


def test_names_that_the_model_wrote_are_code():
    """An image in a tool's name would be loaded by the page that shows it."""
    image = "![x](http://a.example/b)"
    calls = [
        CalledTool(image, "{}", "call_a"),
        CalledTool("page", f'{{"who": "{image}"}}', "call_b"),
    ]
    turn, _ = play(loop(custom_tools=[PAGE]).run([], [user("Why?")]), [said(None, *calls)])
    lines = [line for line in transcript([turn]).splitlines() if image in line]
    # Two calls, the step of the first and its answer in a fence, and the one that is handed back.
    assert len(lines) == 5
    assert all(re.fullmatch(r"[^`!]*`[^`]*`[^`!]*|There is no tool .*", line) for line in lines)
