"""`verdict`: JSON and exit status, as a script that deploys models reads them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main
from replay_assets.contracts.evaluation_report import Decision, ReportedCandidate, Verdict
from replay_assets.contracts.review import ReviewProgress
from replay_assets.evaluation.report import report_publication
from replay_assets.evaluation.review_days import last_promotion
from replay_assets.lake import Publication, Store, assets
from tests.contracts.examples import REPORT

WEEK = "2026-09-21"
CATALOGUE = """
- {id: nemotron-mini, model: m, base_url: "http://127.0.0.1:9/v1"}
- {id: other, model: m2, base_url: "http://127.0.0.1:9/v1"}
- {id: constant-baseline, model: constant-baseline, base_url: "embedded://baselines/v1"}
"""
PROGRESS = ReviewProgress(
    kind="historic",
    start=WEEK,
    looks=(WEEK,),
    looks_made=1,
    ended=WEEK,
    next_look=None,
    pairs=120,
    groups=40,
    trained_on=0,
    says="the review ended",
    policy_digest="p" * 64,
    restarted_because=None,
    figures={"difference": 0.3},
)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The lake of a home with a catalogue."""
    (tmp_path / "data").mkdir()
    (tmp_path / "candidates.yaml").write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    monkeypatch.setenv("REPLAY_CANDIDATES", str(tmp_path / "candidates.yaml"))
    for name in ("REPLAY_LAKE", "REPLAY_LABELS", "REPLAY_SOURCE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Store(str(tmp_path / "data" / "lake"))


def publish(lake: Store, decision: Decision, **changes: Any) -> None:
    """Publish a report with one verdict, and the partitions of its first day."""
    fields = dict(REPORT.candidates[0]) | {
        "verdict": Verdict(decision=decision, reasons=("because",)),
        "review": PROGRESS,
        **changes,
    }
    report = REPORT.model_copy(
        update={"candidates": [ReportedCandidate(**fields)], "metrics": [], "incidents": []}
    )
    lake.publish(assets.EVALUATION_REPORT.at(WEEK), report_publication(report, inputs={}))
    lake.publish(assets.REQUEST_PACK.at(WEEK), Publication(files={"request_pack.jsonl": b""}))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["verdict", *words])


def asked(candidate: str = "nemotron-mini", week: str = WEEK, *words: str) -> Result:
    return run("--week", week, "--candidate", candidate, *words)


@pytest.mark.parametrize(("decision", "status"), [("PROMOTE", 0), ("HOLD", 1), ("INCONCLUSIVE", 2)])
def test_the_exit_status_is_the_decision(lake: Store, decision: Decision, status: int) -> None:
    publish(lake, decision)

    result = asked()

    found: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == status
    assert (found["decision"], found["reasons"]) == (decision, ["because"])
    assert found["figures"] == {"difference": 0.3}
    assert found["policy_digest"] == "p" * 64
    assert list(found["packs"]) == [WEEK]
    assert (found["results"], found["labels"]) == ({}, {})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--week", WEEK), "Missing option '--candidate'"),
        (("--week", WEEK, "--candidate", "x", "--loud"), "No such option"),
        (("--week", WEEK, "--candidate", "unknown"), "unknown"),
        (("--week", WEEK, "--candidate", "constant-baseline"), "is a baseline"),
        (("--week", WEEK, "--candidate", "other"), "has no verdict on other"),
        (("--week", "2026-10-05", "--candidate", "other"), "has not been materialised"),
        (("--week", "2026-09-22", "--candidate", "other"), "its week is named 2026-09-21"),
        (("--week", "soon", "--candidate", "other"), "is not a Monday"),
        (("--week", "", "--candidate", "other"), "'' is not a Monday"),
    ],
)
def test_without_a_verdict_the_status_is_3_and_nothing_is_printed(
    lake: Store, words: tuple[str, ...], message: str
) -> None:
    publish(lake, "PROMOTE")

    result = run(*words)

    assert result.exit_code == 3
    assert result.stdout == ""
    assert message in result.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "of-another-model"}, "is about another version of nemotron-mini"),
        ({"incidents": 0, "days": {WEEK: "counted"}}, "the week has no incident"),
        ({"incidents": 0, "days": {WEEK: "stale"}}, f"not counted: {WEEK} stale"),
    ],
)
def test_a_report_that_says_nothing_of_the_candidate_as_it_is_has_no_verdict(
    lake: Store, changes: dict[str, Any], message: str
) -> None:
    publish(lake, "PROMOTE", **changes)

    result = asked()

    assert (result.exit_code, result.stdout) == (3, "")
    assert message in result.stderr


def test_a_stale_report_is_named_as_such(lake: Store) -> None:
    """This one was made without a policy, as by an earlier release."""
    publish(lake, "HOLD")

    result = asked()

    assert result.exit_code == 1
    assert "made from other" in json.loads(result.stdout)["stale"]
    assert "the report is stale" in result.stderr


def test_a_wrong_option_before_the_command_is_not_inconclusive(lake: Store) -> None:
    """The program's own options are read by another part of click."""
    publish(lake, "PROMOTE")
    words = ["verdict", "--week", WEEK, "--candidate", "nemotron-mini"]

    result = CliRunner().invoke(main, ["--loud", *words])

    assert (result.exit_code, result.stdout) == (3, "")
    assert "No such option" in result.stderr
    assert CliRunner().invoke(main, ["--loud", "doctor"]).exit_code == 2


def test_a_bug_is_not_a_hold(lake: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("replay_assets.cli.verdict.verdict_of", broken)

    assert (asked().exit_code, asked().stdout) == (3, "")


def test_a_promotion_is_kept_only_if_it_is_asked_for(lake: Store) -> None:
    publish(lake, "HOLD")
    asked("nemotron-mini", WEEK, "--record")
    assert last_promotion(lake) is None

    publish(lake, "PROMOTE")
    asked()
    assert last_promotion(lake) is None

    asked("nemotron-mini", WEEK, "--record")
    found = last_promotion(lake)
    assert found is not None
    assert (found.candidate_id, found.week) == ("nemotron-mini", WEEK)
