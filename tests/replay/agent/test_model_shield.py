"""A shield of the catalogue that asks a model, in a run of an agent over real connections."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replay_assets.candidates import Candidate
from replay_assets.contracts.agent_turn import AgentTurn, ShieldDetails
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference import SendingGate
from replay_assets.replay.agent.log import turn_of
from replay_assets.replay.agent.runner import AgentRun
from replay_assets.replay.agent.shields.guards import guards_of
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import ScriptedServer, candidate, scripted_server, status
from tests.replay.agent.conftest import investigate
from tests.replay.agent.paths import PathEndpoint

AGENT = candidate("http://127.0.0.1:9/v1", agent=True)


@pytest.fixture(scope="module")
def guard_server() -> Iterator[ScriptedServer]:
    """The endpoint of the shield."""
    with scripted_server() as server:
        yield server


def guard(base_url: str, **changes: Any) -> Candidate:
    """Return an entry of the catalogue that is a shield."""
    limits = {"concurrency": 4, "timeout_s": 5, "retry_budget_s": 0.05}
    return candidate(base_url, **{"id": "guard", "role": "shield", "limits": limits, **changes})


@pytest.fixture
def run_with(
    endpoint: tuple[str, PathEndpoint],
    vocabulary: Vocabulary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Investigate one incident with a shield; return the run and its turn."""
    retry_at_once(monkeypatch)

    def run(entry: Candidate, agent: Candidate = AGENT) -> tuple[AgentRun, AgentTurn]:
        guards = guards_of(agent, SendingGate(), [entry], lambda _: None)
        made = investigate(
            endpoint[0], vocabulary, tmp_path / "out", "one_call", run={"guards": guards}
        )
        return made, turn_of(list(made.read_events()))

    return run


def runs_of(turn: AgentTurn) -> list[ShieldDetails]:
    """The runs of the shield that asks a model."""
    shields = [one.details for one in turn.steps if isinstance(one.details, ShieldDetails)]
    return [one for one in shields if one.name == "guard"]


def test_it_is_asked_at_every_touchpoint(run_with: Any, guard_server: ScriptedServer):
    """Its questions are the texts themselves, and go to its endpoint."""
    script = guard_server.new_script()
    script.answers("safe")
    run, turn = run_with(guard(guard_server.base_url))
    assert [(one.touchpoint, one.verdict) for one in runs_of(turn)] == [
        ("user-input", "pass"),
        ("tool-input", "pass"),
        ("tool-output", "pass"),
        ("assistant-output", "pass"),
    ]
    assert [len(body["messages"]) for body in script.bodies] == [1, 1, 1, 1]
    assert script.bodies[1]["messages"][0]["content"] == '{"pod": "web-0"}'
    assert next(run.read_results()).outcome == "answered"


def test_a_violation_ends_the_turn(run_with: Any, guard_server: ScriptedServer):
    guard_server.new_script().answers("safe", "unsafe\nS2,S14")
    _, turn = run_with(guard(guard_server.base_url))
    assert turn.output.stop_reason == "violation"
    assert runs_of(turn)[-1].touchpoint == "tool-input"
    assert runs_of(turn)[-1].findings == ["S2", "S14"]


def test_a_violation_is_only_reported_if_the_entry_says_so(
    run_with: Any, guard_server: ScriptedServer
):
    guard_server.new_script().answers("unsafe\nS2")
    run, turn = run_with(guard(guard_server.base_url, on_violation="flag"))
    assert [one.verdict for one in runs_of(turn)] == ["violation"] * 4
    (result,) = run.read_results()
    assert (result.outcome, result.violations) == ("answered", 4)


def test_the_entry_of_the_agent_comes_before_that_of_the_shield(
    run_with: Any, guard_server: ScriptedServer
):
    guard_server.new_script().answers("unsafe\nS2")
    agent = AGENT.model_copy(update={"on_violation": {"guard": "end_turn"}})
    _, turn = run_with(guard(guard_server.base_url, on_violation="flag"), agent)
    assert turn.output.stop_reason == "violation"


def test_a_shield_that_gives_no_answer_fails_closed(run_with: Any, guard_server: ScriptedServer):
    script = guard_server.new_script()
    script.replies = [status(500)]
    _, turn = run_with(guard(guard_server.base_url, on_violation="flag"))
    assert turn.output.stop_reason == "violation"
    assert [(one.verdict, one.ends_turn) for one in runs_of(turn)] == [("failed", True)]


def test_a_shield_without_its_key_says_that_it_did_not_run(
    run_with: Any, guard_server: ScriptedServer
):
    script = guard_server.new_script()
    run, turn = run_with(guard(guard_server.base_url, api_key_env="GUARD_KEY"))
    assert {one.verdict for one in runs_of(turn)} == {"not_run"}
    assert runs_of(turn)[0].findings == ["GUARD_KEY is not set"]
    assert script.bodies == []
    assert next(run.read_results()).outcome == "answered"
