"""A route from the command line, as any other candidate: `replay` and `tool-calling`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from replay_assets.cli import main
from replay_assets.contracts.result import ReplayResult
from tests.cli.test_tool_calling import case_file
from tests.inference.conftest import retry_at_once
from tests.inference.routing.routes import FIRST, SECOND, Members
from tests.inference.scripted_server import ScriptedServer, completion, status
from tests.replay.packs import answer_text, pack_bytes, request

KEY = "sk-" + "FAKE0123456789"


@pytest.fixture
def members(
    shared_server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Members:
    """A catalogue with two members at the scripted server, and a route over both."""
    retry_at_once(monkeypatch)
    entry = f"base_url: '{shared_server.base_url}', limits: {{timeout_s: 5}}"
    catalogue = tmp_path / "candidates.yaml"
    catalogue.write_text(
        f"- {{id: first, model: first, api_key_env: ROUTE_FIRST_KEY, {entry}}}\n"
        f"- {{id: second, model: second, {entry}}}\n"
        "- {id: both, route: [first, second]}\n"
    )
    monkeypatch.setenv("REPLAY_CANDIDATES", str(catalogue))
    server = shared_server.new_script()
    return Members(server, {FIRST: status(500), SECOND: completion(answer_text())})


def test_a_pack_is_replayed_through_a_route(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member without its key is named and skipped; with it, it gets its own key."""
    pack, out = tmp_path / "pack.jsonl", tmp_path / "out"
    pack.write_bytes(pack_bytes(request("inc-1"), request("inc-2")))
    arguments = ["replay", "--pack", str(pack), "--candidate", "both", "--out", str(out)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "first is skipped: ROUTE_FIRST_KEY is not set" in done.output
    assert members.asked(FIRST) == 0
    monkeypatch.setenv("ROUTE_FIRST_KEY", KEY)
    done = CliRunner().invoke(main, [*arguments, "--refresh"])
    assert done.exit_code == 0, done.output
    lines = (out / "replay_results.jsonl").read_text("utf-8").splitlines()
    results = [ReplayResult.read(json.loads(line)) for line in lines]
    assert {(one.candidate_id, one.model, one.fallback_used) for one in results} == {
        ("both", SECOND, True)
    }
    assert {one["authorization"] for one in members.server.headers if "authorization" in one} == {
        f"Bearer {KEY}"
    }


def test_tool_calls_are_asked_of_a_route(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each result says who answered."""
    monkeypatch.setenv("ROUTE_FIRST_KEY", KEY)
    members.replies[SECOND] = completion("Good morning to you.")
    out = tmp_path / "out"
    arguments = ["tool-calling", "--out", str(out), "--candidate", "both"]
    done = CliRunner().invoke(main, [*arguments, "--cases", str(case_file(tmp_path))])
    assert done.exit_code == 0, done.output
    row = json.loads((out / "tool_calling_results.jsonl").read_text("utf-8"))
    assert (row["candidate_id"], row["right"], row["fallback_used"]) == ("both", True, True)
    assert [(one["candidate_id"], one["outcome"]) for one in row["chain"]] == [
        (FIRST, "infrastructure_failure"),
        (SECOND, "answered"),
    ]
    report = json.loads((out / "tool_calling_report.json").read_text("utf-8"))
    assert report["candidates"][0]["about"] == "route: first, else second"


def test_a_route_without_any_key_sends_nothing(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables are named."""
    catalogue = tmp_path / "candidates.yaml"
    text = catalogue.read_text().replace("[first, second]", "[first]")
    catalogue.write_text(text)
    arguments = ["tool-calling", "--out", str(tmp_path / "out"), "--candidate", "both"]
    done = CliRunner().invoke(main, [*arguments, "--cases", str(case_file(tmp_path))])
    assert done.exit_code != 0
    assert "ROUTE_FIRST_KEY is not set" in str(done.exception or "") + done.output
    pack = tmp_path / "pack.jsonl"
    pack.write_bytes(pack_bytes(request("inc-1")))
    arguments = ["replay", "--pack", str(pack), "--candidate", "both", "--out", str(tmp_path / "r")]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code != 0
    assert "set ROUTE_FIRST_KEY to the API key of candidate both" in done.output
    assert members.server.bodies == []
