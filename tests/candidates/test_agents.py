"""Agents in the catalogue: another candidate with a reserved ending."""

from pathlib import Path

import pytest

from replay_assets.candidates import Candidate, Catalogue, agent_of
from replay_assets.errors import ConfigurationError

MODEL = {"id": "x", "model": "m", "base_url": "http://localhost/v1"}


def load(folder: Path, *lines: str) -> Catalogue:
    path = folder / "candidates.yaml"
    path.write_text("\n".join(f"- {{{line}}}" for line in lines) + "\n", encoding="utf-8")
    return Catalogue.load(path)


def test_an_agent_is_graded_next_to_its_model(tmp_path: Path):
    """But it is not replayed, and other candidates have none."""
    one = "id: x, model: m, base_url: 'http://localhost/v1', agent: true"
    other = "id: y, model: m, base_url: 'http://localhost/v1'"
    found = load(tmp_path, one, other)
    assert [candidate.id for candidate in found.graded] == ["x", "x-agent", "y"]
    assert [candidate.id for candidate in found.replayed] == ["x", "y"]
    assert [candidate.id for candidate in found.agents] == ["x"]


def test_the_digest_of_an_agent_changes_with_what_shapes_its_turns():
    """And is never that of its model."""
    model = Candidate.model_validate(MODEL)
    digests = {model.digest(), agent_of(model).digest()}
    for change in ({"tool_mode": "prompted"}, {"on_violation": {"policy": "end_turn"}}):
        changed = Candidate.model_validate({**MODEL, **change})
        assert changed.digest() == model.digest()
        digests.add(agent_of(changed).digest())
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("id: x-agent, model: m, base_url: 'http://localhost/v1'", "reserved"),
        (f"id: {'x' * 60}, model: m, base_url: 'http://localhost/v1', agent: true", "too long"),
        ("id: x, role: judge, base_url: 'http://localhost/v1', agent: true", "remove role"),
    ],
)
def test_an_impossible_agent_is_refused_with_a_way_out(tmp_path: Path, line: str, says: str):
    """Before anything is asked."""
    with pytest.raises(ConfigurationError, match=says):
        load(tmp_path, line)


def test_an_agent_and_a_candidate_can_not_be_one_node_of_the_graph(tmp_path: Path):
    """`x_agent` would have the name of x's agent."""
    one = "id: x, model: m, base_url: 'http://localhost/v1', agent: true"
    other = "id: x_agent, model: m, base_url: 'http://localhost/v1'"
    with pytest.raises(ConfigurationError, match="rename one"):
        load(tmp_path, one, other)
