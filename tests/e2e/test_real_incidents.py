"""Eight weeks of real incidents, loaded and backfilled by the command line, from both databases."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.defs.walks import content_of

pytestmark = pytest.mark.slow

FIRST, LAST = "2026-09-21", "2026-11-15"


def program(home: Path, source_url: str, *words: str) -> str:
    """Run the program as a user would; return what it printed."""
    environment = {
        **os.environ,
        "REPLAY_HOME": str(home),
        "REPLAY_SOURCE_URL": source_url,
        "DAGSTER_HOME": str(home / "data" / "dagster_home"),
        "COLUMNS": "200",
    }
    environment.pop("NVIDIA_API_KEY", None)
    done = subprocess.run(
        [sys.executable, "-m", "replay_assets", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def walked(home: Path, source_url: str, real_data: Path) -> Path:
    """Load and backfill everything; return the data folder."""
    (home / "data").mkdir(parents=True)
    program(home, source_url, "load", str(real_data))
    printed = program(home, source_url, "backfill", "--from", FIRST, "--to", LAST)
    assert "64 of 64 partitions succeeded" in printed
    return home / "data"


@pytest.fixture(scope="module")
def from_sqlite(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """The walk from SQLite."""
    home = tmp_path_factory.mktemp("walks") / "sqlite"
    return walked(home, f"sqlite:///{home / 'incidents.sqlite'}", real_data)


def test_both_databases_give_identical_content(
    from_sqlite: Path, tmp_path: Path, postgres_url: str, real_data: Path
) -> None:
    """No failed partition in 56 days and 8 weeks; every partition's content is equal."""
    from_postgres = walked(tmp_path / "postgresql", postgres_url, real_data)
    for root in ("evidence", "labels", "lake"):
        expected = content_of(str(from_sqlite / root))
        assert expected
        assert content_of(str(from_postgres / root)) == expected


def test_no_incident_is_lost_on_the_way(from_sqlite: Path) -> None:
    """145 incidents: evidence, labels, requests, results, scores."""
    lake = from_sqlite / "lake" / "tables"
    scores = pd.read_parquet(lake / "replay_scores")
    assert len(pd.read_parquet(from_sqlite / "evidence" / "tables" / "incident_evidence")) == 145
    assert len(pd.read_parquet(from_sqlite / "labels" / "tables" / "incident_labels")) == 145
    assert scores.groupby("candidate", observed=True).size().to_dict() == {
        "constant-baseline": 145,
        "rules-baseline": 145,
        "rules-baseline-agent": 145,
    }
    assert set(scores["outcome"]) == {"answered"}


def test_what_people_did_is_not_the_incumbent(from_sqlite: Path) -> None:
    """18 incidents have a coordinator's decision, and one was repaired by automation in words.

    "Target group reattached to load balancer by the daily pipeline" is what production did.
    """
    scores = pd.read_parquet(from_sqlite / "lake" / "tables" / "incumbent_scores")
    recorded = scores[scores["outcome"] == "recorded"]
    assert len(recorded) == 19
    by_automation = recorded[recorded["incident_id"] == "inc-660ae98e5141"]
    assert by_automation["action"].notna().all()
    assert scores[scores["outcome"] == "not_recorded"]["action"].isna().all()


def test_wrong_reasoning_of_the_recorded_agent_is_never_exported(
    from_sqlite: Path, real_data: Path
) -> None:
    """Most of its diagnoses were judged wrong, though the repair often passed."""
    sessions = [
        json.loads(line) for line in (real_data / "agent_sessions.jsonl").read_text().splitlines()
    ]
    wrong = {
        one["incident_id"]
        for one in sessions
        if one["agent_role"] == "coordinator"
        and (one["output_json"].get("judge") or {}).get("success") is False
    }
    exports = (from_sqlite / "lake" / "files" / "sft_export").rglob(
        "sft.alpaca.*.????????????????.jsonl"
    )
    rows = [json.loads(line) for path in exports for line in path.read_text().splitlines()]
    assert rows
    reasoned = {one["metadata"]["incident_id"] for one in rows if one["metadata"]["has_reasoning"]}
    assert not reasoned & wrong
