"""`tool-calling`: results and reports in a folder, and an exit status."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main
from replay_assets.statistics.routing import MINIMUM_CASES
from tests.inference.scripted_server import Script, ScriptedServer, completion, status


def run(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["tool-calling", "--out", str(out), *arguments])


def case_file(folder: Path, case_id: str = "one") -> Path:
    case = {
        "id": case_id,
        "category": "own",
        "messages": [{"role": "user", "content": "Good morning."}],
        "tools": [{"type": "function", "function": {"name": "act", "parameters": {}}}],
        "expected": {"match": "none"},
    }
    path = folder / f"{case_id}.jsonl"
    path.write_text(json.dumps(case) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def server(
    shared_server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Script:
    """A catalogue with one candidate at the scripted server."""
    catalogue = tmp_path / "candidates.yaml"
    limits = "{timeout_s: 5, retry_budget_s: 0.05}"
    catalogue.write_text(
        f"- {{id: mine, model: m, base_url: '{shared_server.base_url}', limits: {limits}}}\n"
    )
    monkeypatch.setenv("REPLAY_CANDIDATES", str(catalogue))
    return shared_server.new_script()


def test_the_shipped_cases_are_asked_of_each_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Candidate by candidate, each case in the order of the files."""
    monkeypatch.setenv("REPLAY_TOOL_CASES", f"{case_file(tmp_path)}:")
    out = tmp_path / "out"
    both = ["--candidate", "rules-baseline", "--candidate", "constant-baseline"]
    result = run(out, *both)
    assert result.exit_code == 0, result.output
    lines = (out / "tool_calling_results.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    half = len(rows) // 2
    assert [one["candidate_id"] for one in rows[::half]] == ["rules-baseline", "constant-baseline"]
    assert [one["case_id"] for one in rows[:half]] == [one["case_id"] for one in rows[half:]]
    assert (rows[0]["case_id"], rows[-1]["case_id"]) == ("TC001", "one")
    report = json.loads((out / "tool_calling_report.json").read_text("utf-8"))
    never = report["candidates"][1]
    assert never["about"] == "baseline: never calls a tool"
    assert (
        never["right"] == never["irrelevance"]["denominator"] == never["irrelevance"]["numerator"]
    )
    assert (out / "tool_calling_report.html").read_text("utf-8").startswith("<!doctype html>")


def test_only_named_files_are_asked_and_a_failed_call_is_asked_again(
    server: Script, tmp_path: Path
):
    """Status 1 as long as a call has failed."""
    arguments = ["--candidate", "mine", "--cases", str(case_file(tmp_path))]
    server.answers(status(400, '{"error": {"message": "prompt is too long"}}'))
    assert run(tmp_path / "out", *arguments).exit_code == 1
    server.answers(completion("Good morning!"))
    assert run(tmp_path / "out", *arguments).exit_code == 0
    assert run(tmp_path / "out", *arguments).exit_code == 0
    assert len(server.bodies) == 2


def test_a_candidate_whose_run_ends_does_not_stop_the_others(server: Script, tmp_path: Path):
    """Its answers are kept, and the status is 1."""
    server.answers(status(401))
    catalogue = tmp_path / "candidates.yaml"
    with catalogue.open("a") as file:
        file.write("- {id: never, model: constant-baseline, base_url: 'embedded://baselines/v1'}\n")
    both = ["--candidate", "mine", "--candidate", "never", "--cases", str(case_file(tmp_path))]
    result = run(tmp_path / "out", *both)
    assert result.exit_code == 1
    assert "the key is missing or not accepted" in " ".join(result.output.split())
    report = json.loads((tmp_path / "out" / "tool_calling_report.json").read_text("utf-8"))
    graded = {one["candidate_id"]: (one["cases"], one["graded"]) for one in report["candidates"]}
    assert graded == {"mine": (1, 0), "never": (1, 1)}
    lines = (tmp_path / "out" / "tool_calling_results.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0])["outcome"] == "not_sent"


def test_wrong_input_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And nothing is asked."""
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")
    result = run(tmp_path / "out", "--candidate", "rules-baseline", "--cases", str(bad))
    assert (result.exit_code, "line 1" in result.output) == (1, True)
    monkeypatch.delenv("NVIDIA_API_KEY", raising=False)
    result = run(tmp_path / "out", "--candidate", "nemotron-mini")
    assert (result.exit_code, "NVIDIA_API_KEY is not set" in result.output) == (1, True)
    monkeypatch.setenv("REPLAY_TOOL_CASES", str(tmp_path / "none.jsonl"))
    result = run(tmp_path / "out", "--candidate", "rules-baseline")
    assert (result.exit_code, "REPLAY_TOOL_CASES names" in result.output) == (1, True)


def test_a_report_on_members_of_a_route_says_in_which_order_to_ask_them(
    server: Script, tmp_path: Path
):
    """Without the route itself being asked; and a baseline is marked as one."""
    with (tmp_path / "candidates.yaml").open("a") as file:
        file.write("- {id: never, model: constant-baseline, base_url: 'embedded://baselines/v1'}\n")
        file.write("- {id: both, route: [mine, never]}\n")
    case = json.loads(case_file(tmp_path).read_text("utf-8"))
    lines = (json.dumps({**case, "id": f"case-{number}"}) for number in range(MINIMUM_CASES))
    (tmp_path / "cases.jsonl").write_text("\n".join(lines))
    server.answers(completion("Good morning!"))
    members = ["--candidate", "mine", "--candidate", "never"]
    result = run(tmp_path / "out", *members, "--cases", str(tmp_path / "cases.jsonl"))
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.output.splitlines() if "baseline" in line] == [
        "baseline"
    ]
    report = json.loads((tmp_path / "out" / "tool_calling_report.json").read_text("utf-8"))
    (found,) = report["recommendations"]
    assert (found["route_id"], found["configured"]) == ("both", ["mine", "never"])
    assert (found["cases"], found["right_gained"]) == (MINIMUM_CASES, 0)
    assert [one["right"] for one in found["members"]] == [MINIMUM_CASES, MINIMUM_CASES]
