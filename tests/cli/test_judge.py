"""`judge`: rewards and a report in a folder, in the order of the file, and an exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main
from tests.feedback.judges import FOLLOW_UPS, label
from tests.inference.conftest import retry_at_once
from tests.inference.scripted_server import Script, ScriptedServer, payload, status

NAMES = ["id", "outcome", "label", "confidence", "rationale", "reward", "should_update"]


def row(name: str, said: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "query_t": "Why?", "answer_t": "The pool.", "query_t1": said, **changes}


@pytest.fixture
def server(
    shared_server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Script:
    """A catalogue with one judge at the scripted server."""
    write_catalogue(tmp_path, shared_server.base_url, monkeypatch)
    monkeypatch.setenv("REPLAY_STATE", str(tmp_path / "state"))
    retry_at_once(monkeypatch)
    return shared_server.new_script()


def write_catalogue(
    folder: Path, base_url: str, monkeypatch: pytest.MonkeyPatch, *, model: str = "model: m,"
) -> None:
    limits = "limits: {timeout_s: 5, retry_budget_s: 0.05, concurrency: 1}"
    path = folder / "candidates.yaml"
    path.write_text(
        f"- {{id: mine, role: judge, {model} base_url: '{base_url}', {limits}}}\n"
        f"- {{id: other, model: vendor/other, base_url: '{base_url}'}}\n"
    )
    monkeypatch.setenv("REPLAY_CANDIDATES", str(path))


def run(folder: Path, *rows: dict[str, Any], judge: str = "mine") -> Result:
    path = folder / "triples.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    arguments = ["--triples", str(path), "--judge", judge, "--out", str(folder / "out")]
    return CliRunner().invoke(main, ["judge", *arguments])


def rewards(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "out" / "rewards.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "judge_report.json").read_text("utf-8"))
    return found


def test_rewards_are_in_the_order_of_the_file_and_a_failure_is_status_1(
    server: Script, tmp_path: Path
):
    """Then the same again asks only what failed, and ends with 0."""
    server.answers(label("resolved"), status(500))
    both = row("b", "thanks"), row("a", "hm")
    result = run(tmp_path, *both)
    assert result.exit_code == 1, result.output
    found = rewards(tmp_path)
    assert [list(one) for one in found] == [NAMES, NAMES]
    assert [(one["id"], one["outcome"]) for one in found] == [
        ("b", "judged"),
        ("a", "infrastructure_failure"),
    ]
    assert found[1] | {"rationale": ""} == {
        "id": "a", "outcome": "infrastructure_failure", "label": None, "confidence": None,
        "rationale": "", "reward": None, "should_update": False,
    }  # fmt: skip
    asked = len(server.bodies)
    server.answers(label("neutral"))
    assert run(tmp_path, *both).exit_code == 0
    assert len(server.bodies) == asked + 1
    assert [one["label"] for one in rewards(tmp_path)] == ["resolved", "neutral"]
    assert report(tmp_path)["outcomes"]["judged"] == 2


def test_the_judge_sees_placeholders_only(server: Script, tmp_path: Path):
    """Rows of one incident share a map; a row without an incident has its own."""
    server.answers(label("neutral"))
    run(
        tmp_path,
        row("a", "10.0.3.7 hangs", incident_id="i"),
        row("b", "10.0.3.8, not 10.0.3.7", incident_id="i"),
        row("c", "10.0.3.8 then"),
    )
    sent = [body["messages"][1]["content"] for body in server.bodies]
    assert "10.0.3" not in "".join(sent)
    assert "<IP_PRIV_1> hangs" in sent[0]
    assert "<IP_PRIV_2>, not <IP_PRIV_1>" in sent[1]
    assert "<IP_PRIV_1> then" in sent[2]


def test_after_a_bad_line_nothing_is_judged(server: Script, tmp_path: Path):
    """The line is named; results of an earlier run stay."""
    server.answers(label("neutral"))
    run(tmp_path, row("a", "ok"))
    before, asked = rewards(tmp_path), len(server.bodies)
    result = run(tmp_path, row("a", "ok"), {"id": "b"})
    assert result.exit_code == 1
    assert "line 2: query_t: Field required" in result.output
    assert (rewards(tmp_path), len(server.bodies)) == (before, asked)


def test_the_model_is_the_only_one_that_the_endpoint_lists(
    server: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Several, none, or the candidate that is trained: an error before anything is judged."""
    write_catalogue(tmp_path, server.base_url, monkeypatch, model="")
    server.answers(label("neutral"))
    listed = {
        "vendor/judge": 0,
        "lists 2: a, b": 1,
        "lists none": 1,
        "also the model of candidate 'other'": 1,
    }
    names = [["vendor/judge"], ["a", "b"], [], ["vendor/other"]]
    server.results = [payload({"data": [{"id": one} for one in each]}) for each in names]
    for (words, code), number in zip(listed.items(), range(4), strict=True):
        result = run(tmp_path, row("a", f"ok {number}"))
        assert result.exit_code == code, result.output
        assert code == 0 or words in " ".join(result.output.split())
    assert [body["model"] for body in server.bodies] == ["vendor/judge"]
    assert report(tmp_path)["judge"]["judge_model"] == "vendor/judge"


def test_a_candidate_is_not_a_judge(server: Script, tmp_path: Path):
    """What it labels would help to train it; the message names the judges that there are."""
    for name, why in (("other", "help to train"), ("unknown", "not in the catalogue")):
        result = run(tmp_path, row("a", "ok"), judge=name)
        assert result.exit_code == 1
        assert why in result.output
        assert "`role: judge` is mine, and rules-judge" in " ".join(result.output.split())
    assert server.bodies == []


def test_triples_come_from_standard_input(tmp_path: Path):
    """Messages name it, and no file."""
    arguments = ["judge", "--triples", "-", "--judge", "rules-judge", "--out"]
    line = json.dumps(row("a", "thanks, fixed"))
    for content, code in ((f"{line}\n", 0), (f"{line}\n{line}\n", 1)):
        result = CliRunner().invoke(main, [*arguments, str(tmp_path / "out")], input=content)
        assert result.exit_code == code, result.output
    assert "standard input, line 2: id 'a' is also in line 1" in result.output
    assert [one["label"] for one in rewards(tmp_path)] == ["resolved"]


def test_the_rules_need_no_catalogue_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """People's labels make the card: agreement, confusion, and whether rows may be exported."""
    monkeypatch.setenv("REPLAY_HUMAN_LABELS", str(FOLLOW_UPS))
    result = run(tmp_path, row("a", "謝謝，已恢復"), judge="rules-judge")
    assert result.exit_code == 0, result.output
    assert rewards(tmp_path)[0]["reward"] == 1.0
    card = report(tmp_path)["judge"]
    assert (card["status"], card["may_export"]) == ("verified", True)
    assert card["agreement"]["compared"] == 200
    assert "verified; kappa 0.9" in " ".join(result.output.split())


def test_a_judge_without_its_key_sends_nothing(
    server: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The message names the variable."""
    model = "model: m, api_key_env: NO_SUCH_KEY,"
    write_catalogue(tmp_path, server.base_url, monkeypatch, model=model)
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    result = run(tmp_path, row("a", "ok"))
    assert result.exit_code == 1
    assert "NO_SUCH_KEY is not set" in result.output
    assert server.bodies == []


def test_labels_of_people_that_can_not_be_compared_are_below_the_bound(
    server: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The judge labels none of them, so nothing is known of it."""
    human = tmp_path / "human.jsonl"
    human.write_text(json.dumps(row("h", "hm", label="neutral")), encoding="utf-8")
    monkeypatch.setenv("REPLAY_HUMAN_LABELS", str(human))
    server.answers("no idea", "no idea", label("neutral"))
    result = run(tmp_path, row("a", "ok"))
    assert result.exit_code == 0, result.output
    assert "below the bound: none of 1 labels of people" in " ".join(result.output.split())
    assert report(tmp_path)["judge"]["may_export"] is False
