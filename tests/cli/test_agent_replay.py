"""`agent-replay`: files in a folder, an exit status, and one investigation to read."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.routing import Route

from replay_assets.cli import main
from replay_assets.contracts.schema_files import published_schema
from tests.inference.scripted_server import serving
from tests.replay.agent.paths import PathEndpoint
from tests.replay.packs import pack_bytes, request


def run(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["agent-replay", "--out", str(out), *arguments])


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A pack of two incidents, and a catalogue with one candidate that investigates them."""
    folder = tmp_path / "pack"
    folder.mkdir()
    recorded = {
        "incident_id": "one_call",
        "content": "Killed",
        "name": "get_logs",
        "arguments": {"pod": "web-0"},
    }
    (folder / "recorded_tool_output.jsonl").write_text(json.dumps(recorded) + "\n")
    route = Route("/v1/chat/completions", PathEndpoint().handle, methods=["POST"])
    with serving(Starlette(routes=[route])) as base_url:
        catalogue = tmp_path / "candidates.yaml"
        catalogue.write_text(f"- {{id: mine, model: m, base_url: '{base_url}'}}\n")
        monkeypatch.setenv("REPLAY_CANDIDATES", str(catalogue))
        yield folder


def write(pack: Path, *incident_ids: str) -> list[str]:
    (pack / "request_pack.jsonl").write_bytes(pack_bytes(*map(request, incident_ids)))
    return ["--pack", str(pack), "--candidate", "mine"]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_investigations_are_written_to_a_folder(pack: Path, tmp_path: Path):
    """Events, steps, results and a report with their sums; then one of them is printed."""
    out = tmp_path / "out"
    asked = run(out, *write(pack, "answers_at_once", "one_call"))
    assert asked.exit_code == 0, asked.output
    events = lines_of(out / "events.jsonl")
    validator = Draft202012Validator(json.loads(published_schema("agent_event")))
    for event in events:
        validator.validate(event)
    of_one = [one for one in events if one["incident_id"] == "answers_at_once"]
    # The shields of the question, the answer, the shields of the answer.
    steps = ["step_start", "step_complete"] * (2 + 1 + 2)
    assert [one["event_type"] for one in of_one] == ["turn_start", *steps, "turn_complete"]
    completed = [one for one in of_one if one["event_type"] == "step_complete"]
    assert [one["step_type"] for one in completed] == [
        *("shield_call", "shield_call", "inference", "shield_call", "shield_call")
    ]
    results = lines_of(out / "replay_results.jsonl")
    assert [one["outcome"] for one in results] == ["answered", "answered"]
    report = json.loads((out / "run_report.json").read_text("utf-8"))
    for name in ("steps", "tool_calls", "tool_misses", "violations"):
        assert report[name] == sum(one[name] for one in results)
    assert pq.read_table(out / "steps.parquet").num_rows == report["steps"]
    shown = run(out, "--incident", "one_call", "--show")
    assert shown.exit_code == 0, shown.output
    assert "inference 1 (tool_calls)" in shown.output
    assert "tool `get_logs`" in shown.output
    assert "Restart 磁碟 😀" in shown.output


def test_an_incident_without_an_answer_gives_status_1(pack: Path, tmp_path: Path):
    """Its result says why; the others are there too."""
    asked = run(tmp_path / "out", *write(pack, "answers_at_once", "endless_loop"))
    assert asked.exit_code == 1
    report = json.loads((tmp_path / "out" / "run_report.json").read_text("utf-8"))
    assert report["outcomes"]["iteration_limit"] == 1
    assert "external_error:endless_loop" in asked.output


def test_a_rerun_asks_nothing_that_was_answered(pack: Path, tmp_path: Path):
    """Only times may differ, and here not even they: the calls are the same."""
    out, arguments = tmp_path / "out", write(pack, "one_call", "several_calls_in_one_answer")
    assert run(out, *arguments).exit_code == 0
    first = lines_of(out / "replay_results.jsonl")
    assert run(out, *arguments).exit_code == 0
    again = lines_of(out / "replay_results.jsonl")
    assert [one["steps"] for one in again] == [one["steps"] for one in first]
    assert all(one["cached"] for one in again)


def test_a_route_does_not_investigate(pack: Path, tmp_path: Path):
    """The message names its members; nothing is asked."""
    with (tmp_path / "candidates.yaml").open("a") as stream:
        stream.write("- {id: route, route: [mine]}\n")
    found = run(tmp_path / "out", *write(pack, "one_call")[:2], "--candidate", "route")
    assert found.exit_code == 1
    assert "Name one of its members: mine" in " ".join(found.output.split())


def test_a_pack_is_a_folder_with_requests(pack: Path, tmp_path: Path):
    """Without recordings, the tools answer from the evidence, and the output says so."""
    missing = run(tmp_path / "out", "--pack", str(pack), "--candidate", "mine")
    assert missing.exit_code == 1
    assert "request_pack.jsonl does not exist" in missing.output.replace("\n", "")
    arguments = write(pack, "one_call")
    (pack / "recorded_tool_output.jsonl").unlink()
    found = run(tmp_path / "out", *arguments)
    assert found.exit_code == 0, found.output
    assert "tools answer from the evidence only" in " ".join(found.output.split())
    assert "1 tool misses" in found.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--show"], "--incident ID --show"),
        (["--candidate", "mine"], "--pack"),
        (["--incident", "x", "--show"], "does not exist"),
    ],
)
def test_wrong_arguments_say_what_is_right(tmp_path: Path, arguments: list[str], says: str):
    """Nothing is asked."""
    found = run(tmp_path / "nothing", *arguments)
    assert found.exit_code != 0
    assert says in found.output
