"""What goes wrong outside of a turn: a shield that fails, and recordings that can't be read."""

from pathlib import Path

import pytest

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import ContractError
from replay_assets.replay.agent.pack_recordings import PackRecordings
from replay_assets.replay.agent.shields.guards import Guards
from replay_assets.replay.agent.tools.attachments import attachments_in
from tests.replay.agent.conftest import investigate
from tests.replay.agent.paths import PathEndpoint
from tests.replay.agent.turns import Word


@pytest.mark.parametrize(
    ("incident_id", "outcome"),
    [
        ("answers_at_once.crash", "infrastructure_failure"),
        ("answers_at_once.forbidden", "gate_refused"),
    ],
)
def test_a_candidate_is_not_blamed_for_what_it_was_given(
    endpoint: tuple[str, PathEndpoint],
    vocabulary: Vocabulary,
    tmp_path: Path,
    incident_id: str,
    outcome: str,
) -> None:
    """The shield fails on one word of the evidence, and forbids another one."""
    guards = Guards([Word("forbidden", "user-input")])
    run = investigate(endpoint[0], vocabulary, tmp_path, incident_id, run={"guards": guards})
    (result,) = run.results
    assert (result.outcome, result.trace_events) == (outcome, [])
    assert "shield word at user-input" in (result.error or "")


def test_a_recording_that_can_not_be_read_is_named_by_its_line():
    good = b'{"incident_id": "inc-1", "content": "10 pods", "name": "kubectl_get"}\n'
    assert [one.content for one in PackRecordings(good, "calls.jsonl").of("inc-1")] == ["10 pods"]
    with pytest.raises(ContractError, match=r"calls\.jsonl, line 3: .*position"):
        PackRecordings(good + b"\n" + b'{"incident_id": "inc-1", "position": "x"}\n', "calls.jsonl")


def test_a_file_in_an_output_that_was_cut_is_left_out():
    mark = "__tools_attachment__="
    text = (
        f'{mark}{{"filepath": }} {mark}{{"filepath": "/a.png", "mimetype": "image/png"}} {mark}{{'
    )
    assert [one.path for one in attachments_in(text)] == ["/a.png"]
