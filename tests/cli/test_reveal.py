"""`reveal`: placeholders and their values, from the raw evidence alone."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main
from replay_assets.cli.reveal import shown
from tests.conftest import BASELINES, SAMPLES

DAY = "2026-09-30"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one finished day."""
    home = tmp_path_factory.mktemp("reveal")
    (home / "data").mkdir()
    (home / "data" / "samples").symlink_to(SAMPLES)
    result = run(home, "backfill", "--from", DAY, "--to", DAY, "--candidate", "constant-baseline")
    assert result.exit_code == 0, result.output
    return home


def run(home: Path, *words: str, **changes: str) -> Result:
    """Run the program in a home."""
    environment = {
        "REPLAY_HOME": str(home),
        "DAGSTER_HOME": str(home / "data" / "dagster_home"),
        "REPLAY_CANDIDATES": str(BASELINES),
        **changes,
    }
    return CliRunner().invoke(main, list(words), env=environment)


def masked_incident(home: Path) -> tuple[str, list[str]]:
    """Return an incident of the day with its placeholders, as its audit lists them."""
    audit = home / f"data/lake/files/request_pack/date={DAY}/audit.json"
    for incident in json.loads(audit.read_text())["incidents"]:
        if incident["values"]:
            return incident["incident_id"], [one["placeholder"] for one in incident["values"]]
    raise AssertionError("nothing was masked on that day")


def test_every_placeholder_of_the_pack_is_revealed_in_order(home: Path) -> None:
    """The map is the same as when the pack was built."""
    incident, placeholders = masked_incident(home)
    result = run(home, "reveal", "--incident", incident)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.partition(" → ")[0] for line in lines] == placeholders
    evidence = "".join(
        line
        for line in (SAMPLES / "incident_evidence.jsonl").read_text().splitlines()
        if incident in line
    )
    messages = (SAMPLES / "session_messages.jsonl").read_text()
    assert any(line.partition(" → ")[2] in evidence + messages for line in lines)
    assert "careful" not in result.stderr


def test_the_map_is_never_stored(home: Path) -> None:
    """No value of it is in the lake, nor in Dagster's own files."""
    incident, _ = masked_incident(home)
    before = {path for path in home.rglob("*") if path.is_file()}
    result = run(home, "reveal", "--incident", incident, "--date", DAY)
    assert {path for path in home.rglob("*") if path.is_file()} == before
    values = [line.partition(" → ")[2] for line in result.stdout.splitlines()]
    kept = [home / "data" / "lake", home / "data" / "dagster_home"]
    written = b"".join(p.read_bytes() for root in kept for p in root.rglob("*") if p.is_file())
    assert values
    assert [value for value in values if value.encode() in written] == []


@pytest.mark.parametrize("words", [(), ("--date", "2026-10-01")], ids=["any_day", "another_day"])
def test_without_the_evidence_it_fails_and_names_the_folder(
    home: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """It does not guess, and exits with status 1."""
    incident, _ = masked_incident(home)
    result = run(
        home, "reveal", "--incident", incident, *words, REPLAY_EVIDENCE=str(tmp_path / "none")
    )
    assert result.exit_code == 1
    flat = " ".join(result.output.split())
    assert f"for incident '{incident}'" in flat
    assert "is never stored" in flat
    assert "REPLAY_EVIDENCE" in flat


def test_an_unknown_incident_and_an_invalid_day_are_rejected(home: Path) -> None:
    """Each message names the value that was given."""
    assert "'inc-none'" in run(home, "reveal", "--incident", "inc-none").output
    assert "not a valid date" in run(home, "reveal", "--incident", "x", "--date", "today").output


def test_it_warns_if_the_pack_is_gone_or_has_other_inputs(home: Path, tmp_path: Path) -> None:
    """Numbers of another map would name the wrong values."""
    incident, _ = masked_incident(home)
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n- {id: own.ticket, category: TICKET, pattern: 'TICKET-[0-9]{6}', "
        "example: TICKET-123456, unlike: TICKET-1}\n"
    )
    other = run(home, "reveal", "--incident", incident, REPLAY_RULES=str(rules))
    assert "built with other rules" in other.stderr
    lake = tmp_path / "lake"
    shutil.copytree(home / "data" / "lake", lake)
    shutil.rmtree(lake / "files" / "request_pack")
    gone = run(home, "reveal", "--incident", incident, REPLAY_LAKE=str(lake))
    assert "there is no pack" in gone.stderr


def test_a_value_can_not_control_the_terminal() -> None:
    """Anyone may have written the evidence."""
    assert shown("a\x1b[2J\n密碼") == "a\\x1b[2J\\n密碼"
